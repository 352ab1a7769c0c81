import { canonicalZone } from "../core/zone.ts";
import { Draft } from "./draft.ts";
import type { Glimpse, Importer, Origin, Source } from "./importer.ts";
import { readNotification } from "./kuma-channels.ts";
import { history, lastState } from "./kuma-history.ts";
import { timesOf } from "./kuma-maintenance.ts";
import { readMonitors } from "./kuma-read.ts";
import { idOf, type Kuma, readBackup, readDatabase } from "./kuma-source.ts";

/** Tables that say nothing of what is watched and who is told. */
const PAGES = ["status_page", "incident"];
const AVERAGES = ["stat_daily", "stat_hourly", "stat_minutely"];
/** The longest retention there is. */
const MOST_DAYS = 3650;
const DEFAULTS = { failAfter: 1, flapping: "off" };

function has(kuma: Kuma, table: string): boolean {
  try {
    for (const _ of kuma.tables?.rows(table, null) ?? []) return true;
  } catch {
    // That it is damaged is told where it is read.
  }
  return false;
}

function readSettings({ settings }: Kuma, draft: Draft, at: Origin): string | null {
  const zone = canonicalZone(settings.get("serverTimezone") ?? "");
  if (zone !== null) draft.put(["timezone"], zone, at);
  const days = Number(settings.get("keepDataPeriodDays") ?? "");
  // 0: for ever.
  if (settings.has("keepDataPeriodDays") && days >= 0) draft.put(["retention"], { results: `${days < 1 ? MOST_DAYS : Math.min(MOST_DAYS, Math.round(days))}d` }, at);
  if (settings.has("keepDataPeriodDays") && days < 1) draft.note("differs", at, "setting keepDataPeriodDays", "runs are kept for ten years, in at most 2 GB", "set `retention: {size: ...}` for more", ["retention"]);
  for (const key of ["primaryBaseURL", "disableAuth", "trustProxy"]) {
    const value = settings.get(key) ?? "";
    if (value !== "" && value !== "false" && value !== "0") draft.note("left", at, `setting ${key}`, key === "primaryBaseURL" ? "where links in messages lead is not taken over" : "this is about Uptime Kuma's own page", key === "primaryBaseURL" ? "set `url` to Tocsin's own address" : "");
  }
  return zone;
}

/** The channels by the ids of notifications, and those that new monitors tell by. */
function readChannels(kuma: Kuma, draft: Draft): { readonly channels: ReadonlyMap<string, string>; readonly usual: readonly string[] } {
  const channels = new Map<string, string>();
  const usual: string[] = [];
  for (const { row, at } of kuma.notifications) {
    const id = idOf(row["id"]);
    const name = typeof row["name"] === "string" && row["name"].trim() !== "" ? row["name"].trim() : `notification ${id}`;
    const { keys, remarks } = readNotification(row["config"]);
    const channel = keys === null ? null : draft.add("channels", name, keys, at());
    const path = channel === null ? null : ["channels", channel];
    if (channel !== null) {
      channels.set(id, channel);
      if (row["is_default"] === 1 || row["is_default"] === true) usual.push(channel);
      draft.note("taken", at(), `notification ${name}`, "tells as before, and tries for two days", "", path);
    }
    for (const { kind, what, text, advice } of remarks) draft.note(kind, at(what === "" ? undefined : "config"), `notification ${name}${what === "" ? "" : ` ${what}`}`, text, advice, path);
  }
  return { channels, usual };
}

function readWindows(kuma: Kuma, names: ReadonlyMap<string, string>, zone: string | null, draft: Draft): void {
  const windows: unknown[] = [];
  const taken = new Set<string>();
  for (const window of kuma.windows) {
    const { row, at, monitors } = window;
    const title = (typeof row["title"] === "string" ? row["title"].trim() : "") || `maintenance ${idOf(row["id"])}`;
    const what = `maintenance ${title}`;
    const times = timesOf(window, zone);
    const checks = [...new Set(monitors.flatMap((id) => names.get(id) ?? []))];
    if (times.kind === "none" || checks.length === 0) {
      draft.note("left", at(), what, times.kind === "none" ? times.why : "none of its monitors is taken", times.kind === "none" ? times.advice : "");
      continue;
    }
    let name = title.slice(0, 180);
    for (let count = 2; taken.has(name); count += 1) name = `${title.slice(0, 180)} (${count})`;
    taken.add(name);
    if (name !== title) draft.note("differs", at("title"), what, `it is called \`${name}\` here`);
    const path = ["maintenance", windows.length];
    windows.push({ name, checks, ...times.keys });
    draft.note("taken", at(), what, "nobody is told while it is open; its checks run on", "", path);
    for (const text of times.differs) draft.note("differs", at(), what, text, "", path);
  }
  if (windows.length > 0) draft.put(["maintenance"], windows);
}

