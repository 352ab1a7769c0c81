import { z } from "zod";
import { helo, mailAddress, portOf, securityOf, senderAddress, serverOptions, serverProblem, targetOf } from "../dial/mail-options.ts";
import { verdictOf } from "../dial/outcome.ts";
import { openSession } from "../dial/session.ts";
import { SmtpSession } from "../dial/smtp.ts";
import type { Failure } from "../sys/ports.ts";
import { type SmtpReply, deniesRelay, putsOff, shownReply } from "../wire/smtp.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const SMTP_PORTS = { plain: 25, tls: 465 };
/** IANA's port of LMTP; over TLS there is none. */
const LMTP_PORTS = { plain: 24, tls: 24 };

const options = z.strictObject({
  ...serverOptions(),
  protocol: z.enum(["smtp", "lmtp"]).default("smtp").describe("smtp, or lmtp, which delivers to mailboxes (LHLO in place of EHLO)").meta({ source: "RFC 2033" }),
  helo: helo(),
  sender: senderAddress().nullable().default(null).describe("Address for MAIL FROM; `<>` is the null sender, which a recipient without a sender gets").meta({ source: "RFC 5321, section 4.1.1.2" }),
  recipient: mailAddress().nullable().default(null).describe("Address for RCPT TO; no mail is sent: DATA never follows").meta({ source: "RFC 5321, section 4.1.1.3" }),
  recipientIs: z.enum(["accepted", "refused"]).default("accepted").describe("refused: the server must refuse the recipient for good (5xx), to see that it relays nothing"),
  temporary: z.enum(["degraded", "down"]).default("degraded").describe("What it means when the recipient is put off (450, 451, 452), as by greylisting").meta({ source: "RFC 6647" }),
});

type Options = z.output<typeof options>;

const portsOf = ({ protocol }: Options): { readonly plain: number; readonly tls: number } => (protocol === "lmtp" ? LMTP_PORTS : SMTP_PORTS);

/** One SMTP conversation up to the recipient, by an exchange of its own: a mail library hides reply codes, phases and what came before TLS. */
export const smtp: Probe<Options> = {
  type: "smtp",
  about: "Talks to a mail server up to the recipient, with STARTTLS and login, and never sends a mail",
  source: "RFC 5321, sections 3 and 4; RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 2033 (LMTP), RFC 3463 (enhanced codes)",
  options,
  facts: {
    address: { about: "The address that answered" },
    banner: { about: "Text of the greeting" },
    capabilities: { about: "What the last answer to EHLO offered, a list: capabilities.0" },
    starttls: { about: "True when the server offered STARTTLS" },
    code: { number: true, about: "Reply code of the last step" },
    enhanced: { about: "Enhanced status code of the last step: 2.1.5" },
    "certificate.days": { unit: "days", about: "Whole days until the first certificate of the chain expires" },
    "certificate.names": { about: "Names the certificate is for" },
    "tls.protocol": { about: "TLSv1.2 or TLSv1.3" },
  },
  target: (chosen) => targetOf(chosen, portsOf(chosen)),
  check: (chosen) => {
    if (chosen.recipientIs === "refused" && chosen.recipient === null) return { path: ["recipientIs"], wrong: "there is no recipient that could be refused", right: "write recipient: somebody@elsewhere.example" };
    return serverProblem(chosen);
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const security = securityOf(chosen);
  const opened = await openSession({ ...chosen, port: portOf(chosen, portsOf(chosen)), tls: security.implicit }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const conversation = new SmtpSession(session);
  const { user, password } = chosen;
  const login = user === null || password === null ? null : { user, password };
  const failure = await conversation.begin({ security, helo: chosen.helo, lmtp: chosen.protocol === "lmtp", login });
  const judged = failure === null ? await session.timed("envelope", () => envelope(conversation, chosen)) : down(failure);
  await conversation.quit();
  const facts = { ...session.facts, ...conversation.facts };
  return { ...judged, phases: session.phases, facts, evidence: session.evidence };
}

type Judged = Pick<Outcome, "verdict" | "code" | "sentence">;

const down = ({ code, sentence }: Failure): Judged => ({ verdict: verdictOf(code), code, sentence });

async function envelope(conversation: SmtpSession, chosen: Options): Promise<Judged> {
  const { peer } = conversation.session;
  const { sender, recipient } = chosen;
  if (sender === null && recipient === null) return { verdict: "up", code: "ok", sentence: `${peer} is ready for mail` };
  const from = await conversation.command(`MAIL FROM:<${sender ?? ""}>`);
  if (from.kind === "failed") return down(from.failure);
  if (from.value.code !== 250) return down({ code: from.value.code === 530 ? "auth" : "status", sentence: `${peer} refused the sender <${sender ?? ""}>: ${shownReply(from.value)}` });
  if (recipient === null) return reset(conversation, { verdict: "up", code: "ok", sentence: `${peer} accepts mail from <${sender ?? ""}>` });
  const to = await conversation.command(`RCPT TO:<${recipient}>`);
  if (to.kind === "failed") return down(to.failure);
  return reset(conversation, chosen.recipientIs === "refused" ? wantRefused(to.value, recipient, peer) : wantAccepted(to.value, recipient, peer, chosen.temporary));
}

/** RSET takes back what was begun; what it says changes nothing: facts and verdict are those of the step before. */
async function reset(conversation: SmtpSession, judged: Judged): Promise<Judged> {
  const { last } = conversation;
  const done = await conversation.command("RSET");
  conversation.last = last;
  return done.kind === "failed" && judged.verdict === "up" ? down(done.failure) : judged;
}

const accepted = (code: number): boolean => code >= 250 && code <= 252;

function wantAccepted(reply: SmtpReply, recipient: string, peer: string, temporary: Options["temporary"]): Judged {
  if (accepted(reply.code)) return { verdict: "up", code: "ok", sentence: `${peer} accepts mail for ${recipient}` };
  const said = shownReply(reply);
  if (putsOff(reply)) return { verdict: temporary, code: "status", sentence: `${peer} puts off mail for ${recipient}, perhaps by greylisting: ${said}` };
  if (deniesRelay(reply)) return down({ code: "status", sentence: `${peer} does not relay mail for ${recipient}: ${said}` });
  return down({ code: "status", sentence: `${peer} refused the recipient ${recipient}: ${said}` });
}

function wantRefused(reply: SmtpReply, recipient: string, peer: string): Judged {
  const said = shownReply(reply);
  if (accepted(reply.code)) return down({ code: "mismatch", sentence: `${peer} accepts mail for ${recipient}, which it should refuse: ${said}` });
  if ((reply.code >= 500 && reply.code !== 503) || deniesRelay(reply)) return { verdict: "up", code: "ok", sentence: `${peer} refuses mail for ${recipient}: ${said}` };
  return down({ code: "status", sentence: `${peer} did not refuse ${recipient} for good: ${said}` });
}
