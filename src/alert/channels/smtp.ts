import type { Socket } from "node:net";
import { isIP } from "node:net";
import { Readable, type Duplex } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { dial } from "../../dial/dial.ts";
import type { ChannelContext, Sending } from "./channel.ts";

export interface SmtpOptions {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly tls: boolean;
  readonly starttls: "required" | "optional" | "off";
  readonly helo?: string | undefined;
  readonly verify: boolean;
  readonly ca?: string | undefined;
}

interface SmtpTrouble {
  readonly message: string;
  readonly code?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
}

const SUBMISSION_PORT = 587;
const SUBMISSIONS_PORT = 465;
const CHUNK_BYTES = 16_384;

/** The network port types its sockets as streams; over a real network they are sockets, and the mail library asks for their timeouts. */
const asSocket = (socket: Duplex): Socket => socket as Socket;

/** How far a session came: `opening` until the server is ready for mail, `login` while it checks the user, `mail` from then on. */
type Stage = "opening" | "login" | "mail";

interface Progress {
  stage: Stage;
  /** The last byte of the mail, with it the closing dot, was handed to the connection. */
  dotSent: boolean;
}

/**
 * What an error means. 4xx: later. 5xx of the mail's own commands and of the login: refused. 5xx before that (greeting, EHLO, STARTTLS) speaks of
 * the server's day and not of the mail: later. No answer after the dot: perhaps it arrived.
 */
function classify(error: SmtpTrouble, progress: Progress, ctx: ChannelContext): Sending {
  const status = error.responseCode ?? 0;
  const said = (error.response ?? error.message).replaceAll(/\s+/g, " ").trim();
  if (status >= 500 && progress.stage === "login") return { kind: "refused", reason: `login refused: ${said}` };
  if (status >= 500 && progress.stage === "mail") return { kind: "refused", reason: said };
  if (status >= 400) return { kind: "retry", reason: said, doubt: false };
  const reason = ctx.signal.aborted ? `no answer before the deadline (${progress.stage})` : said;
  return { kind: "retry", reason, doubt: progress.dotSent };
}

function* chunksOf(mail: Buffer, progress: Progress): Generator<Buffer> {
  for (let at = 0; at < mail.length; at += CHUNK_BYTES) yield mail.subarray(at, at + CHUNK_BYTES);
  progress.dotSent = true;
}

function converse(connection: SMTPConnection, chosen: SmtpOptions, envelope: { readonly from: string; readonly to: string }, mail: Buffer, ctx: ChannelContext): Promise<Sending> {
  return new Promise((resolve) => {
    const progress: Progress = { stage: "opening", dotSent: false };
    const settle = (sending: Sending): void => {
      ctx.signal.removeEventListener("abort", giveUp);
      resolve(sending);
      connection.close();
    };
    const fail = (error: SmtpTrouble): void => settle(classify(error, progress, ctx));
    const giveUp = (): void => fail({ message: "aborted" });
    const send = (): void => {
      progress.stage = "mail";
      const message = Readable.from(chunksOf(mail, progress), { objectMode: false });
      connection.send({ from: envelope.from, to: [envelope.to], size: mail.length }, message, (error, info) => {
        if (error) return fail(error);
        const answer = (info?.response ?? "").replaceAll(/\s+/g, " ").trim();
        // QUIT is a courtesy: the mail is taken, whatever comes of it.
        connection.quit();
        ctx.signal.removeEventListener("abort", giveUp);
        resolve({ kind: "sent", detail: answer });
      });
    };
    connection.on("error", fail);
    ctx.signal.addEventListener("abort", giveUp, { once: true });
    if (ctx.signal.aborted) return giveUp();
    connection.connect((error) => {
      if (error) return fail(error);
      if (chosen.user === undefined || chosen.password === undefined) return send();
      progress.stage = "login";
      connection.login({ user: chosen.user, pass: chosen.password }, (refused) => (refused ? fail(refused) : send()));
    });
  });
}

/** Hands one mail to an SMTP server (RFC 5321) over a connection of its own. */
export async function sendSmtp(chosen: SmtpOptions, envelope: { readonly from: string; readonly to: string }, mail: Buffer, ctx: ChannelContext): Promise<Sending> {
  const port = chosen.port ?? (chosen.tls ? SUBMISSIONS_PORT : SUBMISSION_PORT);
  const dialed = await dial({ host: chosen.host, port, family: "any", source: null }, ctx);
  if (dialed.kind === "failed") return { kind: "retry", reason: dialed.failure.sentence, doubt: false };
  const name = isIP(chosen.host) === 0 ? { servername: chosen.host } : {};
  const ca = chosen.ca === undefined ? {} : { ca: chosen.ca };
  const connection = new SMTPConnection({
    connection: asSocket(dialed.socket),
    host: chosen.host,
    port,
    secure: chosen.tls,
    requireTLS: !chosen.tls && chosen.starttls === "required",
    ignoreTLS: chosen.starttls === "off",
    opportunisticTLS: chosen.starttls === "optional",
    socketCloseTimeout: 1000,
    tls: { ...name, ...ca, rejectUnauthorized: chosen.verify },
    ...(chosen.helo === undefined ? {} : { name: chosen.helo }),
  });
  try {
    return await converse(connection, chosen, envelope, mail, ctx);
  } finally {
    if (ctx.signal.aborted) dialed.socket.destroy();
  }
}
