import { z } from "zod";
import type { Evidence, Facts } from "../core/types.ts";
import { helo, mailAddress, pop3Problem, portOf, securityOf, senderAddress, serverOptions, serverProblem, targetOf, type MailServer } from "../dial/mail-options.ts";
import { tenth, verdictOf } from "../dial/outcome.ts";
import type { SessionRequest } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { ImapMailbox } from "./mailflow-imap.ts";
import type { Arrival, Mailbox } from "./mailflow-mailbox.ts";
import { Pop3Mailbox } from "./mailflow-pop3.ts";
import { type Handed, handOver, mailText } from "./mailflow-send.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const SMTP_PORTS = { plain: 25, tls: 465 };
const MAILBOX_PORTS = { imap: { plain: 143, tls: 993 }, pop3: { plain: 110, tls: 995 } };
/** Each pause is so much longer than the one before. */
const PAUSE_GROWTH = 1.5;

const folderOf = () => z.string().min(1).max(500);

const options = z.strictObject({
  smtp: z.strictObject({ ...serverOptions(), helo: helo() }).describe("Server that takes the mail; options as of `smtp`"),
  mailbox: z
    .strictObject({
      ...serverOptions(),
      type: z.enum(["imap", "pop3"]).default("imap").describe("How the mailbox is read; over POP3 the server must know TOP"),
      folder: folderOf().default("INBOX").describe("Folder in which the mail must arrive (IMAP)"),
      junk: folderOf().nullable().default(null).describe("Folder of unwanted mail, looked into as well (IMAP); a mail that arrives there is degraded"),
    })
    .describe("Server of the mailbox in which it must arrive; options as of `imap` and `pop3`, and user and password must be given"),
  sender: senderAddress().describe("Address that the mail comes from; `<>` is the null sender").meta({ source: "RFC 5321, section 4.1.1.2" }),
  recipient: mailAddress().describe("Address that the mail goes to; it must end up in the mailbox"),
  temporary: z.enum(["degraded", "down"]).default("degraded").describe("What it means when the mail is put off (450, 451, 452), as by greylisting").meta({ source: "RFC 6647" }),
});

type Options = z.output<typeof options>;

/** A mail on its way through, by exchanges of its own (see smtp, imap and pop3): a mail library would add nothing but its own patience. */
export const mailflow: Probe<Options> = {
  type: "mailflow",
  about: "Sends a mail through SMTP, waits until it arrives in a mailbox (IMAP or POP3), and deletes it again",
  source: "RFC 5321, RFC 5322, RFC 9051, RFC 4315 (UID EXPUNGE), RFC 1939",
  options,
  facts: {
    toMailbox: { unit: "ms", about: "From the server's acceptance until the mail was seen in the mailbox" },
    folder: { about: "Where it was found" },
    reply: { about: "What the server said when it took the mail" },
    leftovers: { number: true, about: "Mails of earlier runs, more than a day old, that were deleted" },
    "smtp.certificate.days": { unit: "days", about: "Whole days until the first certificate of the SMTP server's chain expires" },
    "mailbox.certificate.days": { unit: "days", about: "Whole days until the first certificate of the mailbox's server's chain expires" },
  },
  host: ({ smtp }) => smtp.host,
  target: ({ smtp }) => targetOf(smtp, SMTP_PORTS),
  check: ({ smtp, mailbox }) => {
    for (const [name, server] of Object.entries({ smtp, mailbox })) {
      const problem = name === "mailbox" && mailbox.type === "pop3" ? pop3Problem(server) : serverProblem(server);
      if (problem !== null) return { ...problem, path: [name, ...problem.path] };
    }
    if (mailbox.user === null) return { path: ["mailbox"], wrong: "nobody can look into a mailbox without logging in", right: "write user and password" };
    if (mailbox.type === "pop3" && (mailbox.junk !== null || mailbox.folder !== "INBOX")) return { path: ["mailbox", "type"], wrong: "POP3 knows no folders", right: "write type: imap, or leave folder and junk out" };
    if (mailbox.junk === mailbox.folder) return { path: ["mailbox", "junk"], wrong: "this is the folder in which the mail must arrive", right: "name another folder, or leave junk out" };
    return null;
  },
  run,
};

const requestOf = (server: MailServer, ports: { readonly plain: number; readonly tls: number }): SessionRequest => ({ ...server, port: portOf(server, ports), tls: securityOf(server).implicit });

const loginOf = ({ user, password }: MailServer): { readonly user: string; readonly password: string } | null => (user === null || password === null ? null : { user, password });

