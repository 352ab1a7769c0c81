import type { Duplex } from "node:stream";
import type { Failure } from "../sys/ports.ts";
import { type SmtpReply, addReplyLine, capabilitiesOf, shownReply } from "../wire/smtp.ts";
import type { Read } from "./dialogue.ts";
import type { Security } from "./mail-options.ts";
import type { Session } from "./session.ts";
import { localEnd } from "./stream.ts";

export interface SmtpGreeting {
  readonly security: Security;
  /** Null: the connection's own address in brackets. */
  readonly helo: string | null;
  readonly lmtp: boolean;
  readonly login: { readonly user: string; readonly password: string } | null;
}

const CAPABILITIES_MAX = 50;

/** An SMTP or LMTP conversation over a session: one command, one whole reply. */
export class SmtpSession {
  readonly session: Session;
  banner = "";
  capabilities: ReadonlyMap<string, string> = new Map();
  /** Whether STARTTLS was offered before TLS began. */
  offersTls = false;
  /** The last whole reply that was read. */
  last: SmtpReply | null = null;
  /** Nothing sensible came, or nothing at all: no farewell is due. */
  #lost = false;

  constructor(session: Session) {
    this.session = session;
  }

  /** Sends one command and reads its reply; `shown` stands for it in the evidence. */
  async command(text: string, shown?: string): Promise<Read<SmtpReply>> {
    this.session.dialogue.write(`${text}\r\n`, shown === undefined ? undefined : `${shown}\r\n`);
    return this.reply();
  }

  /** The next whole reply (RFC 5321, section 4.2.1). A 421 is one to any command: the server is shutting down (section 3.8). */
  async reply(): Promise<Read<SmtpReply>> {
    let soFar: SmtpReply | null = null;
    for (;;) {
      const line = await this.session.dialogue.line();
      this.#lost = true;
      if (line.kind === "failed") return line;
      const added = addReplyLine(soFar, line.value);
      if (added.kind === "wrong") return failed("protocol", `${this.session.peer} sent ${added.reason}`);
      if (added.kind === "whole") {
        this.last = added.reply;
        this.#lost = false;
        return { kind: "read", value: added.reply };
      }
      soFar = added.reply;
    }
  }

  /** Facts of the conversation so far. */
  get facts(): { readonly [name: string]: string | number | boolean | readonly string[] } {
    const { last, banner } = this;
    const capabilities = [...this.capabilities].slice(0, CAPABILITIES_MAX).map(([name, parameters]) => `${name} ${parameters}`.trim().slice(0, 100));
    return {
      ...(banner === "" ? {} : { banner, capabilities, starttls: this.offersTls }),
      ...(last === null ? {} : { code: last.code, ...(last.enhanced === null ? {} : { enhanced: last.enhanced }) }),
    };
  }

