import { expect, test } from "vitest";
import { channelName } from "../core/types.ts";
import { at, sampleAlert, sampleIncident } from "../store/samples.ts";
import { toldLines } from "./why-told.ts";

test("told over a fallback, the beginning and the end; what was withdrawn says why, and not that nobody was told", () => {
  const alert = (id: string, more: Parameters<typeof sampleAlert>[3]) => sampleAlert(id, "shop", 0, { recipient: "", ...more });
  const [pager, ops] = [{ channel: channelName("pager") }, { channel: channelName("ops"), insteadOf: channelName("pager") }];
  const alerts = [
    { alert: alert("a", pager), status: "failed", message: "m" },
    { alert: alert("b", ops), status: "sent", message: "n" },
    { alert: alert("c", { ...pager, kind: "recovered" }), status: "withdrawn", message: null },
    { alert: alert("d", { ...ops, kind: "recovered" }), status: "sent", message: "o" },
  ] as const;
  const incident = sampleIncident("f".repeat(32), "shop", 0, { closed: at(90_000), closedBy: "recovered" });
  const lines = toldLines({ incident, evidence: [], transitions: [], alerts, attempts: [] }, []);
  expect(lines.filter(({ kind }) => kind === "told").map(({ text }) => text)).toEqual([
    "For pager: it is down",
    "For ops: it is down, instead of pager, which did not work",
    "For pager: it is well again; withdrawn: its beginning was not delivered",
    "For ops: it is well again, instead of pager, which did not work",
  ]);
});
