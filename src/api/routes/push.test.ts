import { expect, test } from "vitest";
import { beatOf, messageOf, pingOf, statusOfWord } from "./push.ts";

test("words after the token", () => {
  const f = (word: string | undefined, status: string | null) => expect(statusOfWord(word)?.status ?? null).toBe(status);
  f(undefined, "up");
  f("start", "start");
  f("fail", "down");
  f("log", "log");
  f("0", "up");
  f("000", "up");
  f("1", "down");
  f("255", "down");
  f("256", null);
  f("-1", null);
  f("1e2", null);
  f("stop", null);
});

test("the forms of the senders", () => {
  const f = (word: string | undefined, query: Parameters<typeof beatOf>[1], body: string, beat: unknown) => expect(beatOf({ token: "t", word }, query, body)).toEqual(beat);
  f(undefined, {}, "", { status: "up", message: "", latencyMs: null });
  f(undefined, { status: "up", msg: "OK", ping: "12.5" }, "", { status: "up", message: "OK", latencyMs: 12.5 });
  f(undefined, { status: "down", msg: "no" }, "", { status: "down", message: "no", latencyMs: null });
  f(undefined, { ping: "" }, "", { status: "up", message: "", latencyMs: null });
  f(undefined, { ping: "-3" }, "", { status: "up", message: "", latencyMs: null });
  f(undefined, { ping: "Infinity" }, "", { status: "up", message: "", latencyMs: null });
  f(undefined, { msg: "query" }, "body", { status: "up", message: "body", latencyMs: null });
  f("3", {}, "disk full", { status: "down", message: "exit status 3: disk full", latencyMs: null });
  f("start", { status: "down" }, "", { status: "start", message: "", latencyMs: null });
});

test("Healthchecks names a check by UUID or by ping key and slug", () => {
  const f = (path: string, token: string, word?: string) => {
    const [key = "", name, more] = path.split("/");
    expect(pingOf({ key, name, word: more })).toEqual({ token, word });
  };
  const uuid = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
  f(uuid, uuid);
  f(`${uuid}/start`, uuid, "start");
  f(`${uuid}/3`, uuid, "3");
  f(`${uuid}/start/fail`, uuid, "start/fail");
  f("fqOOd6-F4MMNuCEnzTU01w/nightly", "fqOOd6-F4MMNuCEnzTU01w/nightly");
  f("fqOOd6-F4MMNuCEnzTU01w/fail/fail", "fqOOd6-F4MMNuCEnzTU01w/fail", "fail");
  f("fqOOd6-F4MMNuCEnzTU01w", "fqOOd6-F4MMNuCEnzTU01w");
});

test("messages are text of at most 4 KiB", () => {
  const f = (bytes: Uint8Array, text: string) => expect(messageOf(bytes)).toBe(text);
  f(Buffer.from(" a\u0000b\u001b[31m\nc\t "), "ab[31m\nc");
  f(Buffer.from(`${"x".repeat(4095)}é`), "x".repeat(4095));
  f(Buffer.from("x".repeat(5000)), "x".repeat(4096));
  f(Buffer.from([0xff, 0x61]), "\ufffda");
});
