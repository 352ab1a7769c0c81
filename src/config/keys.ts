import { z } from "zod";
import type { Millis } from "../core/types.ts";
import { conditionText, durationWithin, messageTemplate, names, off, timezone } from "./words.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const step = z.strictObject({
  after: z
    .union([z.number().int().min(0).max(10_000), durationWithin(0, YEAR_MS).transform((ms) => ({ ms }))])
    .default(1)
    .describe("When it fires: at the n-th failing run (1: the run that makes it down; 0: after every run), or so long after the incident opened."),
  to: names().describe("Channels to tell."),
  repeat: durationWithin(10_000, YEAR_MS).optional().describe("Tell again after each such time while it lasts."),
});

const oneCondition = [z.string(), z.number(), z.boolean()] as const;
/** One condition, or several that must all be met. */
const factCondition = z.union([...oneCondition, z.null(), z.array(z.union(oneCondition)).min(1)]).meta({ unit: "condition (`< 800ms`, `200-299`, `/text/`, `exists`)" });

/** By fact, or as a list of texts, which is read into the same. */
const conditions = (): z.ZodType<{ [fact: string]: z.output<typeof factCondition> } | string[]> => z.union([z.record(z.string(), factCondition), z.array(conditionText())]);

/** Keys that every check has, whatever its type. */
export const CHECK_KEYS = {
  type: z.string().min(1).describe("What asks: a type of `tocsin types`."),
  description: z.string().max(1000).describe("Shown beside the name.").meta({ default: "" }).optional(),
  tags: names().describe("Words to find and to group checks by.").meta({ default: "none" }).optional(),
  every: z
    .union([durationWithin(100, YEAR_MS), z.strictObject({ after: durationWithin(100, YEAR_MS).describe("Time from the end of a run to the next one.") }), z.literal("never")])
    .describe("How often it runs; `{after: 5m}` counts from the end of the last run; `never`: only in groups or on demand.")
    .meta({ default: "1m" })
    .optional(),
  failingEvery: durationWithin(100, YEAR_MS).describe("How often it runs while it is failing, or on its way down or up again (elsewhere: retry interval); thresholds count these runs too.").meta({ default: "as often as ever" }).optional(),
  schedule: z.string().min(1).describe("Instead of `every`: a cron line (`*/5 8-18 * * mon-fri`) or words (`cron 9-17 hr 0 min mon-fri weekday`).").optional(),
  timezone: timezone().describe("Zone of `schedule`.").meta({ default: "the site's" }).optional(),
  daylightSaving: z
    .enum(["once", "apscheduler"])
    .describe("A time of a cron `schedule` that occurs twice when clocks go back runs once, or twice as with APScheduler (for what comes from fletchck).")
    .meta({ default: "once" })
    .optional(),
  timeout: durationWithin(10, DAY_MS).describe("The longest that one try may take.").meta({ default: "10s" }).optional(),
  retries: z.number().int().min(0).max(20).describe("Immediate further tries within a run.").meta({ default: 0 }).optional(),
  failAfter: z.number().int().min(1).max(10_000).describe("Consecutive failing runs before it is down.").meta({ default: "2 (1 for `push`)" }).optional(),
  warnAfter: z.number().int().min(1).max(10_000).describe("Consecutive runs that do not meet `warn` before it is degraded.").meta({ default: "`failAfter`" }).optional(),
  recoverAfter: z.number().int().min(1).max(10_000).describe("Consecutive passing runs before it is up again.").meta({ default: 1 }).optional(),
  initial: z.enum(["pending", "down"]).describe("What a new check is taken for; `down`: its first failing runs are silent and its first pass is told.").meta({ default: "pending" }).optional(),
  onFail: z.boolean().describe("Tell outages.").meta({ default: true }).optional(),
  onPass: z.boolean().describe("Tell recoveries.").meta({ default: true }).optional(),
  notify: z
    .union([z.string().min(1), z.array(z.union([z.string().min(1), step]))])
    .describe("Whom to tell: channels, or steps `{after: 10m, to: [boss], repeat: 1h}`.")
    .meta({ default: "nobody" })
    .optional(),
  depends: names().describe("Checks that must be well for this one to be judged.").meta({ default: "none" }).optional(),
  scope: z
    .enum(["host", "local", "outside"])
    .describe("Where its target is, for `connectivity`: on this host, in the local network, or beyond the gateway.")
    .meta({ default: "by its target" })
    .optional(),
  was: z.string().min(1).describe("The former name, whose history it takes over.").optional(),
  invert: z.boolean().describe("What is down counts as up, and the other way round: for what must not answer.").meta({ default: false }).optional(),
  paused: z.boolean().describe("Does not run until this is taken away.").meta({ default: false }).optional(),
  expect: conditions().describe("Conditions on facts; not met: down. An empty value takes a default away.").optional(),
  warn: conditions().describe("Conditions on facts; not met: degraded.").optional(),
  tracing: off().describe("`off`: the way to the host is not traced when the check fails.").meta({ default: "on" }).optional(),
  flapping: z
    .union([
      z.strictObject({
        changes: z.number().int().min(2).max(1000).describe("More outages than this ..."),
        within: durationWithin(1000, 30 * DAY_MS).describe("... in this time are flapping."),
      }),
      off(),
    ])
    .describe("When going down and up again is told once instead of each time.")
    .meta({ default: "{changes: 5, within: 1h}" })
    .optional(),
} as const;

