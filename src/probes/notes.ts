import { z } from "zod";
import type { Facts } from "../core/types.ts";
import { dial } from "../dial/dial.ts";
import { Dialogue, type Read } from "../dial/dialogue.ts";
import { family, host, port, sourceAddress } from "../dial/options.ts";
import { evidenceOf, printable, tenth, verdictOf } from "../dial/outcome.ts";
import type { Failure } from "../sys/ports.ts";
import { NOTES_REQUEST, abbreviated, decodeNotes, notesLength } from "../wire/notes.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().default(1352).describe("TCP port"),
  name: z.string().trim().min(1).max(256).nullable().default(null).describe("Name that the server must have: Mail01/Acme or CN=Mail01/O=Acme, in any case; any by default"),
  family: family(),
  source: sourceAddress(),
});
type Options = z.output<typeof options>;

/** Notes: the server answers the first message of its protocol. An exchange of our own, there being no library: one message each way; nobody signs in. */
export const notes: Probe<Options> = {
  type: "notes",
  about: "Asks a Domino server over Notes RPC, and looks whether it has the right name",
  source: "No public standard; the exchange that nmap knows (nmap-service-probes, NotesRPC). Proven against a fake built from it, not against Domino",
  options,
  facts: {
    name: { about: "The server's name: CN=Mail01/O=Acme" },
    abbreviated: { about: "The same as people write it: Mail01/Acme" },
    address: { about: "The address that answered" },
  },
  target: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
  run,
};

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const dialed = await dial(chosen, ctx);
  const attempts = dialed.attempts.join("\n");
  if (dialed.kind === "failed") return { verdict: verdictOf(dialed.failure.code), ...dialed.failure, phases: dialed.phases, facts: {}, evidence: evidenceOf({ attempts }) };
  const dialogue = new Dialogue(dialed.socket, { peer: `${chosen.host} port ${chosen.port}`, signal: ctx.signal, clock: ctx.clock });
  const begun = ctx.clock.monotonic();
  dialogue.write(NOTES_REQUEST);
  const message = await answer(dialogue);
  dialogue.close();
  const phases = { ...dialed.phases, answer: tenth(ctx.clock.monotonic() - begun) };
  const { sent, received } = dialogue.transcript;
  const evidence = evidenceOf({ attempts, sent, received });
  const address: Facts = { address: dialed.address.ip };
  const down = (failure: Failure, facts: Facts): Outcome => ({ verdict: verdictOf(failure.code), ...failure, phases, facts, evidence });
  if (message.kind === "failed") return down(message.failure, address);
  const decoded = decodeNotes(message.value);
  if (decoded.kind === "bad") return down({ code: "protocol", sentence: `the server sent ${decoded.reason}` }, address);
  const name = printable(decoded.name);
  const facts = name === "" ? address : { ...address, name, abbreviated: abbreviated(name) };
  if (chosen.name !== null && name === "") return down({ code: "mismatch", sentence: `the server told no name, wanted ${chosen.name}` }, facts);
  if (chosen.name !== null && !same(name, chosen.name)) return down({ code: "mismatch", sentence: `the server is ${abbreviated(name)}, wanted ${abbreviated(chosen.name)}` }, facts);
  return { verdict: "up", code: "ok", sentence: name === "" ? "answered, without a name" : `${abbreviated(name)} answered`, phases, facts, evidence };
}

const same = (one: string, other: string): boolean => abbreviated(one).toLowerCase() === abbreviated(other).toLowerCase();

/** One message, its length (at most 64 KiB) included. */
async function answer(dialogue: Dialogue): Promise<Read<Uint8Array>> {
  const head = await dialogue.take(2);
  if (head.kind === "failed") return head;
  const rest = await dialogue.take(notesLength(head.value));
  return rest.kind === "failed" ? rest : { kind: "read", value: Buffer.concat([head.value, rest.value]) };
}
