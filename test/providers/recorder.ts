import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import { setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnyChannel, ChannelContext, Message, Sending } from "../../src/alert/channels/channel.ts";
import { providers } from "../../src/alert/providers/index.ts";
import { secretPaths } from "../../src/config/shape.ts";
import { realNetwork } from "../../src/sys/real.ts";
import { makeHostCertificate } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { channelContext } from "../channels/message.ts";
import type { Recording, Reply } from "./recording.ts";
import { KEY, NOW, sample } from "./sample.ts";

const bodyOf = (body: string | object): string => (typeof body === "string" ? body : JSON.stringify(body));

/** Headers that every request has and that say nothing of the provider. */
const USUAL: ReadonlySet<string> = new Set(["host", "connection", "content-length", "user-agent"]);

/** A server that speaks for every provider's host: notes what it is asked, and answers as it is told. */
export class Everybody {
  asked: (readonly [line: string, headers: { readonly [name: string]: string }, body: string])[] = [];
  answer: { readonly status: () => number; readonly headers: { readonly [name: string]: string }; readonly body: (whole: string) => string } = { status: () => 200, headers: {}, body: () => "" };
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;

  async start(hosts: readonly string[]): Promise<void> {
    const { authority, host } = await makeHostCertificate(temporaryFolder(), hosts);
    setDefaultCACertificates([authority]);
    this.#server = createServer({ cert: host.cert, key: host.key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const own = Object.entries(request.headers).filter(([name]) => !USUAL.has(name));
        this.asked.push([`${request.method} https://${request.headers.host}${request.url}`, Object.fromEntries(own.map(([name, value]) => [name, String(value)])), body]);
        const { status, headers } = this.answer;
        response.writeHead(status(), { ...headers }).end(this.answer.body(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`));
      });
    });
    this.#server.on("connection", (socket: Socket) => this.#sockets.add(socket));
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => (this.#server === null ? resolve(null) : this.#server.close(resolve)));
  }

  /** The real network, but every name and every port is this server. */
  context(): ChannelContext {
    const base = channelContext();
    const real = realNetwork({ clock: base.clock, random: base.random, resolvers: () => [] });
    const network: ChannelContext["network"] = {
      ...real,
      resolve: () => Promise.resolve({ kind: "resolved", addresses: [{ ip: "127.0.0.1", family: 4 }] }),
      connect: (options) => real.connect({ ...options, ip: "127.0.0.1", port: this.#port }),
    };
    return { ...base, key: KEY, network, clock: { ...base.clock, now: () => NOW }, random: { fraction: () => 0.5, bytes: (count) => new Uint8Array(count).fill(7) } };
  }

  reply([, status, body, { headers = {} } = {}]: Reply): void {
    this.asked = [];
    this.answer = { status: () => status, headers, body: () => bodyOf(body) };
  }
}

/** The channel of a type of the catalogue. */
export const channelFor = (type: string): AnyChannel => {
  const found = providers.find((channel) => channel.type === type);
  if (found === undefined) throw new Error(`no provider ${type}`);
  return found;
};

/** Every text of a recording's options that its schema marks as secret, and the parts of secret addresses. */
function secretsOf(channel: AnyChannel, options: object): readonly string[] {
  const values = secretPaths(channel.options).map(([key = ""]) => (options as { readonly [key: string]: unknown })[key]).filter((value) => typeof value === "string");
  const parts = values.flatMap((value) => (URL.canParse(value) ? [new URL(value).pathname.split("/").at(-1) ?? "", new URL(value).search] : []));
  return [...values, ...parts].filter((value) => value.length > 3);
}

const hostsOf = (recordings: readonly Recording[]): readonly string[] => [...new Set(recordings.flatMap(({ asks }) => Object.values(asks).map(([line]) => new URL(line.split(" ")[1] ?? "").hostname)))];
const named = (body: string | object): string => bodyOf(body).replaceAll(/\s+/g, " ").slice(0, 60);

/** Tests each recording: what is asked, byte for byte; what each documented answer means; and that no answer brings a secret back. */
export function replay(what: string, recordings: readonly Recording[]): void {
  const everybody = new Everybody();
  const say = async ({ type, options }: Recording, message: (recipient: string) => Message): Promise<Sending> => {
    const channel = channelFor(type);
    const chosen = channel.options.parse(options);
    return channel.send(chosen, message(channel.recipients(chosen)[0] ?? ""), everybody.context());
  };
  describeWith(["openssl"], what, () => {
    beforeAll(() => everybody.start(hostsOf(recordings)));
    afterAll(() => everybody.stop());
    for (const recording of recordings) {
      const { type, asks, replies } = recording;
      const [good] = replies;
      if (good === undefined || good[0] !== "sent") throw new Error(`${type}: the first reply is that of success`);
      for (const [event, [line, headers, body]] of Object.entries(asks)) {
        test(`${type}: ${event}`, async () => {
          everybody.reply(good);
          expect(await say(recording, (recipient) => sample(recipient, [{ event }]))).toMatchObject({ kind: "sent" });
          expect(everybody.asked).toEqual([[line, headers, bodyOf(body)]]);
        });
      }
      test.each(replies.map((reply) => [`${type}: ${reply[1]} ${named(reply[2])}: ${reply[0]}`, reply] as const))("%s", async (_, reply) => {
        everybody.reply(reply);
        const [means, , , { afterMs, doubt } = {}] = reply;
        const sending = await say(recording, (recipient) => sample(recipient, [{ event: "outage" }]));
        expect(sending).toMatchObject({ kind: means, ...(means === "retry" ? { doubt: doubt === true } : {}), ...(afterMs === undefined ? {} : { afterMs }) });
      });
      test.each([200, 302, 400, 503])(`${type}: an answer of %i that repeats all brings no secret back`, async (status) => {
        const secrets = secretsOf(channelFor(type), recording.options);
        const line = Object.values(asks)[0]?.[0].split(" ")[1] ?? "";
        everybody.answer = { status: () => status, headers: status === 302 ? { location: line } : {}, body: (whole) => whole };
        const said = JSON.stringify(await say(recording, (recipient) => sample(recipient, [{ event: "outage" }])));
        expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
        expect(said).not.toBe("");
      });
    }
  });
}
