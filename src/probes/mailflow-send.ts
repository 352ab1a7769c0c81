import type { Evidence, Facts } from "../core/types.ts";
import type { Security } from "../dial/mail-options.ts";
import { type SessionRequest, openSession } from "../dial/session.ts";
import { SmtpSession } from "../dial/smtp.ts";
import type { Failure } from "../sys/ports.ts";
import { type SmtpReply, dotStuffed, putsOff, shownReply } from "../wire/smtp.ts";
import { FIELD, FIELD_WORD, type MailboxLogin } from "./mailflow-mailbox.ts";
import type { ProbeContext } from "./probe.ts";

export interface Envelope {
  /** Empty for the null sender. */
  readonly sender: string;
  readonly recipient: string;
}

export interface SmtpPlace {
  readonly server: SessionRequest;
  readonly security: Security;
  readonly helo: string | null;
  readonly login: MailboxLogin | null;
}

export interface Handed {
  /** The reply that took the mail, on one line; null when none did. */
  readonly accepted: string | null;
  readonly failure: Failure | null;
  /** The failure is one of now and not for good. */
  readonly putOff: boolean;
  readonly facts: Facts;
  readonly evidence: () => Evidence;
  /** Says goodbye; never rejects. */
  readonly leave: () => Promise<void>;
}

/** The whole mail (RFC 5322), ASCII with LF; `Auto-Submitted` (RFC 3834) keeps autoresponders quiet. */
export function mailText({ sender, recipient }: Envelope, token: string, now: number): string {
  const from = sender === "" ? recipient : sender;
  const fields = [
    `Date: ${new Date(now).toUTCString().replace("GMT", "+0000")}`,
    `From: <${from}>`,
    `To: <${recipient}>`,
    `Subject: Tocsin mail flow ${token}`,
    `Message-ID: <${token}@${from.slice(from.lastIndexOf("@") + 1)}>`,
    `${FIELD}: ${FIELD_WORD} ${token}`,
    "Auto-Submitted: auto-generated",
    "Precedence: bulk",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=us-ascii",
  ];
  return `${fields.join("\n")}\n\nTocsin sent this mail to see whether mail arrives. It deletes it by itself;\nwhat is left over may be deleted by anybody.\n`;
}

/** Hands one mail over by SMTP. */
export async function handOver(place: SmtpPlace, envelope: Envelope, mail: string, ctx: ProbeContext): Promise<Handed> {
  const opened = await openSession(place.server, ctx);
  if (opened.kind === "failed") return { accepted: null, failure: opened.failed, putOff: false, facts: opened.failed.facts, evidence: () => opened.failed.evidence, leave: () => Promise.resolve() };
  const { session } = opened;
  const conversation = new SmtpSession(session);
  const failure = await conversation.begin({ security: place.security, helo: place.helo, lmtp: false, login: place.login });
  const done = failure === null ? await transaction(conversation, envelope, mail) : { accepted: null, failure, putOff: false };
  return { ...done, facts: session.facts, evidence: () => session.evidence, leave: () => conversation.quit() };
}

type Done = Pick<Handed, "accepted" | "failure" | "putOff">;

/** RFC 5321, section 3.3. */
async function transaction(conversation: SmtpSession, { sender, recipient }: Envelope, mail: string): Promise<Done> {
  const { peer } = conversation.session;
  const steps = [
    { text: `MAIL FROM:<${sender}>`, what: `the sender <${sender}>`, good: [250] },
    { text: `RCPT TO:<${recipient}>`, what: `the recipient ${recipient}`, good: [250, 251, 252] },
    { text: "DATA", what: "DATA", good: [354] },
  ];
  for (const { text, what, good } of steps) {
    const said = await conversation.command(text);
    if (said.kind === "failed") return { accepted: null, failure: said.failure, putOff: false };
    if (!good.includes(said.value.code)) return refused(said.value, what, peer);
  }
  conversation.session.dialogue.write(dotStuffed(mail));
  const said = await conversation.reply();
  if (said.kind === "failed") return { accepted: null, failure: said.failure, putOff: false };
  return said.value.code === 250 ? { accepted: shownReply(said.value), failure: null, putOff: false } : refused(said.value, "the mail", peer);
}

function refused(reply: SmtpReply, what: string, peer: string): Done {
  const putOff = putsOff(reply);
  const sentence = `${peer} ${putOff ? `puts off ${what}, perhaps by greylisting` : `refused ${what}`}: ${shownReply(reply)}`;
  return { accepted: null, failure: { code: reply.code === 530 ? "auth" : "status", sentence }, putOff };
}
