import { z } from "zod";
import type { Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { verdictOf } from "../dial/outcome.ts";
import { connectionFacts, credentials, endpoint, serviceOptions } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import { requestTls } from "../dial/starttls.ts";
import type { Failure } from "../sys/ports.ts";
import { AUTHENTICATION, type PostgresMessage, decodePostgres, encodePassword, encodeQuery, encodeSaslFirst, encodeSaslResponse, encodeStartup, encodeTerminate, md5Password, zeroEndedList } from "../wire/postgres.ts";
import { type ScramLogin, scramFinal, scramFirst, scramVerified } from "../wire/scram.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORT = 5432;
/** Who we are without credentials; the server asks for a password before it looks whether there is such a user. */
const NOBODY = "tocsin";

const options = z.strictObject({
  ...serviceOptions(),
  ...credentials(),
  database: z.string().min(1).max(63).nullable().default(null).describe("Database to open; by default the one that is called like the user"),
  query: z.string().min(1).max(4000).default("SELECT 1").describe("What is asked after the login; the first value of its answer is the fact `value`"),
});
type Options = z.output<typeof options>;

const MESSAGE_MAX = 60_000;
const MESSAGES_MAX = 500;
const VALUE_MAX = 512;
const SCRAM = "SCRAM-SHA-256";

/** A PostgreSQL server. An exchange of our own: drivers are pools that retry, and hide codes and phases; nine messages are enough. */
export const postgres: Probe<Options> = {
  type: "postgres",
  about: "Starts a session with a PostgreSQL server, under TLS if wanted, and with a login asks one query",
  source: "PostgreSQL documentation, Frontend/Backend Protocol: message flow and formats; RFC 7677 (SCRAM-SHA-256)",
  options,
  facts: {
    version: { about: "With a login: version of the server" },
    standby: { about: "With a login, since PostgreSQL 14: on or off, whether the server is a standby" },
    value: { about: "With a login: the first column of the first row, as text, at most 512 characters" },
    rows: { number: true, about: "With a login: rows of the answer" },
    sqlstate: { about: "Code of the server's error: 53300 for too many connections" },
    ...connectionFacts,
  },
  target: ({ host, port }) => endpoint(host, port ?? PORT),
  check({ user, password, database, query }) {
    if (user === null && password !== null) return { path: ["user"], wrong: "there is a password, but no user to log in as", right: "write both, or neither" };
    if (user === null && (database !== null || query !== "SELECT 1")) return { path: ["user"], wrong: "a database is opened and asked only after a login, and there is no user", right: "add user, and password: ${env:NAME}" };
    const name = (["user", "password", "database", "query"] as const).find((field) => { const value = { user, password, database, query }[field]; return value !== null && value.includes("\0"); });
    return name === undefined ? null : { path: [name], wrong: "a text for PostgreSQL ends at its first zero byte", right: "leave it out" };
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, port: chosen.port ?? PORT, tls: null }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const talk = new Talk(session, chosen, ctx);
  const failure = await talk.hold();
  if (talk.started) session.dialogue.write(encodeTerminate(), "Terminate\n");
  session.dialogue.close();
  const seen = { phases: session.phases, facts: { ...session.facts, ...talk.facts }, evidence: session.evidence };
  if (failure !== null) return { verdict: verdictOf(failure.code), ...failure, ...seen };
  return { verdict: "up", code: "ok", sentence: `${session.peer} ${talk.sentence}`, ...seen };
}

class Talk {
  readonly #session: Session;
  readonly #chosen: Options;
  readonly #ctx: ProbeContext;
  readonly facts: Record<string, Facts[string]> = {};
  sentence = "";
  started = false;
  #verifier = "";
  #nonce = "";

  constructor(session: Session, chosen: Options, ctx: ProbeContext) {
    this.#session = session;
    this.#chosen = chosen;
    this.#ctx = ctx;
  }

  async hold(): Promise<Failure | null> {
    const { tls, user, query } = this.#chosen;
    if (tls !== null) {
      const asked = await this.#session.timed("starttls", () => requestTls(this.#session.dialogue, "postgres", ""));
      const failure = asked.kind === "failed" ? asked.failure : await this.#session.startTls(tls);
      if (failure !== null) return failure;
    }
    const failure = await this.#session.timed("login", () => this.#login());
    if (failure !== null || user === null) return failure;
    this.sentence = `lets ${user} in and answers`;
    return this.#session.timed("query", () => this.#ask(query));
  }

  async #login(): Promise<Failure | null> {
    const { user, database } = this.#chosen;
    const name = user ?? NOBODY;
    this.#session.dialogue.write(encodeStartup(name, database ?? name), `StartupMessage user=${name} database=${database ?? name}\n`);
    for (let messages = 0; messages < MESSAGES_MAX; messages++) {
      const next = await this.#receive();
      if (next.kind === "failed") return next.failure;
      const { value } = next;
      if (value.kind === "error") return this.#refusal(value, "the session");
      if (value.kind === "bad") return { code: "protocol", sentence: `the server sent ${value.reason}` };
      this.started = true;
      if (value.kind === "parameter" && value.name === "server_version") this.facts["version"] = value.value;
      if (value.kind === "parameter" && value.name === "in_hot_standby") this.facts["standby"] = value.value;
      if (value.kind === "ready") {
        this.sentence = "lets everybody in and is ready";
        return null;
      }
      if (value.kind !== "authentication" || value.method === AUTHENTICATION.ok) continue;
      if (user === null) {
        this.sentence = "is ready for logins";
        return null;
      }
      const failure = await this.#authenticate(value.method, value.data, user);
      if (failure !== null) return failure;
    }
    return { code: "too-large", sentence: `the server sent more than ${MESSAGES_MAX} messages` };
  }

  async #authenticate(method: number, data: Uint8Array, user: string): Promise<Failure | null> {
    const { password } = this.#chosen;
    const { dialogue, secured } = this.#session;
    if (password === null) return { code: "auth", sentence: `the server wants a password for ${user}, and none is given` };
    switch (method) {
      case AUTHENTICATION.cleartext:
        if (!secured) return { code: "auth", sentence: "the server wants the password in clear, and that is sent only under TLS" };
        dialogue.write(encodePassword(password), "PasswordMessage …\n");
        return null;
      case AUTHENTICATION.md5:
        dialogue.write(encodePassword(md5Password(user, password, data)), "PasswordMessage (MD5) …\n");
        return null;
      case AUTHENTICATION.sasl:
        if (!zeroEndedList(data).includes(SCRAM)) return { code: "auth", sentence: `the server takes none but ${zeroEndedList(data).join(", ").slice(0, 80)}` };
        this.#nonce = Buffer.from(this.#ctx.random.bytes(18)).toString("base64");
        dialogue.write(encodeSaslFirst(SCRAM, scramFirst(this.#scram(password))), `SASLInitialResponse ${SCRAM}\n`);
        return null;
      case AUTHENTICATION.saslContinue: {
        const final = this.#nonce === "" ? { kind: "bad" as const, reason: "it goes on with a login that was not begun" } : await scramFinal(this.#scram(password), Buffer.from(data).toString());
        if (final.kind === "bad") return { code: "protocol", sentence: `the server cannot be logged in to: ${final.reason}` };
        this.#verifier = final.verifier;
        dialogue.write(encodeSaslResponse(final.message), "SASLResponse …\n");
        return null;
      }
      case AUTHENTICATION.saslFinal:
        return this.#verifier !== "" && scramVerified(this.#verifier, Buffer.from(data).toString()) ? null : { code: "auth", sentence: "the server could not prove that it knows the password" };
      default:
        return { code: "auth", sentence: `the server wants a kind of login that is not known here (${method})` };
    }
  }

  #scram(password: string): ScramLogin {
    return { hash: "sha256", user: "", password, nonce: this.#nonce };
  }

  async #ask(query: string): Promise<Failure | null> {
    this.#session.dialogue.write(encodeQuery(query), `Query ${query}\n`);
    let rows = 0;
    let failure: Failure | null = null;
    for (;;) {
      const next = await this.#receive();
      if (next.kind === "failed") return next.failure;
      const { value } = next;
      if (value.kind === "bad") return { code: "protocol", sentence: `the server sent ${value.reason}` };
      if (value.kind === "error") {
        failure ??= this.#refusal(value, "the query");
        if (value.severity !== "ERROR") return failure;
      }
      if (value.kind === "row" && rows++ === 0) this.facts["value"] = value.columns[0]?.slice(0, VALUE_MAX) ?? null;
      if (value.kind !== "ready") continue;
      this.facts["rows"] = rows;
      return failure;
    }
  }

  /** Class 28: who asks. 3D000: there is no such database; without a login both only say that the server lives. */
  #refusal({ code, text }: { readonly code: string; readonly text: string }, what: string): Failure | null {
    this.facts["sqlstate"] = code;
    const identity = code.startsWith("28");
    if (this.#chosen.user === null && (identity || code === "3D000")) {
      this.sentence = "is there, and lets in nobody from here";
      return null;
    }
    return { code: identity ? "auth" : "status", sentence: `the server refused ${what}: ${text.slice(0, 200)} (${code})` };
  }

  async #receive(): Promise<Read<PostgresMessage>> {
    const head = await this.#session.dialogue.take(5);
    if (head.kind === "failed") return head;
    const letter = String.fromCharCode(head.value[0] ?? 0);
    const length = Buffer.from(head.value).readUInt32BE(1);
    const known = this.started ? /[A-Za-z123]/ : /[REvN]/;
    if (!known.test(letter) || length < 4) return { kind: "failed", failure: { code: "protocol", sentence: "the server does not speak the protocol of PostgreSQL" } };
    if (length > MESSAGE_MAX) return { kind: "failed", failure: { code: "too-large", sentence: `the server announces a message of ${length} bytes` } };
    const body = await this.#session.dialogue.take(length - 4);
    return body.kind === "failed" ? body : { kind: "read", value: decodePostgres(letter, body.value) };
  }
}
