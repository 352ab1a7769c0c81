import { createHmac } from "node:crypto";
import { z } from "zod";
import { secret, tlsSettings } from "../../dial/options.ts";
import { renderTemplate, templateProblem } from "../../template/liquid.ts";
import type { Channel, Message } from "./channel.ts";
import { documentOf } from "./document.ts";
import { HEADER_VALUE, moreHeaders } from "./http-headers.ts";
import { type HttpRequest, sendHttp } from "./http-send.ts";

const template = z.string().superRefine((text, ctx) => {
  const problem = templateProblem(text, null);
  if (problem !== null) ctx.addIssue({ code: "custom", message: `not a Liquid template: ${problem}` });
});

/** Scheme, host and port: whom it goes to never depends on what is told. */
const ORIGIN = /^https?:\/\/[^/?#{]+(?=[/?#]|$)/i;

/** `Authorization: Basic` (RFC 7617) for `user:password@` in an address; null when they are not well encoded (RFC 3986, section 2.1). */
function loginOf({ username, password }: URL): { readonly authorization?: string } | null {
  if (username === "" && password === "") return {};
  try {
    return { authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}` };
  } catch {
    return null;
  }
}

const url = template
  .refine((text) => ORIGIN.test(text) && URL.canParse(text), "not a web address; write http://HOST/PATH or https://HOST/PATH")
  .refine((text) => !URL.canParse(text) || loginOf(new URL(text)) !== null, "user or password in the address are not well encoded; write % as %25")
  .describe("Address that gets the request, after its host a Liquid template as `body` is: `https://sms.example.com/send?text={{ subject | url_encode }}`; write one with a token in it as ${file:path} or ${env:NAME}. With `user:password@` before the host it logs in by Basic")
  .meta({ secret: true });

const options = z.strictObject({
  url,
  method: z.enum(["POST", "PUT", "PATCH", "GET"]).default("POST").describe("Method of the request; one by GET has no body, and all that it tells stands in its address"),
  headers: moreHeaders(),
  body: template.optional().describe("Liquid template of the body with key, subject, text, alerts and site; the filter `json` quotes a value. Default: all of it as JSON"),
  contentType: z.string().regex(HEADER_VALUE).default("application/json").describe("Content-Type of the body"),
  secret: secret().optional().describe("Signs the body: X-Tocsin-Signature: t=SECONDS,v1=HEX, HMAC-SHA256 over `SECONDS.BODY`"),
  tls: tlsSettings().prefault({}).describe("Settings of TLS for https"),
});

type Options = z.infer<typeof options>;

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY`, so that a receiver can refuse what is forged or old. */
function signature(key: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex")}`;
}

function requestOf({ method, url: address, body }: Options, message: Message): Pick<HttpRequest, "url" | "body"> {
  const document = documentOf(message);
  const asJson = (): string => JSON.stringify(document);
  return { url: new URL(renderTemplate(address, document)), body: method === "GET" ? "" : body === undefined ? asJson() : renderTemplate(body, document) };
}

/** One HTTP request a message. A receiver tells a repeat by `Idempotency-Key`. */
export const webhook: Channel<Options> = {
  type: "webhook",
  about: "Sends each message as one HTTP request, as JSON or by a template, signed when there is a secret",
  source: "RFC 9110; draft-ietf-httpapi-idempotency-key-header",
  options,
  recipients: () => [""],
  send: async (chosen, message, ctx) => {
    let request: Pick<HttpRequest, "url" | "body">;
    try {
      request = requestOf(chosen, message);
    } catch (error) {
      // Not refused: the message waits until the template is mended in the configuration.
      return { kind: "retry", reason: `a template of the request failed: ${error instanceof Error ? error.message : String(error)}`, doubt: false };
    }
    const signed = chosen.secret === undefined ? {} : { "x-tocsin-signature": signature(chosen.secret, request.body, Math.floor(ctx.clock.now() / 1000)) };
    const typed = chosen.method === "GET" ? {} : { "content-type": chosen.contentType };
    const headers = { "user-agent": "Tocsin", ...typed, ...loginOf(request.url), ...chosen.headers, "idempotency-key": ctx.key, "x-tocsin-key": ctx.key, ...signed };
    return sendHttp({ method: chosen.method, headers, tls: chosen.tls, ...request }, ctx);
  },
};
