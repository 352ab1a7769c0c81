import type { Failure } from "../sys/ports.ts";
import { type Pop3Status, apopDigest, apopTimestamp, parsePop3Status, unstuffedLine } from "../wire/pop3.ts";
import type { Read } from "./dialogue.ts";
import type { Security } from "./mail-options.ts";
import type { Session } from "./session.ts";

export interface Pop3Login {
  readonly user: string;
  readonly password: string;
  readonly apop: boolean;
}

const CAPABILITIES_MAX = 100;
/** The mailbox is used by somebody else, or this user comes too often: the server serves (RFC 2449, section 8.1). */
const BUSY: ReadonlySet<string> = new Set(["IN-USE", "LOGIN-DELAY"]);

const failed = (code: Failure["code"], sentence: string): Read<never> => ({ kind: "failed", failure: { code, sentence } });

/** A POP3 conversation over a session (RFC 1939). */
export class Pop3Session {
  readonly session: Session;
  banner = "";
  capabilities: readonly string[] = [];
  /** The login was put off because the mailbox is in use, or because this user comes too often. */
  busy = false;
  /** Nothing sensible came, or nothing at all: no farewell is due. */
  #lost = false;

  constructor(session: Session) {
    this.session = session;
  }

  /** Sends one command and reads the first line of its answer; `shown` stands for it in the evidence. */
  async command(text: string, shown?: string): Promise<Read<Pop3Status>> {
    this.session.dialogue.write(`${text}\r\n`, shown === undefined ? undefined : `${shown}\r\n`);
    return this.#status();
  }

  /** As `command`; anything but +OK is a failure that says so. */
  async demand(text: string): Promise<Read<Pop3Status>> {
    const said = await this.command(text);
    if (said.kind === "failed" || said.value.ok) return said;
    return failed("status", `${this.session.peer} refused ${text.split(" ")[0]}: ${said.value.text.slice(0, 200)}`);
  }

  /** The lines that follow a +OK, up to the lone dot (RFC 1939, section 3), so many at most. */
  async lines(most: number): Promise<Read<readonly string[]>> {
    const lines: string[] = [];
    this.#lost = true;
    while (lines.length <= most) {
      const read = await this.session.dialogue.line();
      if (read.kind === "failed") return read;
      const line = unstuffedLine(read.value);
      if (line === null) {
        this.#lost = false;
        return { kind: "read", value: lines };
      }
      lines.push(line);
    }
    return failed("protocol", `${this.session.peer} sent an answer of more than ${most} lines`);
  }

  /** Leads the conversation to where the mailbox is open: greeting, CAPA, STLS, login, as asked for. Phases greeting, hello, starttls, tls, login. */
  async begin(security: Security, login: Pop3Login | null): Promise<Failure | null> {
    const { session } = this;
    const greeted = await session.timed("greeting", () => this.#status());
    if (greeted.kind === "failed") return greeted.failure;
    this.banner = greeted.value.text.slice(0, 512);
    if (!greeted.value.ok) return { code: "status", sentence: `${session.peer} does not serve now: ${greeted.value.text.slice(0, 200)}` };
    return (await session.timed("hello", () => this.#offers())) ?? (await this.#secure(security)) ?? (await this.#login(login));
  }

  /** QUIT where the server still listens; what it says, when it was well enough to say something. */
  async quit(): Promise<Pop3Status | null> {
    if (this.#lost) {
      this.session.dialogue.close();
      return null;
    }
    let said: Read<Pop3Status> | null = null;
    await this.session.leave("QUIT\r\n", async () => (said = await this.#status()));
    return this.#told(said);
  }

  #told(said: Read<Pop3Status> | null): Pop3Status | null {
    return said?.kind === "read" ? said.value : null;
  }

  async #status(): Promise<Read<Pop3Status>> {
    this.#lost = true;
    const line = await this.session.dialogue.line();
    if (line.kind === "failed") return line;
    const status = parsePop3Status(line.value);
    if (status === null) return failed("protocol", `${this.session.peer} sent no answer of POP3: ${line.value.slice(0, 80)}`);
    this.#lost = false;
    return { kind: "read", value: status };
  }

  /** CAPA (RFC 2449) is optional. */
  async #offers(): Promise<Failure | null> {
    this.capabilities = [];
    const said = await this.command("CAPA");
    if (said.kind === "failed") return said.failure;
    if (!said.value.ok) return null;
    const listed = await this.lines(CAPABILITIES_MAX);
    if (listed.kind === "failed") return listed.failure;
    this.capabilities = listed.value.map((line) => line.trim().slice(0, 100));
    return null;
  }

  async #secure(security: Security): Promise<Failure | null> {
    const { session, capabilities } = this;
    const offered = capabilities.some((line) => line.toUpperCase() === "STLS");
    if (security.implicit !== null || security.starttls === "off" || (security.starttls === "optional" && !offered)) return null;
    // A server without CAPA may know STLS all the same.
    if (!offered && capabilities.length > 0) return { code: "protocol", sentence: `${session.peer} offers no STLS` };
    const asked = await session.timed("starttls", () => this.demand("STLS"));
    if (asked.kind === "failed") return asked.failure;
    // RFC 2595, section 4: what was offered before is forgotten.
    return (await session.startTls(security.settings)) ?? session.timed("hello", () => this.#offers());
  }

  async #login(login: Pop3Login | null): Promise<Failure | null> {
    if (login === null) return null;
    const said = await this.session.timed("login", () => (login.apop ? this.#apop(login) : this.#pass(login)));
    if (said.kind === "failed") return said.failure;
    if (said.value.ok) return null;
    const { code, text } = said.value;
    this.busy = BUSY.has(code ?? "");
    return { code: this.busy || code?.startsWith("SYS/") === true ? "status" : "auth", sentence: `${this.session.peer} refused the login of ${login.user}: ${text.slice(0, 200)}` };
  }

  async #pass({ user, password }: Pop3Login): Promise<Read<Pop3Status>> {
    const named = await this.command(`USER ${user}`);
    return named.kind === "failed" || !named.value.ok ? named : this.command(`PASS ${password}`, "PASS …");
  }

  async #apop({ user, password }: Pop3Login): Promise<Read<Pop3Status>> {
    const timestamp = apopTimestamp(this.banner);
    if (timestamp === null) return failed("auth", `${this.session.peer} offers no APOP: its greeting has no timestamp`);
    return this.command(`APOP ${user} ${apopDigest(timestamp, password)}`, `APOP ${user} …`);
  }
}
