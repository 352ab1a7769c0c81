import { expect, test } from "vitest";
import { Frame } from "./frame.ts";

const shown = (text: string): string => text.replaceAll("\u001b", "^");

test("only what changed is written, in one piece", () => {
  const frame = new Frame();
  const draw = (...lines: readonly string[]) => shown(frame.draw(lines));
  expect(draw("a", "b")).toBe("^[?2026h^[1;1H^[Ka^[0m^[2;1H^[Kb^[0m^[?2026l");
  expect(draw("a", "b")).toBe("");
  expect(draw("a", "c")).toBe("^[?2026h^[2;1H^[Kc^[0m^[?2026l");
  expect(draw("a", "c", "d")).toBe("^[?2026h^[3;1H^[Kd^[0m^[?2026l");
  expect(draw("a")).toBe("^[?2026h^[2;1H^[J^[?2026l");
  expect(shown(frame.clear())).toBe("^[2J");
  expect(draw("a")).toBe("^[?2026h^[1;1H^[Ka^[0m^[?2026l");
});
