import { z } from "zod";
import { basic, phones, token } from "./options.ts";
import { provider } from "./provider.ts";

export const twilio = provider({
  type: "sms-twilio",
  about: "Sends SMS through Twilio",
  source: "https://www.twilio.com/docs/messaging/api/message-resource",
  options: z.strictObject({
    account: z.string().regex(/^AC[0-9a-f]{32}$/i, "an account's SID begins with AC and has 34 characters").describe("SID of the account, AC..."),
    token: token("Auth token of the account, or the secret of `key`"),
    key: z.string().regex(/^SK[0-9a-f]{32}$/i, "an API key's SID begins with SK and has 34 characters").optional().describe("SID of an API key, SK..., to log in with instead of the account"),
    from: z.string().min(1).max(34).describe("Sender: one of your numbers, a name, or the SID of a messaging service, MG..."),
    to: phones(),
  }),
  key: null,
  to: (options) => options.to,
  say: ({ account, token, key, from }, view) => ({
    url: `https://api.twilio.com/2010-04-01/Accounts/${account}/Messages.json`,
    headers: basic(key ?? account, token),
    form: { To: view.recipient, [from.startsWith("MG") && from.length === 34 ? "MessagingServiceSid" : "From"]: from, Body: view.sms.text },
  }),
});
