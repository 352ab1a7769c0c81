import { basic, encoded, form, json, type Recording } from "./recording.ts";
import { HTML, KEY, TEXT, TITLE } from "./sample.ts";

const PEOPLE = { from: "tocsin@example.com", to: ["ops@example.com"] };
const HEADERS = { "X-Tocsin-Key": KEY, "Auto-Submitted": "auto-generated" };
const NAMED = '"Example" <tocsin@example.com>';
const TO = [{ email: "ops@example.com" }];
const SENDER = { email: "tocsin@example.com", name: "Example" };

/** Mail through those who send it for others. */
export const mail: readonly Recording[] = [
  {
    type: "email-brevo",
    options: { apiKey: "xkeysib-0123456789abcdef", ...PEOPLE },
    asks: { outage: ["POST https://api.brevo.com/v3/smtp/email", json({ "api-key": "xkeysib-0123456789abcdef", accept: "application/json" }), { sender: SENDER, to: TO, subject: TITLE, textContent: TEXT, htmlContent: HTML, headers: { ...HEADERS, idempotencyKey: "01234567-89ab-cdef-0123-456789abcdef" } }] },
    replies: [
      ["sent", 201, { messageId: "<201798300811.5787683@relay.domain.com>" }],
      ["sent", 400, { code: "duplicate_parameter", message: "duplicate idempotency key" }],
      ["refused", 400, { code: "invalid_parameter", message: "valid sender email required" }],
      ["refused", 401, { code: "unauthorized", message: "Key not found" }],
      ["refused", 402, { code: "not_enough_credits", message: "You do not have enough credits" }],
      ["retry", 429, { code: "too_many_requests", message: "Too many requests" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "email-mailersend",
    options: { apiKey: "mlsn.0123456789abcdef", ...PEOPLE },
    asks: { outage: ["POST https://api.mailersend.com/v1/email", json({ authorization: "Bearer mlsn.0123456789abcdef" }), { from: SENDER, to: TO, subject: TITLE, text: TEXT, html: HTML }] },
    replies: [
      ["sent", 202, ""],
      ["refused", 401, { message: "Unauthenticated." }],
      ["refused", 422, { message: "The from.email domain must be verified in your account to send emails. #MS42207", errors: {} }],
      ["retry", 429, { message: "Too Many Attempts." }, { headers: { "retry-after": "59" }, afterMs: 59_000 }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "email-mailgun",
    options: { apiKey: "key-0123456789abcdef", domain: "mg.example.com", region: "eu", ...PEOPLE },
    asks: {
      outage: [
        "POST https://api.eu.mailgun.net/v3/mg.example.com/messages",
        form(basic("api", "key-0123456789abcdef")),
        encoded({ from: NAMED, to: "ops@example.com", subject: TITLE, text: TEXT, html: HTML, "h:X-Tocsin-Key": KEY, "h:Auto-Submitted": "auto-generated" }),
      ],
    },
    replies: [
      ["sent", 200, { id: "<20111114174239.25659.5817@samples.mailgun.org>", message: "Queued. Thank you." }],
      ["refused", 400, { message: "to parameter is not a valid address. please check documentation" }],
      ["refused", 401, "Forbidden"],
      ["refused", 404, { message: "Domain not found: mg.example.com" }],
      ["retry", 429, { message: "Too many requests" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "email-mailjet",
    options: { apiKey: "0123456789abcdef", secretKey: "fedcba9876543210", ...PEOPLE },
    asks: {
      outage: [
        "POST https://api.mailjet.com/v3.1/send",
        json(basic("0123456789abcdef", "fedcba9876543210")),
        { Messages: [{ From: { Email: "tocsin@example.com", Name: "Example" }, To: [{ Email: "ops@example.com" }], Subject: TITLE, TextPart: TEXT, HTMLPart: HTML, CustomID: KEY, Headers: HEADERS }] },
      ],
    },
    replies: [
      ["sent", 200, { Messages: [{ Status: "success", To: [{ Email: "ops@example.com", MessageID: 456 }] }] }],
      ["refused", 400, { Messages: [{ Status: "error", Errors: [{ ErrorCode: "mj-0013", StatusCode: 400, ErrorMessage: "is an invalid email address." }] }] }],
      ["refused", 401, { StatusCode: 401, ErrorMessage: "API key authentication/authorization failure." }],
      ["retry", 429, { StatusCode: 429, ErrorMessage: "Too many requests" }],
      ["retry", 500, { StatusCode: 500, ErrorMessage: "Internal Server Error" }],
    ],
  },
  {
    type: "email-postmark",
    options: { token: "8a8b1c2d-3e4f-5a6b-7c8d-9e0f1a2b3c4d", ...PEOPLE },
    asks: {
      outage: [
        "POST https://api.postmarkapp.com/email",
        json({ accept: "application/json", "x-postmark-server-token": "8a8b1c2d-3e4f-5a6b-7c8d-9e0f1a2b3c4d" }),
        { From: NAMED, To: "ops@example.com", Subject: TITLE, TextBody: TEXT, HtmlBody: HTML, MessageStream: "outbound", Headers: [{ Name: "X-Tocsin-Key", Value: KEY }, { Name: "Auto-Submitted", Value: "auto-generated" }] },
      ],
    },
    replies: [
      ["sent", 200, { To: "ops@example.com", SubmittedAt: "2014-02-17T07:25:01.4178645-05:00", MessageID: "0a129aee-e1cd-480d-b08d-4f48548ff48d", ErrorCode: 0, Message: "OK" }],
      ["refused", 401, { ErrorCode: 10, Message: "No Account or Server API tokens were supplied in the HTTP headers." }],
      ["refused", 422, { ErrorCode: 406, Message: "You tried to send to recipient(s) that have been marked as inactive." }],
      ["retry", 429, { ErrorCode: 429, Message: "Rate limit exceeded." }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "email-resend",
    options: { apiKey: "re_0123456789abcdef", ...PEOPLE },
    asks: { outage: ["POST https://api.resend.com/emails", json({ authorization: "Bearer re_0123456789abcdef", "idempotency-key": KEY }), { from: NAMED, to: ["ops@example.com"], subject: TITLE, text: TEXT, html: HTML, headers: HEADERS }] },
    replies: [
      ["sent", 200, { id: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" }],
      ["refused", 401, { statusCode: 401, message: "Missing API Key", name: "missing_api_key" }],
      ["refused", 403, { statusCode: 403, message: "The example.com domain is not verified.", name: "validation_error" }],
      ["refused", 409, { statusCode: 409, message: "Same idempotency key used with a different request payload.", name: "invalid_idempotent_request" }],
      ["retry", 409, { statusCode: 409, message: "Same idempotency key used while original request is still in progress.", name: "concurrent_idempotent_requests" }],
      ["retry", 429, { statusCode: 429, message: "Too many requests.", name: "rate_limit_exceeded" }, { headers: { "retry-after": "1" }, afterMs: 1000 }],
      ["retry", 500, { statusCode: 500, message: "Internal server error.", name: "application_error" }],
    ],
  },
  {
    type: "email-sendgrid",
    options: { apiKey: "SG.0123456789abcdef", ...PEOPLE },
    asks: {
      outage: [
        "POST https://api.sendgrid.com/v3/mail/send",
        json({ authorization: "Bearer SG.0123456789abcdef" }),
        { personalizations: [{ to: TO }], from: SENDER, subject: TITLE, content: [{ type: "text/plain", value: TEXT }, { type: "text/html", value: HTML }], headers: HEADERS },
      ],
    },
    replies: [
      ["sent", 202, ""],
      ["refused", 400, { errors: [{ message: "Does not contain a valid address.", field: "personalizations.0.to.0.email" }] }],
      ["refused", 401, { errors: [{ message: "The provided authorization grant is invalid, expired, or revoked" }] }],
      ["refused", 403, { errors: [{ message: "The from address does not match a verified Sender Identity." }] }],
      ["retry", 429, { errors: [{ message: "too many requests" }] }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "email-smtp2go",
    options: { apiKey: "api-0123456789ABCDEF", ...PEOPLE },
    asks: {
      outage: [
        "POST https://api.smtp2go.com/v3/email/send",
        json({ "x-smtp2go-api-key": "api-0123456789ABCDEF", accept: "application/json" }),
        { sender: NAMED, to: ["ops@example.com"], subject: TITLE, text_body: TEXT, html_body: HTML, custom_headers: [{ header: "X-Tocsin-Key", value: KEY }, { header: "Auto-Submitted", value: "auto-generated" }] },
      ],
    },
    replies: [
      ["sent", 200, { request_id: "aa253464", data: { succeeded: 1, failed: 0, failures: [], email_id: "1er8bV" } }],
      ["refused", 200, { request_id: "aa253464", data: { succeeded: 0, failed: 1, failures: ["ops@example.com"] } }],
      ["refused", 400, { request_id: "aa253464", data: { error: "The API Key passed was not found", error_code: "E_ApiResponseCodes.ENDPOINT_PERMISSION_DENIED" } }],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "email-sparkpost",
    options: { apiKey: "14ac5499cfdd2bb2859e4476d2e5b1d2bad079bf", region: "eu", ...PEOPLE },
    asks: {
      outage: [
        "POST https://api.eu.sparkpost.com/api/v1/transmissions",
        json({ authorization: "14ac5499cfdd2bb2859e4476d2e5b1d2bad079bf" }),
        { options: { transactional: true }, recipients: [{ address: { email: "ops@example.com" } }], content: { from: SENDER, subject: TITLE, text: TEXT, html: HTML, headers: HEADERS } },
      ],
    },
    replies: [
      ["sent", 200, { results: { total_rejected_recipients: 0, total_accepted_recipients: 1, id: "11668787484950529" } }],
      ["refused", 200, { results: { total_rejected_recipients: 1, total_accepted_recipients: 0, id: "11668787484950529" } }],
      ["refused", 400, { errors: [{ message: "Invalid domain", code: "7001", description: "Unconfigured Sending Domain <example.com>" }] }],
      ["refused", 401, { errors: [{ message: "Unauthorized." }] }],
      ["retry", 420, { errors: [{ message: "Exceed Sending Limit (hourly)", code: "2102" }] }],
      ["retry", 429, { errors: [{ message: "Too many requests" }] }],
      ["retry", 503, ""],
    ],
  },
];
