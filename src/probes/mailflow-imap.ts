import type { Evidence, Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { ImapSession } from "../dial/imap.ts";
import type { Security } from "../dial/mail-options.ts";
import { type SessionRequest, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { folderName, imapDay, imapString, searchedNumbers } from "../wire/imap.ts";
import { type Arrival, FIELD, FIELD_WORD, LEFTOVER_MS, type Mailbox, type MailboxLogin } from "./mailflow-mailbox.ts";
import type { ProbeContext } from "./probe.ts";

export interface ImapPlace {
  readonly server: SessionRequest;
  readonly security: Security;
  readonly login: MailboxLogin;
  /** Folders to look in, the right one first. */
  readonly folders: readonly string[];
}

/** Leftovers taken away in one run: the command must fit into a line that every server takes. */
const REMOVED_MAX = 200;
/** A list of thousands of mails in one line. */
const LINE_MAX = 65_536;
const TOTAL_MAX = 524_288;

/** Looks for mails over IMAP, in one connection. */
export class ImapMailbox implements Mailbox {
  readonly #place: ImapPlace;
  readonly #ctx: ProbeContext;
  #conversation: ImapSession | null = null;
  #selected: string | null = null;
  facts: Facts = {};
  leftovers = 0;
  readonly pauses = { first: 100, longest: 5000 };
  #evidence: Evidence = [];

  constructor(place: ImapPlace, ctx: ProbeContext) {
    this.#place = place;
    this.#ctx = ctx;
  }

  get evidence(): Evidence {
    return this.#conversation?.session.evidence ?? this.#evidence;
  }

  async open(): Promise<Failure | null> {
    const opened = await openSession({ ...this.#place.server, lineMax: LINE_MAX, totalMax: TOTAL_MAX }, this.#ctx);
    if (opened.kind === "failed") {
      this.facts = opened.failed.facts;
      this.#evidence = opened.failed.evidence;
      return opened.failed;
    }
    const conversation = new ImapSession(opened.session);
    this.#conversation = conversation;
    const failure = await conversation.begin(this.#place.security, this.#place.login);
    this.facts = conversation.session.facts;
    if (failure !== null) return failure;
    // The right folder last: it stays open for the first look.
    for (const folder of this.#place.folders.toReversed()) {
      const cleaned = await this.#clean(conversation, folder);
      if (cleaned !== null) return cleaned;
    }
    return null;
  }

  async find(token: string): Promise<Read<Arrival | null>> {
    for (const folder of this.#place.folders) {
      const found = await this.#search(folder, `HEADER ${FIELD} "${token}"`);
      if (found.kind === "failed") return found;
      const [number] = found.value;
      if (number !== undefined) return { kind: "read", value: { folder, number } };
    }
    return { kind: "read", value: null };
  }

  async remove({ folder, number }: Arrival): Promise<Failure | null> {
    const ready = await this.#select(folder);
    return ready.kind === "failed" ? ready.failure : this.#delete(ready.value, [number]);
  }

  async close(): Promise<void> {
    await this.#conversation?.logout();
  }

  async #clean(conversation: ImapSession, folder: string): Promise<Failure | null> {
    const before = imapDay(this.#ctx.clock.now() - LEFTOVER_MS);
    const old = await this.#search(folder, `HEADER ${FIELD} "${FIELD_WORD}" BEFORE ${before}`);
    if (old.kind === "failed") return old.failure;
    const numbers = old.value.slice(0, REMOVED_MAX);
    if (numbers.length === 0) return null;
    this.leftovers += numbers.length;
    return this.#delete(conversation, numbers);
  }

  async #search(folder: string, what: string): Promise<Read<readonly number[]>> {
    const ready = await this.#select(folder);
    if (ready.kind === "failed") return ready;
    const done = await ready.value.demand(`UID SEARCH ${what}`);
    if (done.kind === "failed") return done;
    return { kind: "read", value: done.value.data.flatMap((response) => searchedNumbers(response) ?? []) };
  }

  /** Opens the folder, or has the server look again for news in the open one (RFC 9051, section 6.1.2). */
  async #select(folder: string): Promise<Read<ImapSession>> {
    const conversation = this.#conversation;
    if (conversation === null) return { kind: "failed", failure: { code: "bug", sentence: "the mailbox was not opened" } };
    const done = this.#selected === folder ? await conversation.demand("NOOP") : await conversation.demand("SELECT", imapString(folderName(folder)));
    if (done.kind === "failed") return done;
    this.#selected = folder;
    return { kind: "read", value: conversation };
  }

  /** Only these mails go, never those that other people have marked: UID EXPUNGE (RFC 4315), or EXPUNGE where nothing else is marked. */
  async #delete(conversation: ImapSession, numbers: readonly number[]): Promise<Failure | null> {
    const stored = await conversation.demand(`UID STORE ${numbers.join(",")} +FLAGS.SILENT (\\Deleted)`);
    if (stored.kind === "failed") return stored.failure;
    if (conversation.has("UIDPLUS") || conversation.has("IMAP4REV2")) {
      const gone = await conversation.demand(`UID EXPUNGE ${numbers.join(",")}`);
      return gone.kind === "failed" ? gone.failure : null;
    }
    const marked = await conversation.demand("UID SEARCH DELETED");
    if (marked.kind === "failed") return marked.failure;
    const others = marked.value.data.flatMap((response) => searchedNumbers(response) ?? []).filter((number) => !numbers.includes(number));
    if (others.length > 0) return null;
    const gone = await conversation.demand("EXPUNGE");
    return gone.kind === "failed" ? gone.failure : null;
  }
}
