import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { pop3Problem, portOf, securityOf, serverOptions, targetOf } from "../dial/mail-options.ts";
import { verdictOf } from "../dial/outcome.ts";
import { Pop3Session } from "../dial/pop3.ts";
import { openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { parseStat } from "../wire/pop3.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORTS = { plain: 110, tls: 995 };
const options = z.strictObject({
  ...serverOptions(),
  apop: z.boolean().default(false).describe("Log in by APOP, which sends no password but a digest of it").meta({ source: "RFC 1939, section 7" }),
  busy: z.enum(["degraded", "down"]).default("degraded").describe("What it means when the mailbox is in use by somebody else, or the server wants longer pauses between logins").meta({ source: "RFC 2449, section 8.1" }),
});

type Options = z.output<typeof options>;

/** One POP3 conversation, by an exchange of its own: it is ten lines, and no library tells the phases. */
export const pop3: Probe<Options> = {
  type: "pop3",
  about: "Talks to a POP3 server, with STLS and login, and looks how full the mailbox is",
  source: "RFC 1939; RFC 2449 (CAPA, response codes), RFC 2595, section 4 (STLS), RFC 8314 (TLS)",
  options,
  facts: {
    address: { about: "The address that answered" },
    banner: { about: "Text of the greeting" },
    capabilities: { about: "What the last answer to CAPA offered, a list: capabilities.0" },
    messages: { number: true, about: "Mails in the mailbox, after a login" },
    bytes: { unit: "bytes", about: "Size of all mails in the mailbox, after a login" },
    "certificate.days": { unit: "days", about: "Whole days until the first certificate of the chain expires" },
    "certificate.names": { about: "Names the certificate is for" },
    "tls.protocol": { about: "TLSv1.2 or TLSv1.3" },
  },
  target: (chosen) => targetOf(chosen, PORTS),
  check: (chosen) => {
    if (chosen.apop && chosen.user === null) return { path: ["apop"], wrong: "APOP is a way to log in, and there is no `user`", right: "write user and password, or leave apop out" };
    return pop3Problem(chosen, chosen.apop);
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const security = securityOf(chosen);
  const opened = await openSession({ ...chosen, port: portOf(chosen, PORTS), tls: security.implicit }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const conversation = new Pop3Session(session);
  const { user, password, apop } = chosen;
  const failure = await conversation.begin(security, user === null || password === null ? null : { user, password, apop });
  const asked = failure === null && user !== null ? await session.timed("mailbox", () => stat(conversation)) : { failure, facts: {} };
  await conversation.quit();
  const { banner, capabilities } = conversation;
  const facts = { ...session.facts, ...(banner === "" ? {} : { banner, capabilities }), ...asked.facts };
  const seen = { phases: session.phases, facts, evidence: session.evidence };
  if (asked.failure === null) return { verdict: "up", code: "ok", sentence: `${session.peer} is ready${user === null ? "" : `, and ${user} can log in`}`, ...seen };
  const { code, sentence } = asked.failure;
  return { verdict: conversation.busy ? chosen.busy : verdictOf(code), code, sentence, ...seen };
}

async function stat(conversation: Pop3Session): Promise<{ readonly failure: Failure | null; readonly facts: Facts }> {
  const said = await conversation.demand("STAT");
  if (said.kind === "failed") return { failure: said.failure, facts: {} };
  const numbers = parseStat(said.value.text);
  if (numbers !== null) return { failure: null, facts: numbers };
  return { failure: { code: "protocol", sentence: `${conversation.session.peer} answered STAT without numbers: ${said.value.text.slice(0, 80)}` }, facts: {} };
}
