import { encoded, form, json, type Recording } from "./recording.ts";
import { DETAILS, LINK, TITLE, UP_DETAILS, UP_TITLE } from "./sample.ts";

export const push: readonly Recording[] = [
  {
    type: "ntfy",
    most: 4096,
    bytes: true,
    options: { topic: "tocsin-k3J9xQ2v", token: "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2" },
    asks: {
      outage: ["POST https://ntfy.sh/", json({ authorization: "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2" }), { topic: "tocsin-k3J9xQ2v", title: TITLE, message: DETAILS, priority: 5, tags: ["rotating_light"], click: LINK }],
      recovery: ["POST https://ntfy.sh/", json({ authorization: "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2" }), { topic: "tocsin-k3J9xQ2v", title: UP_TITLE, message: UP_DETAILS, priority: 3, tags: ["white_check_mark"], click: LINK }],
    },
    replies: [
      ["sent", 200, { id: "sPs71M8A2T", time: 1643935928, event: "message", topic: "tocsin-k3J9xQ2v", message: "hi" }],
      ["refused", 401, { code: 40101, http: 401, error: "unauthorized", link: "https://ntfy.sh/docs/publish/#authentication" }],
      ["refused", 403, { code: 40301, http: 403, error: "forbidden", link: "https://ntfy.sh/docs/publish/#authentication" }],
      ["retry", 429, { code: 42901, http: 429, error: "limit reached: too many requests", link: "https://ntfy.sh/docs/publish/#limitations" }],
      ["retry", 507, { code: 50701, http: 507, error: "cannot publish to UnifiedPush topic without previously active subscriber" }],
    ],
  },
  {
    type: "ntfy",
    options: { url: "https://push.example.com/ntfy/", topic: "tocsin-k3J9xQ2v", user: "ops", password: "sesame 7", priority: 2 },
    asks: {
      warning: [
        "POST https://push.example.com/ntfy/",
        json({ authorization: "Basic b3BzOnNlc2FtZSA3" }),
        { topic: "tocsin-k3J9xQ2v", title: "◐ DEGRADED shop — latency 900 ms, since 03:00 (4 min)", message: DETAILS.replace("HTTP 503 (status)", "latency 900 ms (status)"), priority: 2, tags: ["warning"], click: LINK },
      ],
    },
    replies: [["sent", 200, { id: "sPs71M8A2T" }]],
  },
  {
    type: "gotify",
    options: { url: "https://gotify.example.com", token: "AKMhKAqqTVhYvkM" },
    asks: {
      outage: ["POST https://gotify.example.com/message", json({ "x-gotify-key": "AKMhKAqqTVhYvkM" }), { title: TITLE, message: DETAILS, priority: 8, extras: { "client::notification": { click: { url: LINK } } } }],
      recovery: ["POST https://gotify.example.com/message", json({ "x-gotify-key": "AKMhKAqqTVhYvkM" }), { title: UP_TITLE, message: UP_DETAILS, priority: 4, extras: { "client::notification": { click: { url: LINK } } } }],
    },
    replies: [
      ["sent", 200, { id: 25, appid: 5, message: "m", title: "t", priority: 8, date: "2018-02-27T19:36:10.5045044+01:00" }],
      ["refused", 400, { error: "Bad Request", errorCode: 400, errorDescription: "Field 'message' is required" }],
      ["refused", 401, { error: "Unauthorized", errorCode: 401, errorDescription: "you need to provide a valid access token or user credentials to access this api" }],
      ["retry", 500, { error: "Internal Server Error", errorCode: 500, errorDescription: "database is locked" }],
    ],
  },
  {
    type: "pushover",
    most: 1024,
    options: { token: "azGDORePK8gMaC0QOYAMyEEuzJnyUi", user: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", device: "phone", sound: "siren", priority: 2 },
    asks: {
      outage: [
        "POST https://api.pushover.net/1/messages.json",
        form(),
        encoded({ token: "azGDORePK8gMaC0QOYAMyEEuzJnyUi", user: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", device: "phone", sound: "siren", title: TITLE, message: DETAILS, priority: "2", timestamp: "1795143600", url: LINK, url_title: "Look at it", retry: "60", expire: "3600" }),
      ],
      recovery: [
        "POST https://api.pushover.net/1/messages.json",
        form(),
        encoded({ token: "azGDORePK8gMaC0QOYAMyEEuzJnyUi", user: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", device: "phone", sound: "siren", title: UP_TITLE, message: UP_DETAILS, priority: "0", timestamp: "1795143780", url: LINK, url_title: "Look at it" }),
      ],
    },
    replies: [
      ["sent", 200, { status: 1, request: "647d2300-702c-4b38-8b2f-d56326ae460b" }],
      ["refused", 400, { user: "invalid", errors: ["user identifier is invalid"], status: 0, request: "5042853c-402d-4a18-abcb-168734a801de" }],
      ["refused", 429, { errors: ["application is over quota"], status: 0 }],
      ["retry", 500, ""],
    ],
  },
  {
    type: "home-assistant",
    options: { url: "https://home.example.com:8123", token: "eyJhbGciOiJIUzI1NiJ9.home", to: ["mobile_app_phone"] },
    asks: { outage: ["POST https://home.example.com:8123/api/services/notify/mobile_app_phone", json({ authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.home" }), { title: TITLE, message: DETAILS, data: { url: LINK, clickAction: LINK } }] },
    replies: [
      ["sent", 200, []],
      ["refused", 400, "400: Bad Request"],
      ["refused", 401, "401: Unauthorized"],
      ["retry", 500, ""],
    ],
  },
];
