import { z } from "zod";
import { tlsSettings, webAddress } from "../../dial/options.ts";
import type { Channel, ChannelContext, Message, MessageItem, Sending } from "./channel.ts";
import { moreHeaders } from "./http-headers.ts";
import { sendHttp } from "./http-send.ts";
import { type HttpReply, judgeReply } from "./http-status.ts";
import { judgeEnd } from "./program.ts";

const PROGRAM = "/usr/bin/apprise";

const options = z
  .strictObject({
    server: webAddress().optional().describe("Address of an Apprise API server; without it the apprise program of this machine is run"),
    key: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, "a key is letters, digits, _ and -").meta({ secret: true }).optional().describe("Key of a configuration that the server keeps"),
    urls: z.array(z.string().regex(/^[^\s\0]+$/, "an Apprise URL has no blanks").meta({ secret: true })).min(1).max(100).optional().describe("Apprise URLs to tell; they hold secrets: write them as ${file:path} or ${env:NAME}"),
    config: z.string().regex(/^\//, "write the file's full path").optional().describe("Without a server: file with Apprise's own configuration, readable by Tocsin's user alone").meta({ hostPower: true }),
    tags: z.array(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "a tag is letters, digits, _ and -")).max(50).default([]).describe("Only the URLs of the configuration that have one of these tags"),
    program: z.string().regex(/^\//, "write the program's full path").default(PROGRAM).describe("Without a server: the apprise program").meta({ hostPower: true }),
    headers: moreHeaders(),
    tls: tlsSettings().prefault({}).describe("Settings of TLS for a server with https"),
  })
  .superRefine(({ server, key, urls, config, tags }, ctx) => {
    const wrong = (path: string, message: string, right: string): void => ctx.addIssue({ code: "custom", path: [path], message, params: { right } });
    if (server === undefined && key !== undefined) wrong("key", "a key is for an Apprise API server", "add server: http://HOST:8000/");
    if (server !== undefined && config !== undefined) wrong("config", "a server has no use for a file of this machine", "write key: KEY, or leave the server out");
    if ([key, urls, config].filter((given) => given !== undefined).length !== 1) wrong("urls", "it must be clear whom to tell", `write urls, or ${server === undefined ? "config" : "key"}`);
    if (tags.length > 0 && urls !== undefined) wrong("tags", "URLs that are written here have no tags", "leave the tags out");
  });
type Options = z.output<typeof options>;

const OUTPUT_BYTES = 4096;
/** Apprise's exit codes: at least one URL was not told, and others may have been; none of them has the tags. */
const SOME_FAILED = 1;
const NOBODY = 3;

type Kind = "info" | "success" | "warning" | "failure";

/** The kind of the worst item; services show it as a colour or an icon. */
function kindOf(worst: MessageItem | undefined): Kind {
  if (worst === undefined || worst.alert.kind === "test" || worst.alert.kind === "changed") return "info";
  const { kind, status } = worst.alert;
  if (status === "up" || kind === "recovered" || kind === "channel-mended") return "success";
  return status === "down" ? "failure" : "warning";
}

/** The text without its first line, which is the title. */
const bodyOf = ({ text, subject }: Message): string => text.replace(/^[^\n]*\n*/, "").trimEnd() || subject;

/** Apprise API: 204 where there is nobody to tell; 424 where at least one URL was not told. */
function judge(reply: HttpReply, now: Parameters<typeof judgeReply>[1]): Sending {
  const judged = judgeReply(reply, now);
  if (reply.status === 204) return { kind: "refused", reason: "HTTP 204: the server has no such configuration, or no URL in it" };
  return reply.status === 424 && judged.kind === "refused" ? { kind: "retry", reason: `${judged.reason}; not all URLs were told`, doubt: true } : judged;
}

function askServer(server: string, { key, urls, tags, headers, tls }: Options, message: Message, ctx: ChannelContext): Promise<Sending> {
  const url = new URL(key === undefined ? "notify/" : `notify/${key}/`, server.endsWith("/") ? server : `${server}/`);
  // A comma: any of them.
  const whom = urls === undefined ? (tags.length === 0 ? {} : { tag: tags.join(",") }) : { urls: urls.join(" ") };
  const body = JSON.stringify({ title: message.subject, body: bodyOf(message), type: kindOf(message.items[0]), format: "text", ...whom });
  const all = { "user-agent": "Tocsin", accept: "application/json", ...headers, "content-type": "application/json", "idempotency-key": ctx.key };
  return sendHttp({ method: "POST", url, headers: all, body, tls }, ctx, judge);
}

/** URLs go by the environment, which others of this machine cannot read as they can arguments. */
async function runProgram({ program, urls, config, tags }: Options, message: Message, ctx: ChannelContext): Promise<Sending> {
  const whom = config === undefined ? [] : ["--config", config, ...tags.flatMap((tag) => ["--tag", tag])];
  const environment = { ...ctx.processes.environment, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", ...(urls === undefined ? {} : { APPRISE_URLS: urls.join(" ") }) };
  const command = [program, "-v", "--title", message.subject, "--notification-type", kindOf(message.items[0]), "--input-format", "text", ...whom] as const;
  const end = await ctx.processes.run({ command: [...command], environment, folder: null, input: bodyOf(message), outputLimit: OUTPUT_BYTES, signal: ctx.signal });
  const judged = judgeEnd(program, end);
  const exit = end.kind === "ended" ? end.exit : null;
  if (exit === NOBODY) return { kind: "refused", reason: `${program}: no URL to tell, or none with these tags` };
  return exit === SOME_FAILED && judged.kind === "retry" ? { ...judged, doubt: true } : judged;
}

/** All that Apprise can tell, by its API server or its program. It has no way to tell a repeat. */
export const apprise: Channel<Options> = {
  type: "apprise",
  about: "Tells whatever services Apprise knows, by an Apprise API server or the apprise program",
  source: "Apprise API, /notify and /notify/KEY; apprise(1)",
  options,
  recipients: () => [""],
  send: (chosen, message, ctx) => (chosen.server === undefined ? runProgram(chosen, message, ctx) : askServer(chosen.server, chosen, message, ctx)),
};