/** What Uptime Kuma remembers of the monitors that are taken. */
function readPast(kuma: Kuma, names: ReadonlyMap<string, string>, draft: Draft, at: Origin): void {
  const { tables } = kuma;
  if (tables === null) return;
  try {
    for (const [id, check] of names) {
      const state = lastState(tables, id, check);
      if (state !== null) draft.carry(state);
    }
  } catch (error) {
    draft.note("refused", at, "table heartbeat", `it is damaged: ${error instanceof Error ? error.message : String(error)}`, "repair the database: sqlite3 kuma.db .recover");
    return;
  }
  draft.history(history(tables, names));
  if (has(kuma, "heartbeat")) draft.note("taken", at, "table heartbeat", "in which state each check is at the first start; with `tocsin import --data DIR` its runs and outages, too");
  const averages = AVERAGES.filter((table) => has(kuma, table));
  if (averages.length > 0) draft.note("differs", at, averages.join(", "), "with `tocsin import --data DIR` they become as many runs, spread evenly, with their least, mean and greatest latency");
}

function readRest(kuma: Kuma, draft: Draft, at: Origin): void {
  const pages = PAGES.filter((table) => has(kuma, table));
  if (pages.length > 0) draft.note("later", at, pages.join(", "), "there are no status pages yet", "keep them in Uptime Kuma for now");
  if (has(kuma, "user")) draft.note("later", at, "user", "the page has the one user admin so far, without a second factor", "sign in as admin; `tocsin passwd` sets the password");
  if (has(kuma, "api_key")) draft.note("left", at, "api_key", "keys of Uptime Kuma's metrics are not taken over", "see docs/api.md");
}

function read(source: Source): ReturnType<Importer["read"]> {
  const { path, tables } = source;
  const nowhere: Origin = { file: path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const file = source.files.get(path);
  if (tables === null && file === undefined) {
    draft.note("refused", nowhere, "", source.missing.get(path) ?? "this is a folder", "name kuma.db, or a backup of version 1");
    return draft.done();
  }
  if (tables === null && new TextDecoder("latin1").decode(file?.bytes.subarray(0, 15)) === "SQLite format 3") {
    draft.note("refused", nowhere, "", "this database is damaged", "repair it: sqlite3 kuma.db .recover");
    return draft.done();
  }
  const kuma = tables === null ? readBackup(path, file?.bytes ?? new Uint8Array(), draft) : readDatabase(path, tables, draft);
  if (kuma === null) return draft.done();
  const zone = readSettings(kuma, draft, nowhere);
  const { channels, usual } = readChannels(kuma, draft);
  draft.put(["defaults"], { ...DEFAULTS, notify: usual }, nowhere);
  const names = readMonitors(kuma, channels, draft);
  if (names.size === 0) draft.note("refused", nowhere, "", "there is no monitor that can be taken: nothing would ever run", "name another file");
  readWindows(kuma, names, zone, draft);
  readPast(kuma, names, draft, nowhere);
  readRest(kuma, draft, nowhere);
  return draft.done();
}

function recognises({ names, tables, text }: Glimpse): boolean {
  if (tables !== null) return ["monitor", "heartbeat", "monitor_notification"].every((table) => tables.includes(table));
  return names === null && /^\uFEFF?\s*\{/.test(text) && /"(monitorList|notificationList)"\s*:/.test(text);
}

/** Uptime Kuma: the backup of version 1, or kuma.db of versions 1 and 2. */
export const kuma: Importer = { format: "uptime-kuma", about: "Uptime Kuma's kuma.db (1 and 2), or the JSON backup of version 1", recognises, related: () => [], read };