  /** Leads the conversation to where mail can be handed over: greeting, EHLO, STARTTLS, login, as asked for. Phases greeting, hello, starttls, tls, login. */
  async begin(greeting: SmtpGreeting): Promise<Failure | null> {
    const { session } = this;
    const greeted = await session.timed("greeting", () => this.reply());
    if (greeted.kind === "failed") return greeted.failure;
    this.banner = greeted.value.lines.join("\n").slice(0, 512);
    if (greeted.value.code !== 220) return { code: "status", sentence: `${session.peer} does not serve now: ${shownReply(greeted.value)}` };
    const name = greeting.helo ?? ownLiteral(session.dialogue.socket);
    return (await session.timed("hello", () => this.#hello(name, greeting.lmtp))) ?? (await this.#secure(greeting, name)) ?? (await this.#login(greeting));
  }

  /** QUIT where the server still listens; `last` stays the reply before. */
  async quit(): Promise<void> {
    if (this.#lost) return this.session.dialogue.close();
    const { last } = this;
    await this.session.leave("QUIT\r\n", () => this.reply());
    this.last = last;
  }

  /** EHLO, or HELO for a server that does not know it (RFC 5321, section 3.2). */
  async #hello(name: string, lmtp: boolean): Promise<Failure | null> {
    let said = await this.command(`${lmtp ? "LHLO" : "EHLO"} ${name}`);
    if (said.kind === "read" && !lmtp && [500, 501, 502, 504].includes(said.value.code)) {
      this.capabilities = new Map();
      said = await this.command(`HELO ${name}`);
      return said.kind === "failed" ? said.failure : this.#refusal("HELO", said.value);
    }
    if (said.kind === "failed") return said.failure;
    this.capabilities = capabilitiesOf(said.value);
    return this.#refusal(lmtp ? "LHLO" : "EHLO", said.value);
  }

  async #secure({ security, lmtp }: SmtpGreeting, name: string): Promise<Failure | null> {
    const { session } = this;
    this.offersTls = this.capabilities.has("STARTTLS");
    if (security.implicit !== null || security.starttls === "off" || (security.starttls === "optional" && !this.offersTls)) return null;
    if (!this.offersTls) return { code: "protocol", sentence: `${session.peer} offers no STARTTLS` };
    const asked = await session.timed("starttls", () => this.command("STARTTLS"));
    if (asked.kind === "failed") return asked.failure;
    if (asked.value.code !== 220) return { code: "status", sentence: `${session.peer} refused STARTTLS: ${shownReply(asked.value)}` };
    const failure = await session.startTls(security.settings);
    if (failure !== null) return failure;
    // RFC 3207, section 4.2: what was offered before is forgotten.
    this.capabilities = new Map();
    return session.timed("hello", () => this.#hello(name, lmtp));
  }

  /** RFC 4954; PLAIN (RFC 4616) where it is offered, or LOGIN. */
  async #login({ login }: SmtpGreeting): Promise<Failure | null> {
    if (login === null) return null;
    const methods = (this.capabilities.get("AUTH") ?? "").toUpperCase().split(/\s+/);
    const method = ["PLAIN", "LOGIN"].find((known) => methods.includes(known));
    if (method === undefined) {
      const offers = methods.join(" ") === "" ? "no login" : `no login by PLAIN or LOGIN but by ${methods.join(", ").slice(0, 100)}`;
      return { code: "auth", sentence: `${this.session.peer} offers ${offers}` };
    }
    const said = await this.session.timed("login", () => (method === "PLAIN" ? this.#plain(login) : this.#loginMethod(login)));
    if (said.kind === "failed") return said.failure;
    // 421 and 454 tell of the server's own trouble, not of this user.
    return said.value.code === 235 ? null : { code: said.value.code < 500 ? "status" : "auth", sentence: `${this.session.peer} refused the login of ${login.user}: ${shownReply(said.value)}` };
  }

  #plain({ user, password }: { readonly user: string; readonly password: string }): Promise<Read<SmtpReply>> {
    return this.command(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`, "AUTH PLAIN …");
  }

  async #loginMethod({ user, password }: { readonly user: string; readonly password: string }): Promise<Read<SmtpReply>> {
    const asked = await this.command("AUTH LOGIN");
    if (asked.kind === "failed" || asked.value.code !== 334) return asked;
    const named = await this.command(base64(user));
    if (named.kind === "failed" || named.value.code !== 334) return named;
    return this.command(base64(password), "…");
  }

  #refusal(what: string, reply: SmtpReply): Failure | null {
    return reply.code === 250 ? null : { code: "status", sentence: `${this.session.peer} refused ${what}: ${shownReply(reply)}` };
  }
}

const failed = (code: Failure["code"], sentence: string): Read<never> => ({ kind: "failed", failure: { code, sentence } });

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

/** This side's address as RFC 5321, section 4.1.3, writes it. */
function ownLiteral(socket: Duplex): string {
  const address = localEnd(socket)?.ip;
  if (address === undefined) return "tocsin.invalid";
  return address.includes(":") ? `[IPv6:${address.replace(/%.*/, "")}]` : `[${address}]`;
}
