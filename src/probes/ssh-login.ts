import { printable } from "../dial/outcome.ts";
import type { Read } from "../dial/dialogue.ts";
import { AUTH, decodeAuthFailure, decodeInfoRequest, encodeAnswers, encodeInteractive, encodeNone, encodePassword, encodePublicKey, encodeServiceRequest } from "../wire/ssh-auth.ts";
import { Opener, Sealer } from "../wire/ssh-cipher.ts";
import { parsePrivateKey } from "../wire/ssh-private-key.ts";
import { SSH } from "../wire/ssh.ts";
import type { Exchange } from "./ssh-exchange.ts";
import { PASSED, type Transport, failed } from "./ssh-transport.ts";

/** Questions in a row that a server may put. */
const QUESTIONS_MAX = 4;
/** RFC 4252, section 5.4. */
const PASSED_HERE: ReadonlySet<number> = new Set([...PASSED, AUTH.banner]);

export interface Credentials {
  readonly user: string;
  readonly password: string | null;
  /** PEM or OpenSSH's own form, checked while loading. */
  readonly privateKey: string | null;
}

type Method = "publickey" | "password" | "keyboard-interactive";

/** How somebody got in, and what the server offered. */
export interface LoggedIn {
  readonly method: Method | "none";
  readonly methods: readonly string[];
}

/** Takes the keys of an exchange into use (RFC 4253, section 7.3) and logs in (RFC 4252); methods that the server does not offer are not tried. */
export async function login(transport: Transport, { suites, ...agreed }: Exchange, credentials: Credentials): Promise<Read<LoggedIn>> {
  if (suites === null) throw new Error("an exchange without ciphers cannot go on");
  transport.send(Buffer.of(SSH.newKeys), "new keys");
  transport.seal(new Sealer(suites.to, agreed));
  const theirs = await transport.due([SSH.newKeys]);
  if (theirs.kind === "failed") return theirs;
  transport.open(new Opener(suites.from, agreed));
  transport.send(encodeServiceRequest(), "service request: ssh-userauth");
  const accepted = await transport.due([AUTH.serviceAccept]);
  return accepted.kind === "failed" ? accepted : authenticate(transport, agreed.hash, credentials);
}

async function authenticate(transport: Transport, session: Uint8Array, credentials: Credentials): Promise<Read<LoggedIn>> {
  const { user, password, privateKey } = credentials;
  const { peer } = transport;
  let left: readonly Method[] = [...(privateKey === null ? [] : (["publickey"] as const)), ...(password === null ? [] : (["password", "keyboard-interactive"] as const))];
  const tried: Method[] = [];
  let answer = await ask(transport, encodeNone(user), `log in as ${user}: which methods are there`);
  if (answer.kind === "failed") return answer;
  const offered = answer.value === "in" ? [] : answer.value.methods;
  while (answer.kind === "read" && answer.value !== "in") {
    const { methods } = answer.value;
    const method = left.find((one) => methods.includes(one));
    const listed = printable(methods.join(", ")).slice(0, 200) || "nothing more";
    if (method === undefined) return failed("auth", tried.length === 0 ? `${peer} does not let ${user} log in by ${left.join(" or ")}; it offers ${listed}` : `${peer} did not let ${user} in by ${tried.join(" and ")}`);
    tried.push(method);
    answer = await attempt(transport, method, session, credentials);
    // A password that was refused is not tried in another way: servers count.
    const refused = answer.kind === "read" && answer.value !== "in" && !answer.value.partial && method !== "publickey";
    left = left.filter((one) => one !== method && !(refused && one !== "publickey"));
  }
  if (answer.kind === "failed") return answer;
  return { kind: "read", value: { method: tried.at(-1) ?? "none", methods: offered } };
}

type Answer = "in" | ReturnType<typeof decodeAuthFailure>;

function attempt(transport: Transport, method: Method, session: Uint8Array, { user, password, privateKey }: Credentials): Promise<Read<Answer>> {
  const shown = `log in as ${user}: ${method}`;
  if (method === "password") return ask(transport, encodePassword(user, password ?? ""), shown);
  if (method === "keyboard-interactive") return converse(transport, user, password ?? "", shown);
  const key = parsePrivateKey(privateKey ?? "");
  if (key.kind === "bad") throw new Error("a private key that was checked while loading cannot be read");
  return ask(transport, encodePublicKey(user, key, session), shown);
}

async function ask(transport: Transport, request: Uint8Array, shown: string): Promise<Read<Answer>> {
  transport.send(request, shown);
  const answer = await transport.due([AUTH.success, AUTH.failure, AUTH.infoRequest], PASSED_HERE);
  if (answer.kind === "failed") return answer;
  // After a password this number means that it must be changed first (RFC 4252, section 8).
  if (answer.value[0] === AUTH.infoRequest) return failed("auth", `${transport.peer} wants the password changed before it lets anybody in`);
  return taken(answer.value);
}

function taken(payload: Uint8Array): Read<Answer> {
  return { kind: "read", value: payload[0] === AUTH.success ? "in" : decodeAuthFailure(payload) };
}

/** RFC 4256: the password answers the first prompt that hides what is typed, and no other. */
async function converse(transport: Transport, user: string, password: string, shown: string): Promise<Read<Answer>> {
  transport.send(encodeInteractive(user), shown);
  let given = false;
  for (let questions = 0; questions < QUESTIONS_MAX; questions++) {
    const answer = await transport.due([AUTH.success, AUTH.failure, AUTH.infoRequest], PASSED_HERE);
    if (answer.kind === "failed") return answer;
    if (answer.value[0] !== AUTH.infoRequest) return taken(answer.value);
    const prompts = decodeInfoRequest(answer.value);
    if (prompts === null) return failed("protocol", `${transport.peer} sent a question that is none`);
    const hidden: number = given ? -1 : prompts.findIndex(({ echo }) => !echo);
    if (prompts.length > 0 && hidden === -1) return failed("auth", `${transport.peer} asks for more than a password: ${printable(prompts[0]?.prompt ?? "").trim().slice(0, 80)}`);
    given ||= hidden !== -1;
    transport.send(encodeAnswers(prompts.map((_, at) => (at === hidden ? password : ""))), `answers to ${prompts.length} prompts`);
  }
  return failed("protocol", `${transport.peer} asked more than ${QUESTIONS_MAX} questions`);
}
