import { z } from "zod";
import { NO_PAGE } from "./answer.ts";
import { address, basic, bearer, token, uuidOf } from "./options.ts";
import { provider, type View } from "./provider.ts";

const sender = () => address().describe("Sender, an address that the provider has verified");
const recipients = () => z.array(address()).min(1).max(100).describe("Recipients; each gets a mail of its own");
const htmlOf = (view: View): string | undefined => (view.html === "" ? undefined : view.html);
/** As in mails of the channel `email`. */
const headersOf = (view: View): { readonly "X-Tocsin-Key": string; readonly "Auto-Submitted": string } => ({ "X-Tocsin-Key": view.key, "Auto-Submitted": "auto-generated" });
const named = (view: View, from: string): string => `"${view.site.name.replaceAll(/["\\\p{Cc}]/gu, "")}" <${from}>`;

export const brevo = provider({
  type: "email-brevo",
  about: "Sends mail through Brevo, which takes a message repeated within half an hour once",
  source: "https://developers.brevo.com/reference/sendtransacemail",
  options: () => z.strictObject({ apiKey: token("API key"), from: sender(), to: recipients() }),
  key: "idempotencyKey",
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({
    url: "https://api.brevo.com/v3/smtp/email",
    headers: { "api-key": apiKey, accept: "application/json" },
    json: { sender: { email: from, name: view.site.name }, to: [{ email: view.recipient }], subject: view.title, textContent: view.text, htmlContent: htmlOf(view), headers: { ...headersOf(view), idempotencyKey: uuidOf(view.key) } },
  }),
  // A key that it has seen within half an hour.
  answer: { taken: { at: "messageId", is: [/./] }, already: { at: "code", is: ["duplicate_parameter"] } },
});

export const mailersend = provider({
  type: "email-mailersend",
  about: "Sends mail through MailerSend",
  source: "https://developers.mailersend.com/api/v1/email.html",
  options: () => z.strictObject({ apiKey: token("API token"), from: sender(), to: recipients() }),
  key: null,
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({ url: "https://api.mailersend.com/v1/email", headers: bearer(apiKey), json: { from: { email: from, name: view.site.name }, to: [{ email: view.recipient }], subject: view.title, text: view.text, html: htmlOf(view) } }),
  answer: { taken: NO_PAGE },
});

export const mailgun = provider({
  type: "email-mailgun",
  about: "Sends mail through Mailgun",
  source: "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages",
  options: () => z.strictObject({ apiKey: token("Sending or private API key"), domain: z.string().regex(/^[\w.-]+$/, "a domain: mg.example.com").describe("Domain to send from"), region: z.enum(["us", "eu"]).default("us").describe("Where the domain lives"), from: sender(), to: recipients() }),
  key: "X-Tocsin-Key",
  to: (options) => options.to,
  say: ({ apiKey, domain, region, from }, view) => {
    const headers = Object.fromEntries(Object.entries(headersOf(view)).map(([name, value]) => [`h:${name}`, value]));
    return { url: `https://api.${region === "eu" ? "eu." : ""}mailgun.net/v3/${domain}/messages`, headers: basic("api", apiKey), form: { from: named(view, from), to: view.recipient, subject: view.title, text: view.text, html: htmlOf(view), ...headers } };
  },
  answer: { taken: { at: "id", is: [/./] } },
});

export const mailjet = provider({
  type: "email-mailjet",
  about: "Sends mail through Mailjet",
  source: "https://dev.mailjet.com/email/guides/send-api-v31/",
  options: () => z.strictObject({ apiKey: token("API key"), secretKey: token("Secret key"), from: sender(), to: recipients() }),
  key: "CustomID",
  to: (options) => options.to,
  say: ({ apiKey, secretKey, from }, view) => ({
    url: "https://api.mailjet.com/v3.1/send",
    headers: basic(apiKey, secretKey),
    json: { Messages: [{ From: { Email: from, Name: view.site.name }, To: [{ Email: view.recipient }], Subject: view.title, TextPart: view.text, HTMLPart: htmlOf(view), CustomID: view.key, Headers: headersOf(view) }] },
  }),
  answer: { taken: { at: "Messages.*.Status", is: ["success"] } },
});

