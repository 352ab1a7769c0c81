import { z } from "zod";
import type { Read } from "../dial/dialogue.ts";
import { family, host, port, secret, sourceAddress } from "../dial/options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { METHOD, decodeReply, encodeConnect, encodeLogin, encodeMethods, replyLength, replyName } from "../wire/socks5.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

interface Target {
  readonly host: string;
  readonly port: number;
}

const target = () =>
  z.string().transform((text, ctx): Target => {
    const [, six, name = "", digits = ""] = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]{1,253})):(\d{1,5})$/i.exec(text.trim()) ?? [];
    const number = Number(digits);
    if (number >= 1 && number <= 65535) return { host: six ?? name, port: number };
    ctx.addIssue({ code: "custom", message: `\`${text}\` is no host with a port`, params: { right: "write shop.example.com:443, 192.0.2.1:80 or [2001:db8::1]:443" } });
    return z.NEVER;
  });

const bytesOf = (text: string): number => Buffer.byteLength(text);
const LOGIN_MAX = 255;

const options = z.strictObject({
  host: host().describe("Host name or address of the proxy"),
  port: port().default(1080).describe("TCP port"),
  user: z.string().min(1).nullable().default(null).describe("User name to log in with; without it the proxy must take everybody").meta({ source: "RFC 1929" }),
  password: secret().nullable().default(null).describe("Password of that name; SOCKS sends it in clear"),
  connect: target().nullable().default(null).describe("Where the proxy must be able to connect to: shop.example.com:443; it resolves the name itself").meta({ source: "RFC 1928, section 4" }),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

/** The proxy chooses our method, takes the login and if wanted connects. An exchange of our own: six bytes at least, and a library hides which of them failed. */
export const socks5: Probe<Options> = {
  type: "socks5",
  about: "Greets a SOCKS 5 proxy, logs in if wanted, and if wanted has it connect to somewhere",
  source: "RFC 1928, sections 3, 4 and 6; RFC 1929",
  options,
  facts: {
    method: { about: "The method that the proxy chose: none or password" },
    reply: { number: true, about: "With `connect`: the proxy's reply code, 0 for success; a condition on it decides instead of success" },
    replyName: { about: "Its meaning: succeeded, connection refused, host unreachable, ..." },
    bound: { about: "With `connect`: where the proxy says it connects from" },
    address: { about: "The address that answered" },
  },
  leaves: ["reply", "replyName"],
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  check({ user, password }) {
    if (user !== null && password === null) return { path: ["password"], wrong: "there is a user, but no password", right: "add password: ${env:NAME}" };
    if (user === null && password !== null) return { path: ["user"], wrong: "there is a password, but no user", right: "add user: NAME" };
    if (bytesOf(user ?? "") > LOGIN_MAX) return { path: ["user"], wrong: `the name has more than ${LOGIN_MAX} bytes`, right: "SOCKS has no room for more" };
    if (bytesOf(password ?? "") > LOGIN_MAX) return { path: ["password"], wrong: `the password has more than ${LOGIN_MAX} bytes`, right: "SOCKS has no room for more" };
    return null;
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, tls: null }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const said = await converse(session, chosen, ctx);
  session.dialogue.close();
  if (said.kind === "failed") return session.failed(said.failure);
  return { verdict: "up", code: "ok", sentence: said.value, phases: session.phases, facts: session.facts, evidence: session.evidence };
}

const failed = (code: Failure["code"], sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code, sentence } });

/** The sentence of a run that went well. */
async function converse(session: Session, chosen: Options, ctx: ProbeContext): Promise<Read<string>> {
  const { user, password, connect } = chosen;
  const login = user === null || password === null ? null : { user, password };
  const method = await session.timed("method", () => negotiate(session, login === null ? METHOD.none : METHOD.password));
  if (method.kind === "failed") return method;
  if (login !== null) {
    const letIn = await session.timed("login", () => logIn(session, login));
    if (letIn.kind === "failed") return letIn;
  }
  if (connect !== null) return session.timed("through", () => reach(session, connect, ctx));
  return { kind: "read", value: login === null ? `${session.peer} is a SOCKS 5 proxy without login` : `${session.peer} let ${login.user} in` };
}

async function negotiate(session: Session, method: number): Promise<Read<null>> {
  const { dialogue, peer } = session;
  const name = method === METHOD.none ? "none" : "password";
  dialogue.write(encodeMethods([method]), `method: ${name}\n`);
  const answer = await dialogue.take(2);
  if (answer.kind === "failed") return answer;
  const [version, chosen] = answer.value;
  if (version !== 5) return failed("protocol", `${peer} does not answer as SOCKS 5`);
  if (chosen === METHOD.refused) return failed("auth", method === METHOD.none ? `${peer} takes nobody without login` : `${peer} takes no user name and password`);
  if (chosen !== method) return failed("protocol", `${peer} chose method ${chosen}, but only ${method} was offered`);
  session.facts = { ...session.facts, method: name };
  return { kind: "read", value: null };
}

async function logIn({ dialogue, peer }: Session, { user, password }: { readonly user: string; readonly password: string }): Promise<Read<null>> {
  dialogue.write(encodeLogin(user, password), `login of ${user}\n`);
  const answer = await dialogue.take(2);
  if (answer.kind === "failed") return answer;
  const [version, status] = answer.value;
  // Some servers write 5 where RFC 1929 wants 1.
  if (version !== 1 && version !== 5) return failed("protocol", `${peer} answered the login with version ${version}`);
  return status === 0 ? { kind: "read", value: null } : failed("auth", `${peer} refused the login of ${user} (status ${status})`);
}

async function reach(session: Session, { host, port }: Target, ctx: ProbeContext): Promise<Read<string>> {
  const { dialogue, peer } = session;
  const where = `${host} port ${port}`;
  dialogue.write(encodeConnect(host, port), `connect to ${where}\n`);
  const head = await dialogue.take(5);
  if (head.kind === "failed") return head;
  const length = replyLength(head.value);
  if (length === null) return failed("protocol", `${peer} sent no SOCKS reply`);
  const rest = await dialogue.take(length - head.value.length);
  if (rest.kind === "failed") return rest;
  const reply = decodeReply(Buffer.concat([head.value, rest.value]));
  if (reply === null) return failed("protocol", `${peer} sent no SOCKS reply`);
  const name = replyName(reply.code);
  session.facts = { ...session.facts, reply: reply.code, replyName: name, bound: reply.bound };
  if (reply.code === 0) return { kind: "read", value: `${peer} connects to ${where}` };
  return ctx.wants.has("reply") || ctx.wants.has("replyName") ? { kind: "read", value: `${peer} answers for ${where}: ${name}` } : failed("status", `${peer} did not connect to ${where}: ${name} (${reply.code})`);
}
