import type { Evidence, Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import type { Security } from "../dial/mail-options.ts";
import { Pop3Session } from "../dial/pop3.ts";
import { type SessionRequest, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { parseStat } from "../wire/pop3.ts";
import { type Arrival, FIELD, FIELD_WORD, LEFTOVER_MS, type Mailbox, type MailboxLogin } from "./mailflow-mailbox.ts";
import type { ProbeContext } from "./probe.ts";

export interface Pop3Place {
  readonly server: SessionRequest;
  readonly security: Security;
  readonly login: MailboxLogin;
}

/** Mails whose header is looked at, from the newest down for a new one and from the oldest up for leftovers. */
const LOOKED_AT_MAX = 20;
const HEADER_LINES_MAX = 2000;
const TOTAL_MAX = 524_288;
const INBOX = "INBOX";

/** Looks for mails over POP3: a connection for each look, for a session sees only what was there when it began (RFC 1939, section 4). */
export class Pop3Mailbox implements Mailbox {
  readonly #place: Pop3Place;
  readonly #ctx: ProbeContext;
  #conversation: Pop3Session | null = null;
  facts: Facts = {};
  evidence: Evidence = [];
  leftovers = 0;
  readonly pauses = { first: 250, longest: 10_000 };

  constructor(place: Pop3Place, ctx: ProbeContext) {
    this.#place = place;
    this.#ctx = ctx;
  }

  async open(): Promise<Failure | null> {
    const looked = await this.#look(async (conversation, count) => {
      for (let number = 1; number <= Math.min(count, LOOKED_AT_MAX); number++) {
        const header = await this.#header(conversation, number);
        if (header.kind === "failed") return header;
        if (!isLeftover(header.value, this.#ctx.clock.now())) continue;
        const gone = await conversation.demand(`DELE ${number}`);
        if (gone.kind === "failed") return gone;
        this.leftovers++;
      }
      return { kind: "read", value: null };
    });
    if (looked.kind === "failed") return looked.failure;
    return this.#leave();
  }

  async find(token: string): Promise<Read<Arrival | null>> {
    const looked = await this.#look(async (conversation, count) => {
      for (let number = count; number > Math.max(0, count - LOOKED_AT_MAX); number--) {
        const header = await this.#header(conversation, number);
        if (header.kind === "failed") return header;
        if (fieldOf(header.value, FIELD)?.includes(token) === true) return { kind: "read", value: { folder: INBOX, number } };
      }
      return { kind: "read", value: null };
    });
    // What was found is deleted in the same session: numbers do not outlive it.
    if (looked.kind === "read" && looked.value === null) await this.close();
    return looked;
  }

  async remove({ number }: Arrival): Promise<Failure | null> {
    const gone = await this.#conversation?.demand(`DELE ${number}`);
    if (gone?.kind === "failed") return gone.failure;
    return this.#leave();
  }

  async close(): Promise<void> {
    const conversation = this.#conversation;
    if (conversation === null) return;
    this.#conversation = null;
    await conversation.quit();
    this.evidence = conversation.session.evidence;
  }

  /** Mails are deleted only when QUIT is answered well (RFC 1939, section 6). */
  async #leave(): Promise<Failure | null> {
    const conversation = this.#conversation;
    if (conversation === null) return null;
    this.#conversation = null;
    const said = await conversation.quit();
    this.evidence = conversation.session.evidence;
    if (said?.ok === true) return null;
    return { code: "status", sentence: `${conversation.session.peer} did not end the session well, and deletes nothing: ${said === null ? "no answer to QUIT" : said.text.slice(0, 200)}` };
  }

  async #look<Value>(act: (conversation: Pop3Session, count: number) => Promise<Read<Value>>): Promise<Read<Value>> {
    const opened = await openSession({ ...this.#place.server, totalMax: TOTAL_MAX }, this.#ctx);
    if (opened.kind === "failed") {
      this.facts = { ...this.facts, ...opened.failed.facts };
      this.evidence = opened.failed.evidence;
      return { kind: "failed", failure: opened.failed };
    }
    const { session } = opened;
    const conversation = new Pop3Session(session);
    this.#conversation = conversation;
    const failure = await conversation.begin(this.#place.security, { ...this.#place.login, apop: false });
    this.facts = { ...this.facts, ...session.facts };
    const done = failure === null ? await this.#counted(conversation, act) : { kind: "failed" as const, failure };
    if (done.kind === "failed") await this.close();
    return done;
  }

  async #counted<Value>(conversation: Pop3Session, act: (conversation: Pop3Session, count: number) => Promise<Read<Value>>): Promise<Read<Value>> {
    const said = await conversation.demand("STAT");
    if (said.kind === "failed") return said;
    return act(conversation, parseStat(said.value.text)?.messages ?? 0);
  }

  async #header(conversation: Pop3Session, number: number): Promise<Read<readonly string[]>> {
    const said = await conversation.demand(`TOP ${number} 0`);
    return said.kind === "failed" ? said : conversation.lines(HEADER_LINES_MAX);
  }
}

/** The value of a header field, its first line. */
function fieldOf(header: readonly string[], name: string): string | null {
  const begin = `${name.toLowerCase()}:`;
  const line = header.find((text) => text.toLowerCase().startsWith(begin));
  return line === undefined ? null : line.slice(begin.length).trim();
}

function isLeftover(header: readonly string[], now: number): boolean {
  if (fieldOf(header, FIELD)?.startsWith(`${FIELD_WORD} `) !== true) return false;
  const sent = Date.parse(fieldOf(header, "Date") ?? "");
  return now - sent > LEFTOVER_MS;
}
