import type { Failure } from "../sys/ports.ts";
import { type ImapPart, type ImapResponse, type ImapToken, imapString, literalLength, parseImapResponse } from "../wire/imap.ts";
import { type Read, TOTAL_MAX } from "./dialogue.ts";
import type { Security } from "./mail-options.ts";
import type { Session } from "./session.ts";

/** What a command came to: its tagged answer, and the data that came before it. */
export interface ImapDone {
  readonly answer: ImapResponse;
  readonly data: readonly ImapResponse[];
}

export interface ImapLogin {
  readonly user: string;
  readonly password: string;
}

/** Responses to one command: servers report other people's mails at any time, yet not without end. */
const RESPONSES_MAX = 1000;
/** Literals in one response. */
const LITERALS_MAX = 100;
const CAPABILITIES_MAX = 100;
/** RFC 5530, section 3: the server's own troubles, in answer to a login. */
const TROUBLES: ReadonlySet<string> = new Set(["UNAVAILABLE", "CONTACTADMIN", "SERVERBUG", "INUSE", "LIMIT"]);

const failed = (code: Failure["code"], sentence: string): Read<never> => ({ kind: "failed", failure: { code, sentence } });

/** An IMAP conversation over a session (RFC 9051, and RFC 3501 before it): one command at a time. */
export class ImapSession {
  readonly session: Session;
  banner = "";
  capabilities: readonly string[] = [];
  /** The server knows the user already, by other means than a login. */
  preauthenticated = false;
  #count = 0;
  /** What the server said when it said goodbye by itself. */
  #goodbye: string | null = null;
  #lost = false;

  constructor(session: Session) {
    this.session = session;
  }

  has(capability: string): boolean {
    return this.capabilities.includes(capability);
  }

  /** Sends one command, its literals each after the server's go-ahead, and reads up to its tagged answer. `shown` stands for it in the evidence. */
  async command(parts: readonly ImapPart[], shown?: string): Promise<Read<ImapDone>> {
    const { dialogue } = this.session;
    const tag = `a${++this.#count}`;
    const data: ImapResponse[] = [];
    const done = (answer: ImapResponse): Read<ImapDone> => ({ kind: "read", value: { answer, data } });
    let stand = shown === undefined ? undefined : `${tag} ${shown}\r\n`;
    let line = tag;
    for (const part of parts) {
      if (typeof part === "string") {
        line += ` ${part}`;
        continue;
      }
      dialogue.write(`${line} {${part.literal.length}}\r\n`, stand);
      const asked = await this.#until(tag, data, true);
      if (asked.kind === "failed") return asked;
      if (asked.value.tag === tag) return done(asked.value);
      stand = shown === undefined ? undefined : "…\r\n";
      dialogue.write(part.literal, shown === undefined ? undefined : "");
      line = "";
    }
    dialogue.write(`${line}\r\n`, stand);
    const answer = await this.#until(tag, data, false);
    return answer.kind === "failed" ? answer : done(answer.value);
  }

  /** As `command`; any other answer than OK is a failure that says so. */
  async demand(...parts: readonly ImapPart[]): Promise<Read<ImapDone>> {
    const done = await this.command(parts);
    if (done.kind === "failed" || done.value.answer.status === "OK") return done;
    const [first = ""] = parts;
    return failed("status", `${this.session.peer} refused ${typeof first === "string" ? first : "it"}: ${shownAnswer(done.value.answer)}`);
  }

