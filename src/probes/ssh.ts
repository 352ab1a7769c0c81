import { z } from "zod";
import { jsonOf } from "../dial/json.ts";
import type { Read } from "../dial/dialogue.ts";
import { family, host, port, secret, sourceAddress } from "../dial/options.ts";
import { evidenceOf, printable } from "../dial/outcome.ts";
import { type Session, openSession } from "../dial/session.ts";
import { KEY_TYPES } from "../wire/ssh-key.ts";
import { parsePrivateKey } from "../wire/ssh-private-key.ts";
import { PACKET_MAX } from "../wire/ssh.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";
import { type Ended, type Judged, judgeEnd, runCommand } from "./ssh-command.ts";
import { exchange, identify } from "./ssh-exchange.ts";
import { type Learnt, hostKeyOption, judgeHostKey, lacking, learntFrom, offerOf } from "./ssh-hostkey.ts";
import { login } from "./ssh-login.ts";
import { Transport, failed } from "./ssh-transport.ts";

/** Received in all, bytes: without and with a login. */
const KEY_MAX = 4 * PACKET_MAX;
const LOGIN_MAX = 1_048_576;

const privateKey = () =>
  secret().superRefine((text, ctx) => {
    const key = parsePrivateKey(text);
    if (key.kind === "bad") ctx.addIssue({ code: "custom", message: key.reason, params: { right: "make one for this check: ssh-keygen -t ed25519 -N '' -f KEY, and write privateKey: ${file:KEY}" } });
  });

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().default(22).describe("TCP port"),
  until: z.enum(["key", "identification"]).default("key").describe("How far the exchange goes: to the proven host key, or for very old servers to the identification line only").meta({ source: "RFC 4253, sections 4.2 and 8" }),
  hostKey: hostKeyOption(),
  keyType: z.enum(KEY_TYPES).nullable().default(null).describe("Type of host key to ask for: ed25519, ecdsa or rsa; by default that of hostKey, else the best the server has"),
  user: z.string().min(1).max(256).nullable().default(null).describe("User to log in as, with password, privateKey or both; hostKey must say which server is the right one").meta({ source: "RFC 4252" }),
  password: secret().nullable().default(null).describe("Password of the user, also for a server that asks for it (keyboard-interactive); sent only to a host key that is pinned or was seen before"),
  privateKey: privateKey().nullable().default(null).describe("Private key of the user without a passphrase, as OpenSSH or PEM text: ${file:KEY}; ed25519, ecdsa or rsa"),
  command: z.string().min(1).max(4096).nullable().default(null).describe("Command to run after the login; an exit status other than 0 is down, unless the check has a condition on exit").meta({ hostPower: true, source: "RFC 4254, section 6.5" }),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

/**
 * The host key is proven by the server's signature. An exchange of our own, the login too: it must be possible to stop before it, one deadline and
 * bounds hold for all of it, and the library for it (ssh2) brings seven packages, two of them only to compile (docs/decisions/ssh-client.md).
 */
export const ssh: Probe<Options> = {
  type: "ssh",
  about: "Makes the key exchange with an SSH server up to the proof of its host key, which can be pinned or learnt; on request logs in and runs a command",
  source: "RFC 4253, sections 4.2, 6, 7 and 8; RFC 8731 (curve25519-sha256), RFC 5656, RFC 8709, RFC 8332; RFC 4252, RFC 4256 and RFC 4254 for login and command",
  options,
  facts: {
    identification: { about: "The server's first line: SSH-2.0-OpenSSH_9.2p1 Debian-2" },
    software: { about: "Its software alone: OpenSSH_9.2p1" },
    fingerprint: { about: "SHA256:... of the host key; a condition on it pins the key as well" },
    hostKey: { about: "The host key, Base64" },
    hostKeyType: { about: "ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256, ..." },
    signature: { about: "Algorithm of the proof: ssh-ed25519, rsa-sha2-512, ..." },
    kex: { about: "Method of key exchange: curve25519-sha256, ..." },
    offered: { about: "What the server offers, lists: offered.kex, offered.hostKey, offered.ciphers, offered.macs" },
    login: { about: "How the login went: publickey, password, keyboard-interactive, or none where nothing was asked for" },
    methods: { about: "Ways to log in that the server offers" },
    exit: { number: true, about: "Exit status of the command; missing when the server told none" },
    line: { about: "First line that the command printed" },
    output: { about: "All that the command printed (64 KiB at most), for conditions only" },
    "output.json": { about: "The same read as JSON: output.json.memory.used" },
    address: { about: "The address that answered" },
  },
  leaves: ["exit"],
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  check,
  run,
};

