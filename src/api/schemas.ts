import { z } from "zod";
import { SILENCE_MS } from "../core/silence.ts";

/** What comes in and what goes out, as schemas: requests are validated by them, answers are documented by them and held to `types.ts` by a test. */

const at = () => z.number().describe("milliseconds since 1970-01-01T00:00:00Z");
const text = () => z.string();
const verdict = z.enum(["up", "degraded", "down", "unknown"]);
const incidentKind = z.enum(["down", "degraded", "unchecked"]);
const acknowledged = z.object({ at: at(), by: text(), note: text() }).nullable();
const evidence = z.array(z.object({ label: text(), text: text() })).describe("what was sent and what came back; secrets masked");

export const status = z.enum(["pending", "up", "degraded", "down", "blocked", "disputed", "paused"]);

export const banner = z.object({
  kind: z.enum(["configuration", "store", "channel", "clock", "engine"]),
  since: at(),
  text: text(),
  advice: text().describe("what to do"),
  details: z.array(text()),
});

export const checkSummary = z.object({
  name: text(),
  type: text(),
  target: text(),
  description: text(),
  tags: z.array(text()),
  state: status,
  since: at(),
  summary: text().describe("one sentence: the last result's, or why it is blocked or paused"),
  latencyMs: z.number().nullable(),
  lastRunAt: at().nullable(),
  nextRunAt: at().nullable(),
  recent: text().describe("verdicts of the last runs, oldest first: u up, g degraded, d down, ? unknown"),
  failing: z.number(),
  incident: text().nullable(),
  incidentKind: incidentKind.nullable(),
  acknowledged,
  silenced: z.boolean(),
  silencedUntil: at().nullable().describe("when the silence ends by itself; null: at recovery, or not silenced"),
  maintenance: z.array(text()),
  flapping: z.boolean().describe("it went down often of late: told as down only when it stays so"),
  cause: text().nullable().describe("the check that blocks this one"),
  hides: z.array(text()).describe("the checks that are blocked by this one"),
  groups: z.array(text()),
  certificateDays: z.number().nullable(),
  running: z.boolean(),
});

export const rotationList = z.array(z.object({ name: text(), timezone: text(), now: z.array(text()).describe("channels that are told now"), next: z.array(z.object({ at: at(), to: z.array(text()) })).describe("the next changes, at most ten") }));

export const checkList = z.array(checkSummary);

export const channelSummary = z.object({
  name: text(),
  type: text(),
  recipients: z.array(text()),
  brokenSince: at().nullable(),
  reason: text(),
  unreachable: z.array(z.object({ recipient: text(), since: at(), reason: text() })).describe("recipients that it does not reach though it reaches others"),
  waiting: z.number(),
});

export const channelList = z.array(channelSummary);

const site = z.object({ name: text(), vantage: text(), version: text(), startedAt: at() });
const counts = z.object({ pending: z.number(), up: z.number(), degraded: z.number(), down: z.number(), blocked: z.number(), disputed: z.number(), paused: z.number() });

export const overview = z.object({
  site: site.extend({ timezone: text() }),
  now: at(),
  counts,
  banners: z.array(banner),
  checks: z.array(checkSummary),
  channels: z.array(channelSummary),
});

export const statusReport = z.object({ site, state: z.enum(["up", "degraded", "down", "unknown"]).describe("the worst of all checks; `unknown`: there are none"), page: text().nullable(), banners: z.array(banner), checks: z.array(checkSummary) });

export const resultView = z.object({
  slot: at(),
  startedAt: at(),
  origin: text(),
  vantage: text(),
  verdict,
  code: text(),
  sentence: text(),
  latencyMs: z.number(),
  phases: z.record(z.string(), z.number()).describe("milliseconds by phase"),
  facts: z.record(z.string(), z.unknown()),
  evidence,
  tries: z.number(),
});

export const resultList = z.array(resultView);

export const incidentView = z.object({
  id: text(),
  check: text(),
  kind: incidentKind,
  firstSign: at(),
  opened: at(),
  closed: at().nullable(),
  closedBy: text().nullable(),
  code: text(),
  sentence: text(),
  acknowledged,
});

export const incidentList = z.array(incidentView);

export const storyLine = z.object({
  at: at(),
  kind: z.enum(["first-sign", "transition", "told", "not-told", "acknowledged", "closed"]),
  text: text(),
  delivery: z
    .object({ channel: text(), recipient: text(), status: z.enum(["waiting", "sending", "sent", "failed", "withdrawn"]), tries: z.number(), reason: text() })
    .nullable(),
});

export const incidentStory = incidentView.extend({ evidence, story: z.array(storyLine) });

export const whyLine = z.object({
  at: at(),
  until: at().nullable().describe("of runs told in one line, and of what is left out: the start of the last one"),
  kind: z.enum(["runs", "left-out", "asked", "input", "transition", "not-told", "told", "try", "closed", "now", "next"]),
  verdict: verdict.nullable(),
  text: text(),
});

export const whyView = z.object({ check: text(), state: status, since: at(), summary: text(), now: at(), timezone: text(), from: at(), incident: incidentView.nullable(), lines: z.array(whyLine) });

const latency = z.object({ min: z.number(), p10: z.number(), median: z.number(), p90: z.number(), p99: z.number(), max: z.number() }).describe("milliseconds");

export const bucketView = z.object({
  from: at(),
  runs: z.number(),
  up: z.number(),
  degraded: z.number(),
  down: z.number(),
  unknown: z.number(),
  latency: latency.nullable(),
  phases: z.record(z.string(), z.number()).describe("mean milliseconds by phase"),
});

