import { describe, expect, it, test } from "vitest";
import { probes } from "../../src/probes/index.ts";
import { NO_SUBJECT, subjects } from "./subjects.ts";
import { watch } from "./watch.ts";

/** `npm run leaks` does 10,000. */
const RUNS = 20;

test("every probe that talks over a network is here", () => {
  const here = new Set([...subjects.map(({ type }) => type), ...Object.keys(NO_SUBJECT)]);
  expect(probes.map(({ type }) => type).toSorted(), "add it to test/leaks/subjects.ts").toEqual([...here].toSorted());
});

describe.each(subjects)("$type $way leaves nothing behind", (subject) => {
  it.each([false, true])("against a server that hangs (half-way: %s)", async (halfway) => {
    const { left, codes } = await watch(subject, { runs: RUNS, atOnce: 10, halfway });
    expect(left).toEqual([]);
    // An open port is open, whoever listens there.
    expect(codes.has("ok"), [...codes.keys()].join(" ")).toBe(subject.type === "ports");
  });
});
