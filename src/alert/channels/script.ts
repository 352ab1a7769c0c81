import { z } from "zod";
import type { Channel, Message } from "./channel.ts";
import { documentOf } from "./document.ts";
import { judgeEnd } from "./program.ts";

const options = z.strictObject({
  command: z
    .tuple([z.string().min(1)], z.string())
    .describe("Program and arguments, as a list; no shell is involved. Everybody on the machine can read arguments: write secrets into `env`")
    .meta({ hostPower: true }),
  to: z.array(z.string().min(1).max(1000)).max(100).default([]).describe("Recipients: the program runs once for each, with TOCSIN_RECIPIENT set; without any, once"),
  input: z.enum(["json", "text", "none"]).default("json").describe("What the program reads on standard input: the message as a document, as of `webhook`; its text; or nothing"),
  env: z.record(z.string().regex(/^[^=\0]+$/), z.string().regex(/^[^\0]*$/)).default({}).describe("Environment variables beyond those of the message and PATH, HOME, USER, SHELL, TZ, TMPDIR and the C locale").meta({ secret: true, hostPower: true }),
  folder: z.string().min(1).nullable().default(null).describe("Folder it runs in; by default the one that Tocsin runs in").meta({ hostPower: true }),
});
type Options = z.output<typeof options>;

const OUTPUT_BYTES = 4096;
/** The system takes 128 KiB for one variable; what matters is short. */
const VALUE_MAX = 2000;

/** What the message says, as variables; of several troubles it is the worst that stands for all. */
function variablesOf({ key, recipient, subject, items, alerts, site }: Message): { readonly [name: string]: string } {
  const [worst] = items;
  const since = worst === undefined ? "" : new Date((worst.opened ?? worst.alert).since).toISOString();
  const values = {
    KEY: key,
    RECIPIENT: recipient,
    SUBJECT: subject,
    CHECK: worst?.alert.check ?? "",
    TYPE: worst?.type ?? "",
    KIND: worst?.alert.kind ?? "",
    STATUS: worst?.alert.status ?? "",
    SENTENCE: (worst?.opened ?? worst?.alert)?.sentence ?? "",
    SINCE: since,
    LINK: worst?.link ?? "",
    ALERTS: String(alerts.length),
    SITE: site.name,
    VANTAGE: site.vantage,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`TOCSIN_${name}`, value.replaceAll("\0", "").slice(0, VALUE_MAX)]));
}

const inputOf = (input: Options["input"], message: Message): string => (input === "json" ? `${JSON.stringify(documentOf(message))}\n` : input === "text" ? message.text : "");

/** Runs a program for each message; its first line of output is the answer. It tells a repeat by TOCSIN_KEY, or `key` in the document. */
export const script: Channel<Options> = {
  type: "script",
  about: "Runs a program of yours with the message on standard input and in environment variables",
  source: "Tocsin; exit codes as of sysexits.h",
  options,
  recipients: ({ to }) => (to.length === 0 ? [""] : to),
  send: async (chosen, message, ctx) => {
    const environment = { ...ctx.processes.environment, ...variablesOf(message), ...chosen.env };
    const end = await ctx.processes.run({ command: chosen.command, environment, folder: chosen.folder, input: inputOf(chosen.input, message), outputLimit: OUTPUT_BYTES, signal: ctx.signal });
    return judgeEnd(chosen.command[0], end);
  },
};
