import { basic, encoded, form, json, type Recording } from "./recording.ts";
import { FOREIGN_SMS, SMS } from "./sample.ts";

const TWILIO = { account: `AC${"0".repeat(32)}`, token: "f25a21f5a0e14ae1a7d4d0d5ef2c0f6b", to: ["+15558675310"] };
const TO = { to: ["+15550100"] };
/** UCS-2, as hexadecimal digits. */
const FOREIGN_HEX = Array.from(FOREIGN_SMS, (sign) => sign.charCodeAt(0).toString(16).padStart(4, "0")).join("");
const KEY32 = "0123456789abcdef0123456789abcdef";

/** SMS through gateways. */
export const sms: readonly Recording[] = [
  {
    type: "sms-46elks",
    options: { user: "u0123456789abcdef", password: "9E4F1C2B7A8D", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://api.46elks.com/a1/sms", form(basic("u0123456789abcdef", "9E4F1C2B7A8D")), encoded({ from: "Tocsin", to: "+15550100", message: SMS })] },
    replies: [
      ["sent", 200, { status: "created", direction: "outgoing", from: "Tocsin", to: "+15550100", id: "s70df59406a1b4643b96f3f91e0bfb7b0", cost: 3500 }],
      ["refused", 400, "Invalid to number"],
      ["refused", 401, "API access requires Basic HTTP authentication"],
      ["refused", 403, "Not enough credits"],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-africastalking",
    options: { user: "example", apiKey: "atsk_0123456789abcdef", from: "TOCSIN", ...TO },
    asks: { outage: ["POST https://api.africastalking.com/version1/messaging", form({ accept: "application/json", apikey: "atsk_0123456789abcdef" }), encoded({ username: "example", to: "+15550100", message: SMS, from: "TOCSIN" })] },
    replies: [
      ["sent", 201, { SMSMessageData: { Message: "Sent to 1/1 Total Cost: KES 0.8000", Recipients: [{ statusCode: 101, number: "+15550100", status: "Success", cost: "KES 0.8000", messageId: "ATPid_SampleTxnId123" }] } }],
      ["refused", 201, { SMSMessageData: { Message: "Sent to 0/1 Total Cost: 0", Recipients: [{ statusCode: 403, number: "+15550100", status: "InvalidPhoneNumber", cost: "0", messageId: "None" }] } }],
      ["refused", 201, { SMSMessageData: { Message: "InvalidSenderId", Recipients: [] } }],
      ["refused", 401, "The supplied authentication is invalid"],
      ["retry", 201, { SMSMessageData: { Message: "Sent to 0/1 Total Cost: 0", Recipients: [{ statusCode: 501, number: "+15550100", status: "GatewayError" }] } }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-aspsms",
    options: { user: "XYZ123ABC456", password: "secretpwd1", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://json.aspsms.com/SendSimpleTextSMS", json(), { UserName: "XYZ123ABC456", Password: "secretpwd1", Originator: "Tocsin", Recipients: ["+15550100"], MessageText: SMS }] },
    replies: [
      ["sent", 200, { StatusCode: "1", StatusInfo: "OK" }],
      ["refused", 200, { StatusCode: "3", StatusInfo: "Authorization failed." }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-bird",
    options: { accessKey: "0123456789abcdef", workspace: "a1405560-c8d3-4b1a-877d-3f449ad95352", channel: "16c6ae26-8a4d-5c1f-9d5b-7c5c5a9d8a1e", ...TO },
    asks: {
      outage: [
        "POST https://api.bird.com/workspaces/a1405560-c8d3-4b1a-877d-3f449ad95352/channels/16c6ae26-8a4d-5c1f-9d5b-7c5c5a9d8a1e/messages",
        json({ authorization: "AccessKey 0123456789abcdef" }),
        { receiver: { contacts: [{ identifierKey: "phonenumber", identifierValue: "+15550100" }] }, body: { type: "text", text: { text: SMS } } },
      ],
    },
    replies: [
      ["sent", 202, { id: "d20b8ec5-7b2c-4ae1-9d1b-1e2f3a4b5c6d", status: "accepted" }],
      ["refused", 401, { code: "Unauthorized", message: "Unauthorized" }],
      ["refused", 404, { code: "NotFound", message: "Not found" }],
      ["refused", 422, { code: "InvalidPayload", message: "One or more fields were invalid" }],
      ["retry", 429, { code: "TooManyRequests", message: "Too many requests" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-bulksms",
    options: { tokenId: "6E4F1C2B", tokenSecret: "a9f1!xY", ...TO },
    asks: { outage: ["POST https://api.bulksms.com/v1/messages", json(basic("6E4F1C2B", "a9f1!xY")), { to: "+15550100", body: SMS, encoding: "TEXT" }], foreign: ["POST https://api.bulksms.com/v1/messages", json(basic("6E4F1C2B", "a9f1!xY")), { to: "+15550100", body: FOREIGN_SMS, encoding: "UNICODE" }] },
    replies: [
      ["sent", 201, [{ id: "14d6f8ed", type: "SENT", to: "15550100", status: { id: "ACCEPTED.null", type: "ACCEPTED" } }]],
      ["refused", 400, { type: "https://developer.bulksms.com/json/v1/errors#bad-request", title: "Bad Request", status: 400, detail: "Invalid 'to'" }],
      ["refused", 401, { type: "https://developer.bulksms.com/json/v1/errors#unauthorized", title: "Unauthorized", status: 401 }],
      ["refused", 403, { type: "https://developer.bulksms.com/json/v1/errors#insufficient-credits", title: "Insufficient Credits", status: 403 }],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-central",
    options: { user: "example", password: "sesame 7", ...TO },
    asks: { outage: ["POST https://my.smscentral.com.au/api/v3.2", form(), encoded({ ACTION: "send", USERNAME: "example", PASSWORD: "sesame 7", ORIGINATOR: "shared", RECIPIENT: "15550100", MESSAGE_TEXT: SMS })] },
    replies: [
      ["sent", 200, "0"],
      ["refused", 200, "500"],
      ["refused", 200, "513"],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-clickatell",
    options: { apiKey: "S9Zb3XkqQ0mVwT7yLr4nPA==", from: "+15550199", ...TO },
    asks: { outage: ["POST https://platform.clickatell.com/v1/message", json({ authorization: "S9Zb3XkqQ0mVwT7yLr4nPA==", accept: "application/json" }), { messages: [{ channel: "sms", to: "15550100", from: "15550199", content: SMS }] }] },
    replies: [
      ["sent", 202, { messages: [{ apiMessageId: "a248138c9b1244bd8ad4e5d8c5d7b7bd", accepted: true, to: "15550100", error: null }], error: null }],
      ["refused", 207, { messages: [{ apiMessageId: null, accepted: false, to: "15550100", error: { code: 25, description: "Invalid or missing destination address" } }], error: null }],
      ["refused", 400, { messages: [], error: { code: 15, description: "Invalid JSON" } }],
      ["refused", 401, { messages: [], error: { code: 1, description: "Invalid or missing integration API Key" } }],
      ["retry", 207, { messages: [{ apiMessageId: null, accepted: false, to: "15550100", error: { code: 43, description: "Throttled" } }], error: null }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-clickatell-legacy",
    most: 640,
    options: { user: "monsta", password: "sesame 7", apiId: "3474123", from: "+15550199", ...TO },
    asks: { outage: ["POST https://api.clickatell.com/http/sendmsg", form(), encoded({ user: "monsta", password: "sesame 7", api_id: "3474123", to: "15550100", from: "15550199", text: SMS })], foreign: ["POST https://api.clickatell.com/http/sendmsg", form(), encoded({ user: "monsta", password: "sesame 7", api_id: "3474123", to: "15550100", from: "15550199", unicode: "1", concat: "3", text: FOREIGN_HEX })] },
    replies: [
      ["sent", 200, "ID: 205e85d0578314037a96175249fc6a2b"],
      ["refused", 200, "ERR: 001, Authentication failed"],
      ["refused", 200, "ERR: 105, Invalid Destination Address"],
      ["refused", 200, "ERR: 301, No Credit Left"],
      ["retry", 200, "ERR: 901, Internal error. Please retry"],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-clicksend",
    options: { user: "example", apiKey: "4D3C2B1A-0F9E", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://rest.clicksend.com/v3/sms/send", json(basic("example", "4D3C2B1A-0F9E")), { messages: [{ source: "tocsin", to: "+15550100", from: "Tocsin", body: SMS }] }] },
    replies: [
      ["sent", 200, { http_code: 200, response_code: "SUCCESS", response_msg: "Messages queued for delivery.", data: { total_count: 1, queued_count: 1, messages: [{ to: "+15550100", status: "SUCCESS" }] } }],
      ["refused", 200, { http_code: 200, response_code: "SUCCESS", data: { messages: [{ to: "+15550100", status: "INVALID_RECIPIENT" }] } }],
      ["refused", 200, { http_code: 200, response_code: "SUCCESS", data: { messages: [{ to: "+15550100", status: "INSUFFICIENT_CREDIT" }] } }],
      ["refused", 401, { http_code: 401, response_code: "UNAUTHORIZED", response_msg: "Authorization failed.", data: null }],
      ["retry", 429, { http_code: 429, response_code: "TOO_MANY_REQUESTS", data: null }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-cloudkinnekt",
    options: { apiKey: "ck_0123456789abcdef", ...TO },
    asks: { outage: ["POST https://sms-api.cloudkinnekt.au/smsp-in", form({ authorization: "Bearer ck_0123456789abcdef" }), encoded({ originator: "dedicated", mobile_number: "+15550100", concatenated: "true", utf: "true", text: SMS })] },
    replies: [
      ["sent", 200, ""],
      ["refused", 401, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-freemobile",
    options: { user: "12345678", password: "aB3dE5fG7hI9jK" },
    asks: { outage: [`GET https://smsapi.free-mobile.fr/sendmsg?${encoded({ user: "12345678", pass: "aB3dE5fG7hI9jK", msg: SMS })}`, {}, ""] },
    replies: [
      ["sent", 200, ""],
      ["refused", 400, ""],
      ["refused", 403, ""],
      ["retry", 402, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-gatewayapi",
    options: { token: "GoGenerateAnApiToken", region: "eu", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://gatewayapi.eu/rest/mtsms", json({ authorization: "Token GoGenerateAnApiToken" }), { sender: "Tocsin", message: SMS, encoding: "UTF8", recipients: [{ msisdn: "15550100" }], userref: KEY32 }], foreign: ["POST https://gatewayapi.eu/rest/mtsms", json({ authorization: "Token GoGenerateAnApiToken" }), { sender: "Tocsin", message: FOREIGN_SMS, encoding: "UCS2", recipients: [{ msisdn: "15550100" }], userref: KEY32 }] },
    replies: [
      ["sent", 200, { ids: [421332671], usage: { countries: { US: 1 }, currency: "EUR", total_cost: 0.01 } }],
      ["refused", 401, { code: "0x0102", incident_uuid: "d8127429", message: "Unauthorized IP-address", variables: [] }],
      ["refused", 403, { code: "0x0216", incident_uuid: "d8127429", message: "Insufficient credit", variables: [] }],
      ["refused", 422, { code: "0x0308", incident_uuid: "d8127429", message: "Invalid MSISDN", variables: [] }],
      ["retry", 429, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-httpsms",
    options: { apiKey: "uk_0123456789abcdef", from: "+15550199", ...TO },
    asks: { outage: ["POST https://api.httpsms.com/v1/messages/send", json({ "x-api-key": "uk_0123456789abcdef" }), { from: "+15550199", to: "+15550100", content: SMS }] },
    replies: [
      ["sent", 200, { data: { id: "32343a19", status: "pending" }, message: "message added to queue", status: "success" }],
      ["refused", 400, { data: "The request body is not a valid JSON string", message: "The request isn't properly formed", status: "error" }],
      ["refused", 401, { data: "Make sure your API key is set in the [X-API-Key] header in the request", message: "You are not authorized to carry out this request.", status: "error" }],
      ["refused", 422, { data: { to: ["The to field is not valid"] }, message: "validation errors while sending message", status: "error" }],
      ["retry", 500, { message: "We ran into an internal error while handling the request.", status: "error" }],
    ],
  },
  {
    type: "sms-kannel",
    options: { url: "https://sms.example.com:13013", user: "tocsin", password: "sesame 7", from: "Tocsin", ...TO },
    asks: { outage: [`GET https://sms.example.com:13013/cgi-bin/sendsms?${encoded({ username: "tocsin", password: "sesame 7", from: "Tocsin", to: "+15550100", text: SMS, charset: "UTF-8" })}`, {}, ""], foreign: [`GET https://sms.example.com:13013/cgi-bin/sendsms?${encoded({ username: "tocsin", password: "sesame 7", from: "Tocsin", to: "+15550100", text: FOREIGN_SMS, charset: "UTF-8", coding: "2" })}`, {}, ""] },
    replies: [
      ["sent", 202, "0: Accepted for delivery"],
      ["sent", 202, "3: Queued for later delivery"],
      ["refused", 403, "Authorization failed for sendsms"],
      ["retry", 503, "Temporal failure, try again later."],
    ],
  },
  {
    type: "sms-messagebird",
    options: { accessKey: "live_0123456789abcdef", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://rest.messagebird.com/messages", json({ authorization: "AccessKey live_0123456789abcdef" }), { originator: "Tocsin", recipients: ["15550100"], body: SMS, datacoding: "auto", reference: KEY32 }] },
    replies: [
      ["sent", 201, { id: "e8077d803532c0b5937c639b60216938", recipients: { totalCount: 1, totalSentCount: 1, items: [{ recipient: 15550100, status: "sent" }] } }],
      ["refused", 401, { errors: [{ code: 2, description: "Request not allowed (incorrect access_key)", parameter: "access_key" }] }],
      ["refused", 422, { errors: [{ code: 9, description: "no (correct) recipients found", parameter: "recipient" }] }],
      ["retry", 429, ""],
      ["retry", 500, { errors: [{ code: 99, description: "internal error", parameter: null }] }],
    ],
  },
  {
    type: "sms-plivo",
    options: { authId: "MAXXXXXXXXXXXXXXXXXX", authToken: "ZTk3Y2Q4ZmEtMTIzNC00", from: "+15550199", ...TO },
    asks: { outage: ["POST https://api.plivo.com/v1/Account/MAXXXXXXXXXXXXXXXXXX/Message/", json(basic("MAXXXXXXXXXXXXXXXXXX", "ZTk3Y2Q4ZmEtMTIzNC00")), { src: "+15550199", dst: "+15550100", text: SMS }] },
    replies: [
      ["sent", 202, { api_id: "db3ce55a", message: "message(s) queued", message_uuid: ["db3ce55a-7f1d-11e1-8ea7-1231380bc196"] }],
      ["refused", 400, { api_id: "db3ce55a", error: "dst is invalid" }],
      ["refused", 401, "Could not verify your access level for that URL."],
      ["retry", 429, ""],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-seven",
    options: { apiKey: "sev_0123456789abcdef", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://gateway.seven.io/api/sms", json({ "x-api-key": "sev_0123456789abcdef", accept: "application/json" }), { to: "15550100", from: "Tocsin", text: SMS }] },
    replies: [
      ["sent", 200, { success: "100", total_price: 0.075, messages: [{ id: "77149138848", recipient: "15550100", success: true, error: null, error_text: null }] }],
      ["refused", 200, { success: "500", messages: [] }],
      ["refused", 200, { success: "100", messages: [{ recipient: "15550100", success: false, error: "202", error_text: "invalid number" }] }],
      ["refused", 401, "900"],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-sinch",
    options: { plan: KEY32, token: "sinch_0123456789abcdef", region: "eu", from: "+15550199", ...TO },
    asks: { outage: [`POST https://eu.sms.api.sinch.com/xms/v1/${KEY32}/batches`, json({ authorization: "Bearer sinch_0123456789abcdef" }), { from: "15550199", to: ["15550100"], body: SMS }] },
    replies: [
      ["sent", 201, { id: "01FC66621XXXXX119Z8PMV1QPQ", to: ["15550100"], canceled: false, type: "mt_text" }],
      ["refused", 400, { code: "syntax_invalid_parameter_format", text: "Invalid recipient" }],
      ["refused", 401, ""],
      ["refused", 403, { code: "missing_callback_url", text: "forbidden" }],
      ["retry", 429, ""],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-smsapi",
    options: { token: "0123456789abcdefghij", region: "pl", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://api.smsapi.pl/sms.do", form({ authorization: "Bearer 0123456789abcdefghij" }), encoded({ to: "15550100", from: "Tocsin", message: SMS, encoding: "utf-8", format: "json" })] },
    replies: [
      ["sent", 200, { count: 1, list: [{ id: "1460969715572091219", points: 0.16, number: "15550100", status: "QUEUE", error: null }] }],
      ["refused", 200, { error: 101, message: "Authorization failed" }],
      ["refused", 200, { invalid_numbers: [{ number: "456456456", message: "Invalid phone number" }], error: 13, message: "No correct phonenumbers" }],
      ["retry", 200, { error: 201, message: "Internal system error" }],
      ["retry", 503, ""],
      ["retry", 200, "<html>sign in</html>", { doubt: true }],
    ],
  },
  {
    type: "sms-smseagle",
    options: { url: "https://smseagle.example.com", token: "0005gOjCOlMH8F2x", ...TO },
    asks: { outage: ["POST https://smseagle.example.com/api/v2/messages/sms", json({ "access-token": "0005gOjCOlMH8F2x" }), { to: ["+15550100"], text: SMS, encoding: "standard" }], foreign: ["POST https://smseagle.example.com/api/v2/messages/sms", json({ "access-token": "0005gOjCOlMH8F2x" }), { to: ["+15550100"], text: FOREIGN_SMS, encoding: "unicode" }] },
    replies: [
      ["sent", 200, [{ status: "queued", number: "+15550100", id: 1234 }]],
      ["refused", 200, [{ status: "error", message: "Invalid number" }]],
      ["refused", 401, { message: "Invalid access token" }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-telnyx",
    options: { apiKey: "KEY0123456789ABCDEF", from: "+15550199", profile: "16fd2706-8baf-433b-82eb-8c7fada847da", ...TO },
    asks: { outage: ["POST https://api.telnyx.com/v2/messages", json({ authorization: "Bearer KEY0123456789ABCDEF" }), { from: "+15550199", to: "+15550100", text: SMS, messaging_profile_id: "16fd2706-8baf-433b-82eb-8c7fada847da" }] },
    replies: [
      ["sent", 200, { data: { id: "40385f64-5717-4562-b3fc-2c963f66afa6", record_type: "message", errors: [] } }],
      ["refused", 401, { errors: [{ code: "10009", title: "Authentication failed", detail: "The required authentication headers were either invalid or not included in the request." }] }],
      ["refused", 422, { errors: [{ code: "40310", title: "Invalid 'to' address" }] }],
      ["retry", 429, { errors: [{ code: "10011", title: "Too many requests" }] }],
      ["retry", 503, ""],
    ],
  },
  {
    type: "sms-textmagic",
    options: { user: "example", apiKey: "tm0123456789abcdef", ...TO },
    asks: { outage: ["POST https://rest.textmagic.com/api/v2/messages", form({ "x-tm-username": "example", "x-tm-key": "tm0123456789abcdef" }), encoded({ text: SMS, phones: "15550100" })] },
    replies: [
      ["sent", 201, { id: 49575710, href: "/api/v2/sessions/49575710", type: "session", sessionId: 49575710, messageId: 0 }],
      ["refused", 400, { code: 400, message: "Validation Failed", errors: { fields: { phones: ["Invalid phone"] } } }],
      ["refused", 401, { code: 401, message: "Invalid credentials" }],
      ["retry", 429, { code: 429, message: "Too many requests" }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "sms-twilio",
    options: { ...TWILIO, from: "+15017122661" },
    asks: { outage: [`POST https://api.twilio.com/2010-04-01/Accounts/${TWILIO.account}/Messages.json`, form(basic(TWILIO.account, TWILIO.token)), encoded({ To: "+15558675310", From: "+15017122661", Body: SMS })] },
    replies: [
      ["sent", 201, { sid: "SM0", status: "queued", error_code: null }],
      ["refused", 400, { code: 21211, message: "The 'To' number +1 is not a valid phone number.", more_info: "https://www.twilio.com/docs/errors/21211", status: 400 }],
      ["refused", 401, { code: 20003, message: "Authenticate", more_info: "https://www.twilio.com/docs/errors/20003", status: 401 }],
      ["retry", 429, { code: 20429, message: "Too Many Requests", more_info: "https://www.twilio.com/docs/errors/20429", status: 429 }],
      ["retry", 500, { code: 20500, message: "Internal Server Error", status: 500 }],
    ],
  },
  {
    type: "sms-twilio",
    options: { ...TWILIO, key: `SK${"1".repeat(32)}`, from: `MG${"2".repeat(32)}` },
    asks: { outage: [`POST https://api.twilio.com/2010-04-01/Accounts/${TWILIO.account}/Messages.json`, form(basic(`SK${"1".repeat(32)}`, TWILIO.token)), encoded({ To: "+15558675310", MessagingServiceSid: `MG${"2".repeat(32)}`, Body: SMS })] },
    replies: [["sent", 201, { sid: "SM0", status: "accepted" }]],
  },
  {
    type: "sms-vonage",
    options: { apiKey: "abcd1234", apiSecret: "Sq7Xz0LmNp4R", from: "Tocsin", ...TO },
    asks: { outage: ["POST https://rest.nexmo.com/sms/json", form(), encoded({ api_key: "abcd1234", api_secret: "Sq7Xz0LmNp4R", from: "Tocsin", to: "15550100", text: SMS })], foreign: ["POST https://rest.nexmo.com/sms/json", form(), encoded({ api_key: "abcd1234", api_secret: "Sq7Xz0LmNp4R", from: "Tocsin", to: "15550100", text: FOREIGN_SMS, type: "unicode" })] },
    replies: [
      ["sent", 200, { "message-count": "1", messages: [{ to: "15550100", "message-id": "0A0000000123ABCD1", status: "0", "remaining-balance": "3.14159265" }] }],
      ["refused", 200, { "message-count": "1", messages: [{ status: "4", "error-text": "Bad Credentials" }] }],
      ["refused", 200, { "message-count": "1", messages: [{ status: "9", "error-text": "Quota Exceeded - rejected" }] }],
      ["retry", 200, { "message-count": "1", messages: [{ status: "1", "error-text": "Throughput Rate Exceeded - please wait [ 250 ] and retry" }] }],
      ["retry", 200, { "message-count": "1", messages: [{ status: "5", "error-text": "Internal Error" }] }],
      ["retry", 503, ""],
    ],
  },
];
