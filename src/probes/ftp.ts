import { z } from "zod";
import type { Facts } from "../core/types.ts";
import type { Read } from "../dial/dialogue.ts";
import { portOf, securityOf, serverOptions, serverProblem, targetOf } from "../dial/mail-options.ts";
import { verdictOf } from "../dial/outcome.ts";
import { connectionFacts } from "../dial/service-options.ts";
import { type Session, openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { type FtpReply, addFtpLine, featuresOf, shownFtpReply } from "../wire/ftp.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORTS = { plain: 21, tls: 990 };
/** 120 says "ready in some minutes"; the greeting follows. */
const GREETINGS_MAX = 5;

const options = z.strictObject(serverOptions());
type Options = z.output<typeof options>;

/** The control connection of an FTP server. An exchange of our own: clients of FTP hide replies and phases, and open data connections. */
export const ftp: Probe<Options> = {
  type: "ftp",
  about: "Talks to an FTP server, with AUTH TLS and login, and asks for its features; no data connection is opened",
  source: "RFC 959, sections 4.2 and 5.4; RFC 4217 (TLS), RFC 2389 (FEAT)",
  options,
  facts: {
    banner: { about: "Text of the greeting" },
    features: { about: "What FEAT lists: features.0" },
    folder: { about: "With a login: the reply to PWD" },
    ...connectionFacts,
  },
  target: (chosen) => targetOf(chosen, PORTS),
  check(chosen) {
    const name = (["user", "password"] as const).find((field) => /[\r\n\0]/.test(chosen[field] ?? ""));
    return name === undefined ? serverProblem(chosen) : { path: [name], wrong: "a command of FTP ends with its line", right: "leave line ends out; a file with the password must end after it" };
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const opened = await openSession({ ...chosen, port: portOf(chosen, PORTS), tls: securityOf(chosen).implicit }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const facts: Record<string, Facts[string]> = {};
  const failure = await converse(session, chosen, facts);
  await session.leave("QUIT\r\n", () => reply(session));
  const seen = { phases: session.phases, facts: { ...session.facts, ...facts }, evidence: session.evidence };
  if (failure !== null) return { verdict: verdictOf(failure.code), ...failure, ...seen };
  return { verdict: "up", code: "ok", sentence: `${session.peer} is ready${chosen.user === null ? "" : `, and ${chosen.user} can log in`}`, ...seen };
}

async function converse(session: Session, chosen: Options, facts: Record<string, Facts[string]>): Promise<Failure | null> {
  const greeted = await session.timed("greeting", () => greeting(session));
  if (greeted.kind === "failed") return greeted.failure;
  if (greeted.value.code !== 220) return refusal("a session", greeted.value);
  facts["banner"] = greeted.value.lines.join("\n").slice(0, 512);
  const secured = await secureIt(session, chosen);
  if (secured !== null) return secured;
  const { user, password } = chosen;
  if (user !== null && password !== null) {
    const failure = await session.timed("login", () => login(session, user, password));
    if (failure !== null) return failure;
  }
  return session.timed("features", () => look(session, user !== null, facts));
}

async function greeting(session: Session): Promise<Read<FtpReply>> {
  let greeted = await reply(session);
  for (let count = 1; count < GREETINGS_MAX && greeted.kind === "read" && greeted.value.code === 120; count++) greeted = await reply(session);
  return greeted;
}

async function secureIt(session: Session, chosen: Options): Promise<Failure | null> {
  const { starttls, settings } = securityOf(chosen);
  if (starttls === "off" || session.secured) return null;
  const asked = await session.timed("starttls", () => command(session, "AUTH TLS"));
  if (asked.kind === "failed") return asked.failure;
  if (asked.value.code === 234) return session.startTls(settings);
  return starttls === "optional" ? null : { code: "tls-failed", sentence: `the server refused AUTH TLS: ${shownFtpReply(asked.value)}` };
}

async function login(session: Session, user: string, password: string): Promise<Failure | null> {
  let said = await command(session, `USER ${user}`);
  if (said.kind === "read" && said.value.code === 331) said = await command(session, `PASS ${password}`, "PASS …");
  if (said.kind === "failed") return said.failure;
  return said.value.code === 230 || said.value.code === 202 ? null : refusal(`the login of ${user}`, said.value);
}

async function look(session: Session, inside: boolean, facts: Record<string, Facts[string]>): Promise<Failure | null> {
  const features = await command(session, "FEAT");
  if (features.kind === "failed") return features.failure;
  if (features.value.code === 421) return refusal("a session", features.value);
  // A server may want a login first (530), or be older than FEAT (500, 502).
  if (features.value.code === 211) facts["features"] = featuresOf(features.value);
  if (!inside) return null;
  const folder = await command(session, "PWD");
  if (folder.kind === "failed") return folder.failure;
  if (folder.value.code !== 257) return refusal("PWD", folder.value);
  facts["folder"] = folder.value.lines.join(" ").slice(0, 512);
  return null;
}

const refusal = (what: string, said: FtpReply): Failure => ({ code: said.code === 530 || said.code === 532 || said.code === 332 ? "auth" : said.code === 421 || said.code >= 400 ? "status" : "protocol", sentence: `the server refused ${what}: ${shownFtpReply(said)}` });

async function command(session: Session, line: string, shown = line): Promise<Read<FtpReply>> {
  session.dialogue.write(`${line}\r\n`, `${shown}\r\n`);
  return reply(session);
}

async function reply({ dialogue }: Session): Promise<Read<FtpReply>> {
  let soFar: FtpReply | null = null;
  for (;;) {
    const line = await dialogue.line();
    if (line.kind === "failed") return line;
    const added = addFtpLine(soFar, line.value);
    if (added.kind === "whole") return { kind: "read", value: added.reply };
    if (added.kind === "bad") return { kind: "failed", failure: { code: "protocol", sentence: `the server does not speak FTP: ${line.value.slice(0, 80)}` } };
    if (added.kind === "long") return { kind: "failed", failure: { code: "too-large", sentence: "the server's reply has more than 100 lines" } };
    soFar = added.reply;
  }
}