function mailboxOf({ mailbox }: Options, ctx: ProbeContext): Mailbox {
  const place = { server: requestOf(mailbox, MAILBOX_PORTS[mailbox.type]), security: securityOf(mailbox), login: loginOf(mailbox) ?? { user: "", password: "" } };
  const { folder, junk } = mailbox;
  return mailbox.type === "pop3" ? new Pop3Mailbox(place, ctx) : new ImapMailbox({ ...place, folders: [folder, ...(junk === null ? [] : [junk])] }, ctx);
}

/** What became of the run, as far as it came. */
interface Trip {
  phases: { [phase: string]: number };
  facts: Facts;
  handed: Handed | null;
  /** The farewell to the SMTP server; it goes on while the mail is waited for. */
  leaving: Promise<void>;
}

type Judged = Pick<Outcome, "verdict" | "code" | "sentence">;

const judgedAs = ({ code, sentence }: Failure): Judged => ({ verdict: verdictOf(code), code, sentence });

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const mailbox = mailboxOf(chosen, ctx);
  const trip: Trip = { phases: {}, facts: {}, handed: null, leaving: Promise.resolve() };
  const judged = await travel(chosen, mailbox, trip, ctx);
  await Promise.all([mailbox.close(), trip.leaving]);
  const facts = { ...trip.facts, leftovers: mailbox.leftovers, ...(trip.handed === null ? {} : { smtp: trip.handed.facts }), mailbox: mailbox.facts };
  return { ...judged, phases: trip.phases, facts, evidence: [...named("smtp", trip.handed?.evidence() ?? []), ...named("mailbox", mailbox.evidence)] };
}

const named = (server: string, evidence: Evidence): Evidence => evidence.map(({ label, text }) => ({ label: `${server} ${label}`, text }));

/** The mailbox is opened first: when nobody can look into it, no mail is sent that would stay. */
async function travel(chosen: Options, mailbox: Mailbox, trip: Trip, ctx: ProbeContext): Promise<Judged> {
  const closed = await timed("mailbox", trip, ctx, () => mailbox.open());
  if (closed !== null) return judgedAs(closed);
  const token = Buffer.from(ctx.random.bytes(16)).toString("hex");
  const { smtp } = chosen;
  const place = { server: requestOf(smtp, SMTP_PORTS), security: securityOf(smtp), helo: smtp.helo, login: loginOf(smtp) };
  const handed = await timed("submit", trip, ctx, () => handOver(place, chosen, mailText(chosen, token, ctx.clock.now()), ctx));
  trip.handed = handed;
  trip.leaving = handed.leave();
  if (handed.failure !== null) return { ...judgedAs(handed.failure), ...(handed.putOff ? { verdict: chosen.temporary } : {}) };
  trip.facts = { reply: handed.accepted };
  const arrived = await timed("delivery", trip, ctx, () => wait(mailbox, token, ctx));
  if (arrived === null) return { verdict: "down", code: "timeout", sentence: `the mail was accepted (${handed.accepted}) but did not arrive in ${chosen.mailbox.folder} in time` };
  if ("code" in arrived) return judgedAs(arrived);
  const toMailbox = trip.phases["delivery"] ?? 0;
  trip.facts = { ...trip.facts, toMailbox, folder: arrived.folder };
  const kept = await timed("removal", trip, ctx, () => mailbox.remove(arrived));
  return judge(chosen, arrived, toMailbox, kept);
}

function judge({ mailbox, recipient }: Options, { folder }: Arrival, toMailbox: number, kept: Failure | null): Judged {
  const sentence = `a mail to ${recipient} arrived in ${folder} after ${Math.round(toMailbox)} ms`;
  if (folder !== mailbox.folder) return { verdict: "degraded", code: "warned", sentence: `${sentence}, and not in ${mailbox.folder}` };
  return kept === null ? { verdict: "up", code: "ok", sentence } : { verdict: "degraded", code: "warned", sentence: `${sentence}, but could not be deleted: ${kept.sentence}` };
}

/** Looks again and again, at growing distances; null when the deadline came first. */
async function wait(mailbox: Mailbox, token: string, ctx: ProbeContext): Promise<Arrival | Failure | null> {
  for (let pauseMs = mailbox.pauses.first; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, mailbox.pauses.longest)) {
    const found = await mailbox.find(token);
    if (found.kind === "read" && found.value !== null) return found.value;
    if (ctx.signal.aborted) return null;
    if (found.kind === "failed") return found.failure;
    await pause(pauseMs, ctx);
  }
}

/** Ends with the deadline. */
function pause(ms: number, { clock, signal }: ProbeContext): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.timer(ms, done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

async function timed<Value>(phase: string, trip: Trip, ctx: ProbeContext, act: () => Promise<Value>): Promise<Value> {
  const begun = ctx.clock.monotonic();
  const value = await act();
  trip.phases[phase] = tenth(ctx.clock.monotonic() - begun);
  return value;
}
