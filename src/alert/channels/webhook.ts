import { createHmac } from "node:crypto";
import { z } from "zod";
import { secret, tlsSettings } from "../../dial/options.ts";
import { renderTemplate, templateProblem } from "../../template/liquid.ts";
import type { Channel } from "./channel.ts";
import { documentOf } from "./document.ts";
import { HEADER_VALUE, moreHeaders } from "./http-headers.ts";
import { sendHttp } from "./http-send.ts";

const url = z
  .string()
  .refine((text) => URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol), "not a web address; write http://HOST/PATH or https://HOST/PATH")
  .describe("Address that gets the request; write one with a token in it as ${file:path} or ${env:NAME}")
  .meta({ secret: true });

const template = z.string().superRefine((text, ctx) => {
  const problem = templateProblem(text, null);
  if (problem !== null) ctx.addIssue({ code: "custom", message: `not a Liquid template: ${problem}` });
});

const options = z.strictObject({
  url,
  method: z.enum(["POST", "PUT", "PATCH"]).default("POST").describe("Method of the request"),
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

/** One HTTP request a message. A receiver tells a repeat by `Idempotency-Key`. */
export const webhook: Channel<Options> = {
  type: "webhook",
  about: "Sends each message as one HTTP request, as JSON or by a template, signed when there is a secret",
  source: "RFC 9110; draft-ietf-httpapi-idempotency-key-header",
  options,
  recipients: () => [""],
  send: async (chosen, message, ctx) => {
    let body: string;
    try {
      body = chosen.body === undefined ? JSON.stringify(documentOf(message)) : renderTemplate(chosen.body, documentOf(message));
    } catch (error) {
      // Not refused: the message waits until the template is mended in the configuration.
      return { kind: "retry", reason: `the template of the body failed: ${error instanceof Error ? error.message : String(error)}`, doubt: false };
    }
    const signed = chosen.secret === undefined ? {} : { "x-tocsin-signature": signature(chosen.secret, body, Math.floor(ctx.clock.now() / 1000)) };
    const headers = { "user-agent": "Tocsin", "content-type": chosen.contentType, ...chosen.headers, "idempotency-key": ctx.key, "x-tocsin-key": ctx.key, ...signed };
    return sendHttp({ method: chosen.method, url: new URL(chosen.url), headers, body, tls: chosen.tls }, ctx);
  },
};