function check({ until, hostKey, keyType, user, password, privateKey: key, command }: Options): ReturnType<NonNullable<Probe<Options>["check"]>> {
  if (until === "identification" && hostKey !== null) return { path: ["until"], wrong: "a host key cannot be seen without the key exchange", right: "leave out until, or hostKey" };
  const pins = hostKey === "learn" ? [] : (hostKey ?? []);
  const other = keyType === null ? undefined : pins.find(({ type }) => type !== null && type !== keyType);
  if (other !== undefined) return { path: ["keyType"], wrong: `the pinned key is of type ${other.type}`, right: `write keyType: ${other.type}, or leave it out` };
  if (user === null) {
    const without = password !== null ? "password" : key !== null ? "privateKey" : command !== null ? "command" : null;
    return without === null ? null : { path: [without], wrong: `\`${without}\` needs a login`, right: "write user, and password or privateKey" };
  }
  if (password === null && key === null) return { path: ["user"], wrong: "a login needs a password or a private key", right: "write password: ${env:NAME}, or privateKey: ${file:KEY}" };
  return hostKey === null ? { path: ["hostKey"], wrong: "a login must know which server is the right one", right: "write hostKey: SHA256:... as `ssh-keygen -l` prints it, or hostKey: learn" } : null;
}

/** One run: what it has come to. */
interface Visit {
  readonly session: Session;
  readonly transport: Transport;
  readonly chosen: Options;
  readonly ctx: ProbeContext;
  readonly learnt: Learnt;
  remember: Learnt | null;
  ended: Ended | null;
}

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, tls: null, totalMax: chosen.user === null ? KEY_MAX : LOGIN_MAX }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const visit: Visit = { session, transport: new Transport(session, ctx.random), chosen, ctx, learnt: learntFrom(ctx.remembered), remember: null, ended: null };
  const said = await converse(visit);
  session.dialogue.close();
  const { ended, remember } = visit;
  const kept = remember === null ? {} : { remember };
  // A wrong key is asked for once: who holds it gets no second chance.
  if (said.kind === "failed") return { ...session.failed(said.failure), ...kept, ...(said.failure.code === "mismatch" ? { final: true } : {}) };
  const { facts, ...judged } = said.value;
  const evidence = [...evidenceOf({ output: printable(ended?.output ?? ""), errors: printable(ended?.errors ?? "") }), ...session.evidence];
  const json = ended !== null && ctx.wants.has("output.json") ? jsonOf(ended.output) : undefined;
  const material = ended !== null && ctx.wants.has("output") ? { material: { output: ended.output, ...(json === undefined ? {} : { "output.json": json }) } } : {};
  return { ...judged, phases: session.phases, facts: { ...session.facts, ...facts }, ...material, evidence, ...kept };
}

const up = (sentence: string): Read<Judged> => ({ kind: "read", value: { verdict: "up", code: "ok", sentence, facts: {} } });

async function converse(visit: Visit): Promise<Read<Judged>> {
  const { session, transport, chosen } = visit;
  const line = await session.timed("identification", () => identify(session));
  if (line.kind === "failed") return line;
  const software = /^SSH-[^-]+-(\S*)/.exec(line.value)?.[1] ?? "";
  session.facts = { ...session.facts, identification: line.value, software };
  if (chosen.until === "key") return prove(visit, line.value);
  transport.leave();
  return up(`${session.peer} is ${software}`);
}

/** To the proven host key, and further where a login is wanted. */
async function prove(visit: Visit, server: string): Promise<Read<Judged>> {
  const { session, transport, chosen, ctx, learnt } = visit;
  const { hostKey, keyType, user, password } = chosen;
  const { peer } = session;
  const request = { server, offer: offerOf(hostKey, keyType, learnt), lacking: (offered: string) => lacking(hostKey, keyType, learnt, peer, offered), further: user !== null };
  const shown = await session.timed("kex", () => exchange(session, transport, ctx.random, request));
  if (shown.kind === "failed") return shown;
  const judged = judgeHostKey(hostKey, learnt, shown.value, peer);
  if (judged.kind === "wrong") {
    transport.leave();
    return { kind: "failed", failure: judged.failure };
  }
  if (judged.kind !== "any") visit.remember = judged.remember;
  const proved = `${peer} proved its host key ${shown.value.fingerprint}${judged.kind === "new" ? ", seen for the first time" : ""}`;
  // Whoever answered first may be anybody: a password is for a key that was there before.
  const waits = judged.kind === "new" && password !== null;
  if (user !== null && !waits) return enter(visit, user, () => login(transport, shown.value, { user, password, privateKey: chosen.privateKey }));
  transport.leave();
  return up(waits ? `${proved}; the password is for the next run` : proved);
}

async function enter(visit: Visit, user: string, act: () => ReturnType<typeof login>): Promise<Read<Judged>> {
  const { session, transport, chosen, ctx } = visit;
  const entered = await session.timed("login", act);
  if (entered.kind === "failed") return entered.failure.code === "timeout" ? failed("timeout", `${session.peer} did not come to an end of the login of ${user} in time`) : entered;
  const { method, methods } = entered.value;
  session.facts = { ...session.facts, login: method, methods };
  const { command } = chosen;
  if (command === null) {
    transport.leave();
    return up(`${session.peer} let ${user} in${method === "none" ? " without asking" : ` by ${method}`}`);
  }
  const ended = await session.timed("command", () => runCommand(transport, command));
  if (ended.kind === "failed") return ended;
  transport.leave();
  visit.ended = ended.value;
  return { kind: "read", value: judgeEnd(ended.value, ctx.wants.has("exit")) };
}
