import { expect, test } from "vitest";
import type { AlertRow, Try } from "../store/store.ts";
import { type Incident, millis } from "../core/types.ts";
import { T0, at, sampleAlert, sampleIncident, sampleTransition } from "../store/samples.ts";
import { incidentStory } from "./story.ts";
import { worst } from "./routes/site.ts";

const ID = "f".repeat(32);

function story(more: Partial<Incident>, rest: { transitions?: Parameters<typeof incidentStory>[0]["transitions"]; alerts?: readonly AlertRow[]; attempts?: readonly Try[] } = {}) {
  const incident = sampleIncident(ID, "shop", 0, { firstSign: at(0), opened: at(30_000), closed: null, closedBy: null, acknowledged: null, ...more });
  return incidentStory({ incident, evidence: [], transitions: [], alerts: [], attempts: [], ...rest }, (text) => text.replaceAll("hunter2", "•••")).story;
}

test("how it ended", () => {
  const f = (closedBy: string, text: string) => expect(story({ closed: at(90_000), closedBy }).at(-1)).toEqual({ at: T0 + 90_000, kind: "closed", text, delivery: null });
  f("recovered", "Recovered after 1m 30s");
  f("changed", "Closed after 1m 30s: what the check asks was changed");
  f("removed", "Closed after 1m 30s: the check was removed");
  f("better", "No longer down after 1m 30s, only degraded");
  f("renewed", "Closed after 1m 30s: another incident took its place");
});

test("who acknowledged it", () => {
  const f = (note: string, text: string) => expect(story({ acknowledged: { at: at(40_000), by: "admin", note } })[1]?.text).toBe(text);
  f("", "Acknowledged by admin");
  f("on it", "Acknowledged by admin: on it");
});

test("who was told and how it went", () => {
  const alert = sampleAlert("a".repeat(32), "shop", 30_000);
  const attempt: Try = { message: "m", at: at(31_000), tookMs: millis(5), outcome: "retry", reason: "421 hunter2" };
  const f = (status: AlertRow["status"], message: string | null, attempts: readonly Try[], delivery: object) => expect(story({}, { alerts: [{ alert, status, message }], attempts })[1]?.delivery).toMatchObject(delivery);
  f("waiting", null, [], { status: "waiting", tries: 0, reason: "" });
  f("in-message", "m", [], { status: "waiting", tries: 0 });
  f("in-message", "m", [attempt], { status: "sending", tries: 1, reason: "421 •••" });
  f("sent", "m", [attempt, { ...attempt, outcome: "sent", reason: "250 ok" }, { ...attempt, message: "other" }], { status: "sent", tries: 2, reason: "250 ok" });
  f("failed", "m", [attempt], { status: "failed", tries: 1 });
  f("withdrawn", null, [], { status: "withdrawn", tries: 0 });
});

test("why somebody was told in a silence", () => {
  const alert = { ...sampleAlert("a".repeat(32), "shop", 30_000), kind: "recovered", quiet: true } as const;
  expect(story({}, { alerts: [{ alert, status: "sent", message: "m" }] })[1]?.text).toMatch(/: it is well again, told in the silence so that it is closed there$/);
});

test("why nobody was told", () => {
  const f = (telling: string, kinds: readonly string[]) => expect(story({}, { transitions: [sampleTransition("shop", 30_000, { telling })] }).map(({ kind }) => kind)).toEqual(kinds);
  f("told", ["first-sign", "transition"]);
  f("not-a-change-to-tell", ["first-sign", "transition"]);
  f("muted", ["first-sign", "transition", "not-told"]);
  f("nobody", ["first-sign", "transition", "not-told"]);
  f("unheard", ["first-sign", "transition", "not-told"]);
  f("initial", ["first-sign", "transition", "not-told"]);
});

test("lines are in order of time, and at one instant in order of sense", () => {
  const lines = story({ opened: at(0), closed: at(0), closedBy: "recovered", acknowledged: { at: at(0), by: "admin", note: "" } }, { transitions: [sampleTransition("shop", 0, { telling: "told" })], alerts: [{ alert: sampleAlert("a".repeat(32), "shop", 0), status: "sent", message: null }] });
  expect(lines.map(({ kind }) => kind)).toEqual(["first-sign", "transition", "told", "acknowledged", "closed"]);
});

test("the worst of all checks", () => {
  const f = (checks: Parameters<typeof worst>[0], word: string) => expect(worst(checks)).toBe(word);
  f([], "unknown");
  f([{ state: "up", incidentKind: null }, { state: "paused", incidentKind: null }, { state: "pending", incidentKind: null }], "up");
  f([{ state: "degraded", incidentKind: "degraded" }], "degraded");
  f([{ state: "up", incidentKind: "unchecked" }], "degraded");
  f([{ state: "disputed", incidentKind: null }], "degraded");
  f([{ state: "blocked", incidentKind: null }], "up");
  f([{ state: "degraded", incidentKind: null }, { state: "down", incidentKind: "down" }], "down");
});