  /** Leads the conversation to where folders can be opened: greeting, CAPABILITY, STARTTLS, login, as asked for. Phases greeting, hello, starttls, tls, login. */
  async begin(security: Security, login: ImapLogin | null): Promise<Failure | null> {
    const { session } = this;
    const greeted = await session.timed("greeting", () => this.#greeting());
    if (greeted !== null) return greeted;
    return (await session.timed("hello", () => this.#offers())) ?? (await this.#secure(security)) ?? (await this.#login(login));
  }

  /** LOGOUT where the server still listens. */
  async logout(): Promise<void> {
    const { session } = this;
    if (this.#lost || this.#goodbye !== null) return session.dialogue.close();
    const tag = `a${++this.#count}`;
    await session.leave(`${tag} LOGOUT\r\n`, () => this.#until(tag, [], false));
  }

  async #greeting(): Promise<Failure | null> {
    const read = await this.#response();
    if (read.kind === "failed") return read.failure;
    const { tag, status, text, code } = read.value;
    if (tag !== "*" || (status !== "OK" && status !== "PREAUTH" && status !== "BYE")) {
      this.#lost = true;
      return { code: "protocol", sentence: `${this.session.peer} does not greet as IMAP: ${shownAnswer(read.value)}` };
    }
    this.banner = text.slice(0, 512);
    if (status === "BYE") return { code: "status", sentence: `${this.session.peer} does not serve now: ${shownAnswer({ code, text })}` };
    this.preauthenticated = status === "PREAUTH";
    return null;
  }

  /** The next responses go to `data` until the tagged one, or a request to go on where one is due. */
  async #until(tag: string, data: ImapResponse[], mayGoOn: boolean): Promise<Read<ImapResponse>> {
    for (;;) {
      const read = await this.#response();
      if (read.kind === "failed") return this.#goodbye === null ? read : failed("status", `${this.session.peer} said goodbye: ${this.#goodbye}`);
      const { value } = read;
      if (value.tag === tag || (mayGoOn && value.tag === "+")) return read;
      this.#lost = value.tag !== "*" || data.length >= RESPONSES_MAX;
      if (value.tag !== "*") return failed("protocol", `${this.session.peer} answered \`${value.tag}\` where \`${tag}\` was due`);
      if (data.length >= RESPONSES_MAX) return failed("protocol", `${this.session.peer} sent more than ${RESPONSES_MAX} responses to one command`);
      if (value.status === "BYE") this.#goodbye = shownAnswer(value);
      data.push(value);
    }
  }

  async #response(): Promise<Read<ImapResponse>> {
    const { dialogue, peer } = this.session;
    this.#lost = true;
    const pieces: string[] = [];
    for (;;) {
      const line = await dialogue.line();
      if (line.kind === "failed") return line;
      pieces.push(line.value);
      const length = literalLength(line.value);
      if (length === null || (pieces.length === 1 && /^(\+|\S+ (OK|NO|BAD|BYE|PREAUTH))\b/i.test(line.value))) break;
      if (length > TOTAL_MAX || pieces.length > LITERALS_MAX * 2) return failed("too-large", `${peer} sent a response with a literal of ${length} bytes`);
      const literal = await dialogue.take(length);
      if (literal.kind === "failed") return literal;
      pieces.push(Buffer.from(literal.value).toString("latin1"));
    }
    const response = parseImapResponse(pieces);
    if (response === null) return failed("protocol", `${peer} sent no response of IMAP: ${(pieces[0] ?? "").slice(0, 80)}`);
    this.#lost = false;
    return { kind: "read", value: response };
  }

  async #offers(): Promise<Failure | null> {
    const done = await this.demand("CAPABILITY");
    if (done.kind === "failed") return done.failure;
    const listed = listedIn(done.value);
    if (listed === null) return { code: "protocol", sentence: `${this.session.peer} answered CAPABILITY without any` };
    this.capabilities = listed;
    if (this.capabilities.some((name) => name.startsWith("IMAP4"))) return null;
    return { code: "protocol", sentence: `${this.session.peer} offers neither IMAP4rev1 nor IMAP4rev2` };
  }

  async #secure(security: Security): Promise<Failure | null> {
    const { session } = this;
    const offered = this.has("STARTTLS");
    if (security.implicit !== null || security.starttls === "off" || (security.starttls === "optional" && !offered)) return null;
    // RFC 9051, section 6.2.1: after PREAUTH there is no way to TLS any more, and whoever sends it may be in the middle.
    if (this.preauthenticated) return { code: "protocol", sentence: `${session.peer} greets with PREAUTH, after which there is no STARTTLS` };
    if (!offered) return { code: "protocol", sentence: `${session.peer} offers no STARTTLS` };
    const asked = await session.timed("starttls", () => this.demand("STARTTLS"));
    if (asked.kind === "failed") return asked.failure;
    this.capabilities = [];
    const failure = await session.startTls(security.settings);
    // What was said goodbye to in plain may have been put there by others.
    this.#goodbye = null;
    return failure ?? session.timed("hello", () => this.#offers());
  }

  /** LOGIN; AUTHENTICATE PLAIN (RFC 4616, RFC 4959) where LOGIN is forbidden. */
  async #login(login: ImapLogin | null): Promise<Failure | null> {
    if (login === null || this.preauthenticated) return null;
    const { session } = this;
    const forbidden = this.has("LOGINDISABLED");
    if (forbidden && !(this.has("AUTH=PLAIN") && this.has("SASL-IR"))) return { code: "auth", sentence: `${session.peer} forbids logging in${session.secured ? "" : " without TLS"} (LOGINDISABLED)` };
    const { user, password } = login;
    const plain = Buffer.from(`\0${user}\0${password}`, "utf8").toString("base64");
    const done = await session.timed("login", () => (forbidden ? this.command([`AUTHENTICATE PLAIN ${plain}`], "AUTHENTICATE PLAIN …") : this.command(["LOGIN", imapString(user), imapString(password)], "LOGIN …")));
    if (done.kind === "failed") return done.failure;
    const { answer } = done.value;
    if (answer.status === "OK") {
      // Many servers offer more to those who have logged in, and say so right away.
      this.capabilities = listedIn(done.value) ?? this.capabilities;
      return null;
    }
    const word = (answer.code ?? "").split(" ")[0]?.toUpperCase() ?? "";
    return { code: TROUBLES.has(word) ? "status" : "auth", sentence: `${session.peer} refused the login of ${user}: ${shownAnswer(answer)}` };
  }
}

const namesOf = (tokens: readonly ImapToken[]): readonly string[] => tokens.slice(0, CAPABILITIES_MAX).flatMap((token) => (typeof token === "string" ? [token.toUpperCase().slice(0, 100)] : []));

/** Capabilities that a response lists, as data or in the code of the answer; null when none does. */
function listedIn({ answer, data }: ImapDone): readonly string[] | null {
  const lists = [...data.map(({ tokens }) => tokens), (answer.code ?? "").split(" ")];
  const listed = lists.find(([name]) => typeof name === "string" && name.toUpperCase() === "CAPABILITY");
  return listed === undefined ? null : namesOf(listed.slice(1));
}

/** `[AUTHENTICATIONFAILED] no such user`, short, for sentences. */
function shownAnswer({ code, text }: Pick<ImapResponse, "code" | "text">): string {
  return `${code === null ? "" : `[${code}] `}${text}`.slice(0, 200);
}
