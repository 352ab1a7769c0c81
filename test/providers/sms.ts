import { encoded, form, type Recording } from "./recording.ts";
import { SMS } from "./sample.ts";

const TWILIO = { account: `AC${"0".repeat(32)}`, token: "f25a21f5a0e14ae1a7d4d0d5ef2c0f6b", to: ["+15558675310"] };

export const sms: readonly Recording[] = [
  {
    type: "sms-twilio",
    options: { ...TWILIO, from: "+15017122661" },
    asks: {
      outage: [
        `POST https://api.twilio.com/2010-04-01/Accounts/${TWILIO.account}/Messages.json`,
        form({ authorization: `Basic ${Buffer.from(`${TWILIO.account}:${TWILIO.token}`).toString("base64")}` }),
        encoded({ To: "+15558675310", From: "+15017122661", Body: SMS }),
      ],
    },
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
    asks: {
      outage: [
        `POST https://api.twilio.com/2010-04-01/Accounts/${TWILIO.account}/Messages.json`,
        form({ authorization: `Basic ${Buffer.from(`SK${"1".repeat(32)}:${TWILIO.token}`).toString("base64")}` }),
        encoded({ To: "+15558675310", MessagingServiceSid: `MG${"2".repeat(32)}`, Body: SMS }),
      ],
    },
    replies: [["sent", 201, { sid: "SM0", status: "accepted" }]],
  },
];