/** Keys that only a check of type `group` has. */
export const GROUP_KEYS = {
  members: names().describe("The checks it is made of."),
  require: z.union([z.enum(["all", "any"]), z.number().int().min(1).max(100_000)]).describe("How many members must be well.").meta({ default: "all" }).optional(),
  run: z.enum(["turn", "own"]).describe("`turn`: members run one after the other in the group's slot; `own`: judged from the members' own runs.").meta({ default: "`turn` with a schedule, else `own`" }).optional(),
  renotify: z.boolean().describe("Tell again, while it is down, when other members fail than were told of.").meta({ default: false }).optional(),
  memberThresholds: z.boolean().describe("With `run: turn`: a member fails when it is down by its own `failAfter`, and not at each run that fails.").meta({ default: false }).optional(),
  defaults: z.record(z.string(), z.unknown()).describe("Defaults of its members: any key of a check, or a type with that type's.").optional(),
} as const;

/** Keys that every channel has beside its own options. */
export const CHANNEL_KEYS = {
  type: z.string().min(1).describe("How it tells: a type of `tocsin types`."),
  cap: z.union([z.number().int().min(1).max(100_000), off()]).describe("Messages an hour; what is above goes into one message every 5 minutes.").meta({ default: 60 }).optional(),
  fallback: z.string().min(1).describe("The channel that tells in its place while it does not work.").meta({ default: "none" }).optional(),
  subject: messageTemplate().describe("The first line in words of your own: a Liquid template, with `word`, `check`, `sentence`, ... of the worst alert.").meta({ default: "what, state, why, since when" }).optional(),
  text: messageTemplate().describe("The whole text in words of your own: a Liquid template, with `alerts` for each of several.").meta({ default: "see [alerting](alerting.md)" }).optional(),
  digest: z
    .union([
      z.string().min(1),
      z.strictObject({
        at: z.string().min(1).describe("When: `daily 08:00`, `mon 09:00`, `mon-fri 17:30`."),
        of: z.enum(["told", "all"]).describe("Of which checks: those that the channel is told of, or all.").meta({ default: "told" }).optional(),
      }),
    ])
    .describe("A message of what was wrong since the one before: when, as `daily 08:00` or `mon 09:00`, or a mapping of `at` and `of`.")
    .meta({ default: "none" })
    .optional(),
  group: z.union([durationWithin(0, 3_600_000), off()]).describe("Alerts that come within this time of each other go into one message; `off`: each outage has a message of its own, up to the cap.").meta({ default: "2s" }).optional(),
} as const;

const plainCheck = z.strictObject(CHECK_KEYS);
const groupCheck = z.strictObject({ ...CHECK_KEYS, ...GROUP_KEYS });
/** The keys of a check that is no group. */
export const checkSchema = plainCheck;
/** The keys of a group; `CheckKeys` after parsing. */
export const groupSchema = groupCheck;
export const channelSchema = z.strictObject(CHANNEL_KEYS);

/** A check's common keys as read: only what some layer of the configuration says. */
export type CheckKeys = z.output<typeof plainCheck> & Partial<Pick<z.output<typeof groupCheck>, "members" | "require" | "run" | "renotify" | "memberThresholds" | "defaults">>;
export type ChannelKeys = z.output<typeof channelSchema>;

/** What holds when nothing is said. */
export const BUILT_IN = {
  everyMs: 60_000 as Millis,
  timeoutMs: 10_000 as Millis,
  retries: 0,
  failAfter: 2,
  recoverAfter: 1,
  flapping: { changes: 5, withinMs: 3_600_000 as Millis },
  cap: 60,
  groupMs: 2000 as Millis,
} as const;

/** Defaults of a type, stronger than the general ones of the site: a missed heartbeat has been waited for already. */
export const BUILT_IN_BY_TYPE: { readonly [type: string]: { readonly [key: string]: unknown } } = { push: { failAfter: 1 } };
