import MailComposer from "nodemailer/lib/mail-composer";
import { z } from "zod";
import { host, port, secret } from "../../dial/options.ts";
import type { Attachment, Channel, ChannelContext, Message, Sending } from "./channel.ts";
import { judgeEnd } from "./program.ts";
import { type SmtpOptions, sendSmtp } from "./smtp.ts";

const address = z
  .string()
  .trim()
  .regex(/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/u, "write name@example.com");

const smtp = z.strictObject({
  host: host().describe("Mail server"),
  port: port().optional().describe("Port; default 587, with `tls: true` 465"),
  user: z.string().min(1).optional().describe("User to log in as"),
  password: secret().optional().describe("Password of the user"),
  tls: z.boolean().default(false).describe("TLS from the first byte (port 465)"),
  starttls: z.enum(["required", "optional", "off"]).default("required").describe("Whether the connection must be encrypted by STARTTLS; of no meaning with `tls: true`"),
  helo: host().optional().describe("Name to say at EHLO; default the machine's name"),
  verify: z.boolean().default(true).describe("Check the server's certificate"),
  ca: z.string().optional().describe("Certificate authorities in PEM to trust instead of the system's, best as ${file:path}"),
});

const options = z
  .strictObject({
    to: z.array(address).min(1).max(100).describe("Recipients; each gets a mail of its own"),
    from: address.describe("Sender"),
    smtp: smtp.optional().describe("Mail server to hand over to; without it the sendmail program takes the mail"),
    sendmail: z.string().regex(/^\//, "write the program's full path").optional().describe("Program that takes the mail when no smtp is given; by default /usr/sbin/sendmail, and where there is none the mail server at localhost:25").meta({ hostPower: true }),
    subjectPrefix: z.string().max(60).default("").describe("Put before every subject: `[tocsin]`"),
  })
  .superRefine((chosen, ctx) => {
    if (chosen.smtp !== undefined && (chosen.smtp.user === undefined) !== (chosen.smtp.password === undefined)) {
      ctx.addIssue({ code: "custom", path: ["smtp"], message: "user and password go together; give both or none" });
    }
  });

export type EmailOptions = z.infer<typeof options>;

const ID_DOMAIN = "tocsin";
const SENDMAIL = "/usr/sbin/sendmail";
/** The mail server of this machine, as it comes: it is asked for no certificate. */
const LOCAL_SMTP: SmtpOptions = { host: "localhost", port: 25, tls: false, starttls: "optional", verify: false };
const OUTPUT_BYTES = 4096;

const partOf = ({ name, type, content }: Attachment): { readonly [field: string]: string | Buffer } => ({ filename: name, contentType: type, content: Buffer.from(content), cid: name });

/** The mail as it goes over the wire. One thread an incident: outage and recovery refer to the same id, which no mail bears itself. */
async function compose(chosen: EmailOptions, message: Message): Promise<Buffer> {
  const incidents = [...new Set(message.alerts.flatMap((alert) => (alert.incident === null ? [] : [alert.incident])))];
  const thread = incidents.slice(0, 20).map((incident) => `<incident.${incident}@${ID_DOMAIN}>`);
  const threading = thread.length === 0 ? {} : { references: thread, inReplyTo: thread[0] };
  const mail = new MailComposer({
    from: { name: message.site.name, address: chosen.from },
    to: { name: "", address: message.recipient },
    subject: chosen.subjectPrefix === "" ? message.subject : `${chosen.subjectPrefix.trim()} ${message.subject}`,
    messageId: `<${message.key}@${ID_DOMAIN}>`,
    ...threading,
    headers: { "X-Tocsin-Key": message.key, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    text: message.text,
    ...(message.html === null ? {} : { html: message.html }),
    attachments: (message.attachments ?? []).map(partOf),
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return mail.compile().build();
}

async function handToSendmail(chosen: EmailOptions, message: Message, mail: Buffer, ctx: ChannelContext): Promise<Sending> {
  const sendmail = chosen.sendmail ?? SENDMAIL;
  // The program reads lines in the system's own form; MIME bodies are encoded as ASCII, so text is safe.
  const input = mail.toString("utf8").replaceAll("\r\n", "\n");
  const end = await ctx.processes.run({
    command: [sendmail, "-i", "-f", chosen.from, "--", message.recipient],
    environment: ctx.processes.environment,
    folder: null,
    input,
    outputLimit: OUTPUT_BYTES,
    signal: ctx.signal,
  });
  if (end.kind === "failed" && chosen.sendmail === undefined) return handToLocal(chosen.from, message, mail, end.failure.sentence, ctx);
  const judged = judgeEnd(sendmail, end);
  return judged.kind === "sent" ? { kind: "sent", detail: `handed to ${sendmail}` } : judged;
}

async function handToLocal(from: string, message: Message, mail: Buffer, why: string, ctx: ChannelContext): Promise<Sending> {
  const sending = await sendSmtp(LOCAL_SMTP, { from, to: message.recipient }, mail, ctx);
  return sending.kind === "sent" ? { ...sending, detail: `localhost:25: ${sending.detail}` } : { ...sending, reason: `${why}; localhost:25: ${sending.reason}` };
}

/** One mail a recipient, over SMTP or handed to this machine's own way of mail. `Message-ID` and `X-Tocsin-Key` tell a repeat. */
export const email: Channel<EmailOptions> = {
  type: "email",
  about: "Sends mail over SMTP (STARTTLS or TLS) or through the sendmail program",
  source: "RFC 5321, RFC 3207, RFC 3834",
  options,
  attaches: true,
  recipients: (chosen) => chosen.to,
  send: async (chosen, message, ctx) => {
    const mail = await compose(chosen, message);
    return chosen.smtp === undefined ? handToSendmail(chosen, message, mail, ctx) : sendSmtp(chosen.smtp, { from: chosen.from, to: message.recipient }, mail, ctx);
  },
};
