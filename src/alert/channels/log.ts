import { z } from "zod";
import type { Channel } from "./channel.ts";

const options = z.strictObject({
  level: z.enum(["info", "warn", "error"]).default("warn").describe("Level of the lines"),
});

type Options = z.infer<typeof options>;

/** Writes each message as one line of Tocsin's own log; nothing leaves the machine. */
export const log: Channel<Options> = {
  type: "log",
  about: "Writes each message as one line of Tocsin's own log",
  source: "Tocsin",
  options,
  recipients: () => [""],
  send: (chosen, message, ctx) => {
    const alerts = message.alerts.map(({ id, kind, check, status, sentence }) => ({ id, kind, check, status, sentence }));
    ctx.log[chosen.level](message.subject, { key: message.key, alerts });
    return Promise.resolve({ kind: "sent", detail: "written to the log" });
  },
};
