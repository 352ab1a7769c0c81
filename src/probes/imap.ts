import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { ImapSession } from "../dial/imap.ts";
import { portOf, securityOf, serverOptions, serverProblem, targetOf } from "../dial/mail-options.ts";
import { verdictOf } from "../dial/outcome.ts";
import { openSession } from "../dial/session.ts";
import type { Failure } from "../sys/ports.ts";
import { folderName, imapString, statusNumbers } from "../wire/imap.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PORTS = { plain: 143, tls: 993 };

const options = z.strictObject({
  ...serverOptions(),
  folder: z.string().min(1).max(500).nullable().default(null).describe("Folder to open, for reading only, after a login: INBOX, or a name with the server's separator").meta({ source: "RFC 9051, section 6.3.3" }),
});

type Options = z.output<typeof options>;

/** One IMAP conversation, by an exchange of its own: libraries keep connections open and hide phases and response codes. */
export const imap: Probe<Options> = {
  type: "imap",
  about: "Talks to an IMAP server, with STARTTLS and login, and opens a folder if wanted",
  source: "RFC 9051 and RFC 3501, sections 6 and 7; RFC 5530 (response codes), RFC 8314 (TLS)",
  options,
  facts: {
    address: { about: "The address that answered" },
    banner: { about: "Text of the greeting" },
    capabilities: { about: "What the server offers in the end, after TLS and login, a list: capabilities.0" },
    preauthenticated: { about: "True when the server greets with PREAUTH" },
    messages: { number: true, about: "Mails in the folder" },
    unseen: { number: true, about: "Mails in the folder that nobody has read" },
    "certificate.days": { unit: "days", about: "Whole days until the first certificate of the chain expires" },
    "certificate.names": { about: "Names the certificate is for" },
    "tls.protocol": { about: "TLSv1.2 or TLSv1.3" },
  },
  target: (chosen) => targetOf(chosen, PORTS),
  check: (chosen) => {
    if (chosen.folder !== null && chosen.user === null) return { path: ["folder"], wrong: "a folder can be opened only after a login, and there is no `user`", right: "write user and password, or leave folder out" };
    return serverProblem(chosen);
  },
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const security = securityOf(chosen);
  const opened = await openSession({ ...chosen, port: portOf(chosen, PORTS), tls: security.implicit }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const conversation = new ImapSession(session);
  const { user, password, folder } = chosen;
  const failure = await conversation.begin(security, user === null || password === null ? null : { user, password });
  const asked = failure === null ? await session.timed("mailbox", () => look(conversation, folder)) : { failure, facts: {} };
  await conversation.logout();
  const { banner, capabilities, preauthenticated } = conversation;
  const facts = { ...session.facts, ...(banner === "" ? {} : { banner, capabilities, preauthenticated }), ...asked.facts };
  const seen = { phases: session.phases, facts, evidence: session.evidence };
  if (asked.failure !== null) return { verdict: verdictOf(asked.failure.code), code: asked.failure.code, sentence: asked.failure.sentence, ...seen };
  const can = user === null ? "" : folder === null ? `, and ${user} can log in` : `, and ${user} can open ${folder}`;
  return { verdict: "up", code: "ok", sentence: `${session.peer} is ready${can}`, ...seen };
}

async function look(conversation: ImapSession, folder: string | null): Promise<{ readonly failure: Failure | null; readonly facts: Facts }> {
  const alive = await conversation.demand("NOOP");
  if (alive.kind === "failed") return { failure: alive.failure, facts: {} };
  if (folder === null) return { failure: null, facts: {} };
  const name = imapString(folderName(folder));
  // Before the folder is opened: RFC 9051, section 6.3.11, wants no STATUS of an open one.
  const counted = await conversation.demand("STATUS", name, "(MESSAGES UNSEEN)");
  if (counted.kind === "failed") return { failure: counted.failure, facts: {} };
  const numbers = counted.value.data.map(statusNumbers).find((found) => found !== null) ?? {};
  const facts: Facts = Object.fromEntries(Object.entries(numbers).filter(([key]) => key === "messages" || key === "unseen"));
  const opened = await conversation.demand("EXAMINE", name);
  return { failure: opened.kind === "failed" ? opened.failure : null, facts };
}
