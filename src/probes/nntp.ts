import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { type MailServer, portOf, securityOf, serverOptions, serverProblem, targetOf } from "../dial/mail-options.ts";
import { NntpSession } from "../dial/nntp.ts";
import { verdictOf } from "../dial/outcome.ts";
import { connectionFacts } from "../dial/service-options.ts";
import { openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { parseGroup } from "../wire/nntp.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORTS = { plain: 119, tls: 563 };
const options = z.strictObject({
  ...serverOptions(),
  group: z
    .string()
    .regex(/^[^\s\p{Cc}*?![\]\\,]{1,400}$/u, "write the name of one newsgroup: comp.lang.misc")
    .nullable()
    .default(null)
    .describe("A newsgroup that must be there; its articles are counted")
    .meta({ source: "RFC 3977, section 6.1.1" }),
});
type Options = z.output<typeof options>;

/** One NNTP conversation, by an exchange of its own: it is a handful of lines, and no kept library tells the phases. */
export const nntp: Probe<Options> = {
  type: "nntp",
  about: "Talks to a news server (NNTP), with STARTTLS and login, and looks for a newsgroup",
  source: "RFC 3977; RFC 4642 and 8143 (TLS), RFC 4643 (AUTHINFO)",
  options,
  facts: {
    banner: { about: "Text of the greeting" },
    posting: { about: "Whether articles may be posted, as the server says: true or false" },
    capabilities: { about: "What the last answer to CAPABILITIES offered, a list: capabilities.0" },
    articles: { number: true, about: "Articles in the newsgroup, as the server estimates" },
    first: { number: true, about: "Number of the first article in the newsgroup" },
    last: { number: true, about: "Number of the last article in the newsgroup; it only grows" },
    ...connectionFacts,
  },
  target: (chosen) => targetOf(chosen, PORTS),
  check: problemOf,
  run,
};

function problemOf(chosen: MailServer): ReturnType<typeof serverProblem> {
  const name = (["user", "password"] as const).find((field) => /\p{Cc}/u.test(chosen[field] ?? ""));
  if (name !== undefined) return { path: [name], wrong: "NNTP cannot send control characters", right: "leave them out; a file with the password must end after it" };
  return serverProblem(chosen);
}

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const security = securityOf(chosen);
  const opened = await openSession({ ...chosen, port: portOf(chosen, PORTS), tls: security.implicit }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const conversation = new NntpSession(session);
  const { user, password, group } = chosen;
  const login = user === null || password === null ? null : { user, password };
  const failure = await conversation.begin({ security, login, reading: login !== null || group !== null });
  const asked = failure === null && group !== null ? await session.timed("group", () => look(conversation, group)) : { failure, facts: {} };
  await conversation.quit();
  const { banner, posting, capabilities } = conversation;
  const facts = { ...session.facts, ...(posting === null ? {} : { banner, posting, capabilities }), ...asked.facts };
  const seen = { phases: session.phases, facts, evidence: session.evidence };
  if (asked.failure !== null) return { verdict: verdictOf(asked.failure.code), ...asked.failure, ...seen };
  const more = `${user === null ? "" : `, ${user} can log in`}${group === null ? "" : `, ${group} is there`}`;
  return { verdict: "up", code: "ok", sentence: `${session.peer} serves news${more}`, ...seen };
}

async function look(conversation: NntpSession, group: string): Promise<{ readonly failure: Failure | null; readonly facts: Facts }> {
  const said = await conversation.command(`GROUP ${group}`);
  if (said.kind === "failed") return { failure: said.failure, facts: {} };
  const { peer } = conversation.session;
  if (said.value.code === 411) return { failure: { code: "mismatch", sentence: `${peer} has no newsgroup ${group}` }, facts: {} };
  if (said.value.code !== 211) return { failure: conversation.refusal(`GROUP ${group}`, said.value), facts: {} };
  const numbers = parseGroup(said.value.text);
  if (numbers !== null) return { failure: null, facts: numbers };
  return { failure: { code: "protocol", sentence: `${peer} answered GROUP without numbers: ${said.value.text.slice(0, 80)}` }, facts: {} };
}