export const historyView = z.object({ from: at(), to: at(), stepMs: z.number(), buckets: z.array(bucketView), incidents: z.array(incidentView) });

export const checkDetail = z.object({
  check: checkSummary,
  schedule: text(),
  timeoutMs: z.number(),
  retries: z.number(),
  failAfter: z.number(),
  recoverAfter: z.number(),
  parents: z.array(text()),
  members: z.array(text()),
  telling: z.array(text()),
  expect: z.array(text()),
  warn: z.array(text()),
  last: resultView.nullable(),
  results: z.array(resultView),
  incidents: z.array(incidentView),
});

export const messageView = z.object({
  id: text(),
  channel: text(),
  recipient: text(),
  alerts: z.array(text()),
  checks: z.array(text()).describe("the checks that it tells of"),
  status: z.enum(["waiting", "sending", "sent", "failed", "superseded"]),
  formedAt: at(),
  nextTryAt: at(),
  tries: z.number(),
  doubt: z.boolean().describe("it may have arrived though its answer was lost"),
  reason: text(),
  attempts: z.array(z.object({ at: at(), tookMs: z.number(), outcome: z.enum(["sent", "retry", "refused", "lost"]), reason: text() })),
});

export const messageList = z.array(messageView);
export const linkedView = z.object({ check: text(), state: status, since: at(), summary: text(), acknowledged: acknowledged.unwrap().omit({ note: true }).nullable(), silenced: z.boolean(), flapping: z.boolean(), by: text().describe("whom the message went to") });
export const sessionView = z.object({ signedIn: z.boolean(), user: text().nullable() });
export const reloadReport = z.object({ kind: z.enum(["reloaded", "unchanged", "broken"]), problems: z.array(text()) });
export const testReport = z.object({ kind: z.enum(["sent", "retry", "refused"]), detail: text() });
export const readyReport = z.object({ ready: z.boolean(), reasons: z.array(text()).describe("empty for those who are not signed in") });
export const problemView = z.object({ error: text(), advice: text().describe("what to do") });
export const pushReport = z.object({ ok: z.boolean(), msg: text().optional() });

export const streamEvent = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("overview"), overview }),
  z.object({ kind: z.literal("checks"), now: at(), checks: z.array(checkSummary) }),
  z.object({ kind: z.literal("banners"), banners: z.array(banner), channels: z.array(channelSummary) }),
]);

// Requests. Values of queries come as text.

/** An instant in a query: a whole number that `Date` can hold. */
const instant = () => z.coerce.number().int().min(0).max(8.64e15);
const limit = (usual: number, most: number) => z.coerce.number().int().min(1).max(most).default(usual);
const flag = () => z.enum(["true", "false"]).transform((word) => word === "true");
const short = () => z.string().max(200);

/** Most buckets in one answer: more than a screen has columns. */
export const BUCKETS_MAX = 2000;

export const noQuery = z.strictObject({});
export const noBody = z.strictObject({});
export const checkParams = z.strictObject({ name: short() });
export const channelParams = z.strictObject({ name: short() });
export const linkParams = z.strictObject({ token: z.string().max(1000) });
export const messageParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/, "a message's id has 32 hexadecimal digits") });
export const incidentParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/, "an incident's id has 32 hexadecimal digits") });
export const checksQuery = z.strictObject({ state: status.optional(), tag: short().optional(), q: short().optional().describe("part of a name, target, tag or summary") });
export const historyQuery = z.strictObject({
  from: instant().optional().describe("default: a day before `to`"),
  to: instant().optional().describe("default: now"),
  stepMs: z.coerce.number().int().min(1000).optional().describe("width of a bucket; default: a 200th of the time asked for"),
});
export const whyQuery = z.strictObject({ since: instant().optional().describe("default: a little before the newest incident") });
export const resultsQuery = z.strictObject({ before: instant().optional(), failed: flag().optional(), limit: limit(50, 500) });
export const incidentsQuery = z.strictObject({ check: short().optional(), open: flag().optional(), before: instant().optional(), limit: limit(50, 200) });
export const outboxQuery = z.strictObject({ check: short().optional(), status: messageView.shape.status.optional(), limit: limit(50, 500) });
export const acknowledgeBody = z.strictObject({ note: z.string().trim().max(500).default("") });
export const silenceBody = z.strictObject({ forMs: z.number().int().min(SILENCE_MS.least).max(SILENCE_MS.most).optional().describe("for so long; default: until it has recovered") });
export const loginBody = z.strictObject({ password: z.string().min(1).max(1024) });
export const pushParams = z.strictObject({ token: z.string().min(1).max(256), word: z.string().max(16).optional() });
export const pingParams = z.strictObject({ key: z.string().min(1).max(128), name: z.string().max(128).optional(), word: z.string().max(16).optional() });
export const externalParams = z.strictObject({ key: z.string().min(1).max(1024) });
export const externalQuery = z.object({ success: z.enum(["true", "false"]), error: z.string().optional(), duration: z.string().optional() });
/** Other fields are let through: some senders add their own. */
export const probeQuery = z.object({ module: z.string().max(200).optional(), target: z.string().max(2000).optional(), hostname: z.string().max(253).optional(), debug: z.string().max(10).optional() });
export const pushQuery = z.object({ status: z.string().max(16).optional(), msg: z.string().optional(), ping: z.string().max(32).optional() });
