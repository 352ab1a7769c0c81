import { z } from "zod";
import type { AnyChannel, Channel } from "../../alert/channels/channel.ts";
import type { AnyProbe, Probe } from "../../probes/probe.ts";
import { duration, host, port, secret } from "../../dial/options.ts";
import { instant } from "../../core/types.ts";

/** Small probes and channels, so that the tests of loading do not move when the real ones do. */

const nothing = { source: "the tests", facts: {}, run: (): never => fail(), target: (): string => "" };

function fail(): never {
  throw new Error("the tests of loading run no probe");
}

const webOptions = z.strictObject({
  url: z.string().min(1).describe("Address to ask for."),
  method: z.enum(["GET", "HEAD"]).default("GET").describe("What is asked."),
  headers: z.record(z.string(), z.string()).default({}).describe("Headers to send."),
  auth: z.strictObject({ user: z.string(), password: secret().describe("Its password.") }).optional().describe("Credentials."),
});
const web: Probe<z.output<typeof webOptions>> = {
  ...nothing,
  type: "http",
  about: "Asks a web server.",
  options: webOptions,
  facts: { status: { number: true, about: "Status of the answer." }, body: { about: "Text of the answer." }, "certificate.days": { unit: "days", about: "Days to its end." } },
  expect: { status: "200-299" },
  target: (options) => new URL(options.url).host,
  check: (options) => (URL.canParse(options.url) ? null : { path: ["url"], wrong: "`url` is no address", right: "write https://shop.example.com/" }),
};

const portOptions = z.strictObject({ host: host().describe("Whom to ask."), port: port().describe("Where it listens."), wait: duration().optional().describe("Time to wait.") });
const tcp: Probe<z.output<typeof portOptions>> = { ...nothing, type: "tcp", about: "Connects.", options: portOptions, target: (options) => `${options.host}:${options.port}` };

const commandOptions = z.strictObject({ command: z.array(z.string()).min(1).meta({ hostPower: true }).describe("Program and arguments."), environment: z.record(z.string(), z.string()).default({}).describe("Its environment.") });
const script: Probe<z.output<typeof commandOptions>> = { ...nothing, type: "script", about: "Runs a program.", reaches: "outside", options: commandOptions, named: (options) => Object.keys(options.environment) };

const beatOptions = z.strictObject({ within: duration().describe("Time between two."), token: secret().describe("Who may send.") });
const push: Probe<z.output<typeof beatOptions>> = {
  ...nothing,
  type: "push",
  about: "Waits to be told.",
  options: beatOptions,
  passive: { token: (options) => options.token, nextDeadline: (_, from) => instant(from), ofBeat: fail, ofMiss: fail },
  check: (options) => (options.token.length >= 20 ? null : { path: ["token"], wrong: "`token` can be guessed", right: "write at least 20 random characters" }),
};

const channelOptions = z.strictObject({ channel: z.string().describe("Which.") });
const channel: Probe<z.output<typeof channelOptions>> = { ...nothing, type: "channel", about: "Looks at a channel.", options: channelOptions, target: (options) => options.channel, channel: (options) => options.channel };

const group: Probe<Record<string, never>> = { ...nothing, type: "group", about: "Is made of others.", options: z.strictObject({}) };

const mailOptions = z.strictObject({
  to: z.array(z.string().min(3)).min(1).describe("Who is told."),
  smtp: z.strictObject({ host: host(), port: port().default(25), password: secret().optional() }).optional().describe("The mail server."),
});
const email: Channel<z.output<typeof mailOptions>> = { type: "email", about: "Sends mail.", source: "the tests", options: mailOptions, recipients: (options) => options.to, send: fail };
const log: Channel<Record<string, never>> = { type: "log", about: "Writes a line.", source: "the tests", options: z.strictObject({}), recipients: () => [""], send: fail };

const pager: Channel<Record<string, never>> = { ...log, type: "pager", about: "Opens and closes incidents.", keepsOpen: true };

export const probes: readonly AnyProbe[] = [web, tcp, script, push, channel, group];
export const channels: readonly AnyChannel[] = [email, log, pager];
