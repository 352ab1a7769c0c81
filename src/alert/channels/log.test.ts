import { expect, test } from "vitest";
import { instant } from "../../core/types.ts";
import type { ChannelContext, Message } from "./channel.ts";
import { log } from "./log.ts";

const unused = (): never => {
  throw new Error("the log needs nothing but the log");
};

test("one line at the chosen level", async () => {
  const lines: unknown[] = [];
  const at = (level: string) => (text: string, fields?: object): void => void lines.push([level, text, fields]);
  const ctx: ChannelContext = {
    key: "k",
    signal: new AbortController().signal,
    clock: { now: () => instant(0), monotonic: unused, timer: unused },
    random: { fraction: unused, bytes: unused },
    network: { resolve: unused, connect: unused, datagram: unused },
    processes: { run: unused, environment: {} },
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
  };
  const message: Message = { key: "k", recipient: "", subject: "▲ DOWN shop", text: "", html: null, alerts: [], items: [], site: { name: "", vantage: "", url: null } };
  expect(await log.send(log.options.parse({ level: "error" }), message, ctx)).toEqual({ kind: "sent", detail: "written to the log" });
  expect(lines).toEqual([["error", "▲ DOWN shop", { key: "k", alerts: [] }]]);
  expect(log.options.parse({})).toEqual({ level: "warn" });
});