export const postmark = provider({
  type: "email-postmark",
  about: "Sends mail through Postmark",
  source: "https://postmarkapp.com/developer/api/email-api",
  options: () => z.strictObject({ token: token("Server API token"), stream: z.string().min(1).default("outbound").describe("Message stream"), from: sender(), to: recipients() }),
  key: "X-Tocsin-Key",
  to: (options) => options.to,
  say: ({ token, stream, from }, view) => ({
    url: "https://api.postmarkapp.com/email",
    headers: { accept: "application/json", "x-postmark-server-token": token },
    json: { From: named(view, from), To: view.recipient, Subject: view.title, TextBody: view.text, HtmlBody: htmlOf(view), MessageStream: stream, Headers: Object.entries(headersOf(view)).map(([Name, Value]) => ({ Name, Value })) },
  }),
  answer: { taken: { at: "ErrorCode", is: [0] } },
});

export const resend = provider({
  type: "email-resend",
  about: "Sends mail through Resend, which takes a repeated message once",
  source: "https://resend.com/docs/api-reference/emails/send-email",
  options: () => z.strictObject({ apiKey: token("API key"), from: sender(), to: recipients() }),
  key: "Idempotency-Key",
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({
    url: "https://api.resend.com/emails",
    headers: { ...bearer(apiKey), "idempotency-key": view.key },
    json: { from: named(view, from), to: [view.recipient], subject: view.title, text: view.text, html: htmlOf(view), headers: headersOf(view) },
  }),
  // The first try is still under way.
  answer: { taken: { at: "id", is: [/./] }, passing: { at: "name", is: ["concurrent_idempotent_requests"] } },
});

export const sendgrid = provider({
  type: "email-sendgrid",
  about: "Sends mail through SendGrid",
  source: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
  options: () => z.strictObject({ apiKey: token("API key that may send mail"), region: z.enum(["global", "eu"]).default("global").describe("Where mails are handled"), from: sender(), to: recipients() }),
  key: "X-Tocsin-Key",
  to: (options) => options.to,
  say: ({ apiKey, region, from }, view) => {
    const content = [{ type: "text/plain", value: view.text }, ...(view.html === "" ? [] : [{ type: "text/html", value: view.html }])];
    const json = { personalizations: [{ to: [{ email: view.recipient }] }], from: { email: from, name: view.site.name }, subject: view.title, content, headers: headersOf(view) };
    return { url: `https://api.${region === "eu" ? "eu." : ""}sendgrid.com/v3/mail/send`, headers: bearer(apiKey), json };
  },
  answer: { taken: NO_PAGE },
});

export const smtp2go = provider({
  type: "email-smtp2go",
  about: "Sends mail through SMTP2GO",
  source: "https://developers.smtp2go.com/reference/send-standard-email",
  options: () => z.strictObject({ apiKey: token("API key"), from: sender(), to: recipients() }),
  key: "X-Tocsin-Key",
  to: (options) => options.to,
  say: ({ apiKey, from }, view) => ({
    url: "https://api.smtp2go.com/v3/email/send",
    headers: { "x-smtp2go-api-key": apiKey, accept: "application/json" },
    json: { sender: named(view, from), to: [view.recipient], subject: view.title, text_body: view.text, html_body: htmlOf(view), custom_headers: Object.entries(headersOf(view)).map(([header, value]) => ({ header, value })) },
  }),
  answer: { taken: { at: "data.succeeded", is: [1] } },
});

export const sparkpost = provider({
  type: "email-sparkpost",
  about: "Sends mail through SparkPost",
  source: "https://developers.sparkpost.com/api/transmissions/",
  options: () => z.strictObject({ apiKey: token("API key with the right to write transmissions"), region: z.enum(["us", "eu"]).default("us").describe("Where the account lives"), from: sender(), to: recipients() }),
  key: "X-Tocsin-Key",
  to: (options) => options.to,
  say: ({ apiKey, region, from }, view) => ({
    url: `https://api.${region === "eu" ? "eu." : ""}sparkpost.com/api/v1/transmissions`,
    headers: { authorization: apiKey },
    json: { options: { transactional: true }, recipients: [{ address: { email: view.recipient } }], content: { from: { email: from, name: view.site.name }, subject: view.title, text: view.text, html: htmlOf(view), headers: headersOf(view) } },
  }),
  // 420: the limit of the hour or day is reached.
  answer: { statuses: { 420: "retry" }, taken: { at: "results.total_accepted_recipients", is: [1] } },
});
