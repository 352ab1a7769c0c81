import type { Failure } from "../sys/ports.ts";
import { type NntpReply, parseNntpReply } from "../wire/nntp.ts";
import { unstuffedLine } from "../wire/pop3.ts";
import type { Read } from "./dialogue.ts";
import type { Security } from "./mail-options.ts";
import type { Session } from "./session.ts";

const CAPABILITIES_MAX = 100;

const failed = (code: Failure["code"], sentence: string): Read<never> => ({ kind: "failed", failure: { code, sentence } });
/** RFC 3977, section 3.2.1; RFC 4643: 480 wants a login, 481 is a wrong one, 482 one out of order, 483 wants TLS first. */
const REFUSALS: ReadonlySet<number> = new Set([480, 481, 482, 483]);

export interface NntpRequest {
  readonly security: Security;
  readonly login: { readonly user: string; readonly password: string } | null;
  /** Whether news are to be read, and not passed on: a server that does both must be told. */
  readonly reading: boolean;
}

/** An NNTP conversation over a session (RFC 3977). */
export class NntpSession {
  readonly session: Session;
  banner = "";
  /** Null before the greeting. */
  posting: boolean | null = null;
  capabilities: readonly string[] = [];
  /** Nothing sensible came, or nothing at all: no farewell is due. */
  #lost = false;

  constructor(session: Session) {
    this.session = session;
  }

  /** Sends one command and reads the first line of its answer; `shown` stands for it in the evidence. */
  async command(text: string, shown?: string): Promise<Read<NntpReply>> {
    this.session.dialogue.write(`${text}\r\n`, shown === undefined ? undefined : `${shown}\r\n`);
    return this.#reply();
  }

  /** What it means that the server did not do what was asked. */
  refusal(what: string, { code, text }: NntpReply): Failure {
    return { code: REFUSALS.has(code) ? "auth" : "status", sentence: `${this.session.peer} refused ${what}: ${code} ${text.slice(0, 200)}`.trimEnd() };
  }

  /** Leads the conversation to where groups can be asked for: greeting, CAPABILITIES, MODE READER, STARTTLS, AUTHINFO, as asked for. Phases greeting, hello, starttls, tls, login. */
  async begin({ security, login, reading }: NntpRequest): Promise<Failure | null> {
    const { session } = this;
    return (await session.timed("greeting", () => this.#greeting())) ?? (await session.timed("hello", () => this.#hello(reading))) ?? (await this.#secure(security)) ?? this.#login(login);
  }

  /** QUIT where the server still listens. */
  async quit(): Promise<void> {
    if (this.#lost) this.session.dialogue.close();
    else await this.session.leave("QUIT\r\n", () => this.#reply());
  }

  async #reply(): Promise<Read<NntpReply>> {
    this.#lost = true;
    const line = await this.session.dialogue.line();
    if (line.kind === "failed") return line;
    const reply = parseNntpReply(line.value);
    if (reply === null) return failed("protocol", `${this.session.peer} sent no answer of NNTP: ${line.value.slice(0, 80)}`);
    // 400 at any time: the server ends the connection (RFC 3977, section 3.2.1).
    this.#lost = reply.code === 400;
    return { kind: "read", value: reply };
  }

  /** Section 5.1: 200 and 201 both serve; the second takes no articles. */
  async #greeting(): Promise<Failure | null> {
    const greeted = await this.#reply();
    if (greeted.kind === "failed") return greeted.failure;
    const { code, text } = greeted.value;
    const said = `${code} ${text.slice(0, 200)}`.trimEnd();
    if (code === 200 || code === 201) {
      this.banner = text.slice(0, 512);
      this.posting = code === 200;
      return null;
    }
    this.#lost = true;
    if (code === 400 || code === 502) return { code: "status", sentence: `${this.session.peer} does not serve ${code === 400 ? "now" : "this machine"}: ${said}` };
    return { code: "protocol", sentence: `${this.session.peer} does not greet as an NNTP server: ${said}` };
  }

  /** MODE READER comes before TLS and login, which it would undo (RFC 4642, section 2.2). */
  async #hello(reading: boolean): Promise<Failure | null> {
    const failure = await this.#offers();
    if (failure !== null || !reading || !this.#offered("MODE-READER") || this.#offered("READER")) return failure;
    const said = await this.command("MODE READER");
    if (said.kind === "failed") return said.failure;
    if (said.value.code !== 200 && said.value.code !== 201) return this.refusal("MODE READER", said.value);
    this.posting = said.value.code === 200;
    return this.#offers();
  }

  #offered(name: string): boolean {
    return this.capabilities.some((line) => line.toUpperCase() === name);
  }

  /** Section 5.2; servers older than RFC 3977 do not know it. */
  async #offers(): Promise<Failure | null> {
    this.capabilities = [];
    const said = await this.command("CAPABILITIES");
    if (said.kind === "failed") return said.failure;
    if (said.value.code === 400) return this.refusal("CAPABILITIES", said.value);
    if (said.value.code !== 101) return null;
    const lines: string[] = [];
    this.#lost = true;
    while (lines.length <= CAPABILITIES_MAX) {
      const read = await this.session.dialogue.line();
      if (read.kind === "failed") return read.failure;
      const line = unstuffedLine(read.value);
      if (line === null) {
        this.#lost = false;
        this.capabilities = lines;
        return null;
      }
      lines.push(line.trim().slice(0, 100));
    }
    return { code: "protocol", sentence: `${this.session.peer} listed more than ${CAPABILITIES_MAX} capabilities` };
  }

  async #secure({ implicit, starttls, settings }: Security): Promise<Failure | null> {
    const { session, capabilities } = this;
    const offered = this.#offered("STARTTLS");
    if (implicit !== null || starttls === "off" || (starttls === "optional" && !offered)) return null;
    // A server that lists nothing may know it all the same.
    if (!offered && capabilities.length > 0) return { code: "protocol", sentence: `${session.peer} offers no STARTTLS` };
    const asked = await session.timed("starttls", () => this.command("STARTTLS"));
    if (asked.kind === "failed") return asked.failure;
    if (asked.value.code !== 382) return this.refusal("STARTTLS", asked.value);
    // RFC 4642, section 2.2.2: what was offered before is forgotten.
    return (await session.startTls(settings)) ?? session.timed("hello", () => this.#offers());
  }

  /** RFC 4643, section 2.3: 381 asks for the password, 281 lets in. */
  async #login(login: NntpRequest["login"]): Promise<Failure | null> {
    if (login === null) return null;
    const { user, password } = login;
    const said = await this.session.timed("login", async () => {
      const named = await this.command(`AUTHINFO USER ${user}`);
      return named.kind === "failed" || named.value.code !== 381 ? named : this.command(`AUTHINFO PASS ${password}`, "AUTHINFO PASS …");
    });
    if (said.kind === "failed") return said.failure;
    return said.value.code === 281 ? null : this.refusal(`the login of ${user}`, said.value);
  }
}
