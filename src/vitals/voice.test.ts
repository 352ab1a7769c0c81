import { expect, test } from "vitest";
import { Complaints, voiceOf } from "./voice.ts";

process.env["TZ"] = "UTC";

function stage(colours: boolean): { readonly said: string[]; readonly voice: ReturnType<typeof voiceOf> } {
  const said: string[] = [];
  return { said, voice: voiceOf({ out: (text) => void said.push(`out ${text}`), err: (text) => void said.push(`err ${text}`), colours, now: () => 0 }) };
}

test("results, errors and warnings", () => {
  const { said, voice } = stage(false);
  voice.say("a\n");
  voice.error("ValueError", "f:1:2: it is wrong");
  voice.warning("it is odd");
  expect(said).toEqual(["out a\n", "err EE: ValueError: f:1:2: it is wrong - Thu Jan  1 00:00:00 1970\n", "err WW: it is odd - Thu Jan  1 00:00:00 1970\n"]);
});

test("red and yellow on a terminal", () => {
  const { said, voice } = stage(true);
  voice.error("OSError", "no");
  voice.warning("hm");
  expect(said).toEqual(["err \u001b[31mEE: OSError: no - Thu Jan  1 00:00:00 1970\u001b[0m\n", "err \u001b[33mWW: hm - Thu Jan  1 00:00:00 1970\u001b[0m\n"]);
});

test("one line each, whatever a file or a server says", () => {
  const { said, voice } = stage(false);
  voice.warning("a\r\nb\u001b[2Jc\u009bd");
  expect(said).toEqual(["err WW: a b [2Jc d - Thu Jan  1 00:00:00 1970\n"]);
});

test("the same trouble is told once, until it changes or is over", () => {
  const complaints = new Complaints();
  const told: string[] = [];
  const about = (subject: string, text: string) => complaints.about(subject, text, (one) => void told.push(one));
  about("a", "1");
  about("a", "1");
  about("b", "1");
  about("a", "2");
  about("a", "1");
  complaints.over("a");
  about("a", "1");
  expect(told).toEqual(["1", "1", "2", "1", "1"]);
});
