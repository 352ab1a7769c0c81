import { z } from "zod";
import { connectivitySchema } from "./connectivity.ts";
import { probeSchema } from "./probe.ts";
import { webAddress } from "../dial/options.ts";
import { millis } from "../core/types.ts";
import type { Settings } from "./site.ts";
import { diskSize, durationWithin, hostAndPort, names, off, timezone } from "./words.ts";

const DAY_MS = 86_400_000;
const MOST_MS = 3650 * DAY_MS;
const DEFAULTS = { name: "Tocsin", vantage: "here", listen: { host: "127.0.0.1", port: 2930 }, resultsMs: millis(400 * DAY_MS), incidentsMs: millis(1095 * DAY_MS), bytes: 2e9, runs: 512, perTarget: 8 } as const;

/** Keys of the whole site; the sections (`checks`, `channels`, `rotations`, `defaults`, `maintenance`) are read on their own. */
export const SETTINGS_KEYS = {
  name: z.string().trim().min(1).max(100).describe("The site's name, on the page and in messages.").meta({ default: DEFAULTS.name }).optional(),
  vantage: z.string().trim().min(1).max(60).describe("The name of the place that checks run from.").meta({ default: DEFAULTS.vantage }).optional(),
  url: webAddress().meta({ unit: "web address" }).describe("The page's address as others reach it, for links in messages.").optional(),
  heartbeat: webAddress().meta({ unit: "web address" }).describe("Called while Tocsin itself makes progress: a dead man's switch.").optional(),
  listen: z.union([hostAndPort(), off()]).describe("Where the page and the API listen; `off` for none.").meta({ default: "127.0.0.1:2930" }).optional(),
  tls: z
    .strictObject({ cert: z.string().min(1).describe("File with the certificate chain, PEM."), key: z.string().min(1).describe("File with its private key, PEM.").meta({ hostPower: true }) })
    .describe("Makes the page speak HTTPS.")
    .optional(),
  timezone: timezone().describe("Zone of schedules and of times in messages.").meta({ default: "this machine's" }).optional(),
  retention: z
    .strictObject({
      results: durationWithin(3_600_000, MOST_MS).describe("How long results are kept.").meta({ default: "400d" }).optional(),
      incidents: durationWithin(DAY_MS, MOST_MS).describe("How long incidents, alerts and the journal are kept.").meta({ default: "3y" }).optional(),
      size: z.union([diskSize(), off()]).describe("Bound of the store on disk; the oldest results go first.").meta({ default: "2GB" }).optional(),
    })
    .describe("How much is remembered.")
    .optional(),
  limits: z
    .strictObject({
      runs: z.number().int().min(1).max(10_000).describe("Runs at the same time.").meta({ default: DEFAULTS.runs }).optional(),
      perTarget: z.number().int().min(1).max(1000).describe("Runs at the same time against one target.").meta({ default: DEFAULTS.perTarget }).optional(),
    })
    .describe("How much happens at once.")
    .optional(),
  resolvers: names().describe("Name servers to ask, `host` or `host:port`.").meta({ default: "the system's" }).optional(),
  page: z
    .strictObject({ allowHostPower: z.boolean().describe("Let the page change commands, paths and references.").meta({ default: false }).optional() })
    .describe("What the page may change.")
    .optional(),
  include: names().describe("Further files with checks, channels, rotations and maintenance; `*` in a file's name stands for anything. `conf.d` beside this file is always read.").meta({ default: "none" }).optional(),
  connectivity: connectivitySchema.describe("By what this host knows that it is cut off itself; off unless it is set.").optional(),
  probe: probeSchema.describe("What `GET /probe` asks for Prometheus, as blackbox_exporter does; off unless it is set.").optional(),
  confirm: z.unknown().describe("How many places must see an outage; not available in this version.").optional(),
  peers: z.unknown().describe("Other places; not available in this version.").optional(),
} as const;

/** Settings as read. */
export const settingsSchema = z.strictObject(SETTINGS_KEYS);

/** Fills in what was not said; `resolve` makes a path of the file into one of this process. */
export function toSettings(read: z.output<typeof settingsSchema>, resolve: (path: string) => string): Settings {
  const retention = read.retention ?? {};
  return {
    name: read.name ?? DEFAULTS.name,
    vantage: read.vantage ?? DEFAULTS.vantage,
    url: read.url ?? null,
    heartbeat: read.heartbeat ?? null,
    listen: read.listen ?? DEFAULTS.listen,
    tls: read.tls === undefined ? null : { cert: resolve(read.tls.cert), key: resolve(read.tls.key) },
    timezone: read.timezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
    retention: {
      resultsMs: retention.results ?? DEFAULTS.resultsMs,
      incidentsMs: retention.incidents ?? DEFAULTS.incidentsMs,
      bytes: retention.size === "off" ? null : (retention.size ?? DEFAULTS.bytes),
    },
    limits: { runs: read.limits?.runs ?? DEFAULTS.runs, perTarget: read.limits?.perTarget ?? DEFAULTS.perTarget },
    resolvers: read.resolvers ?? [],
  };
}

