import { expect, test } from "vitest";
import { flagsOf } from "./types.ts";

const plain: Parameters<typeof flagsOf>[0] = { acknowledged: null, silenced: false, silencedUntil: null, maintenance: [], flapping: false };

test("what else must be known of a check, in words", () => {
  const f = (more: Partial<typeof plain>, ...flags: readonly string[]) => expect(flagsOf({ ...plain, ...more }, (at) => `until ${at}`)).toEqual(flags);
  f({});
  f({ acknowledged: { at: 0, by: "ann", note: "" } }, "acknowledged");
  f({ silenced: true }, "silenced");
  f({ silenced: true, silencedUntil: 7 }, "silenced until 7");
  f({ maintenance: ["patch night", "move"], flapping: true }, "maintenance: patch night", "maintenance: move", "flapping");
});
