import type { Draft } from "./draft.ts";
import type { Origin, Path, Tables } from "./importer.ts";
import { parseJson } from "./json.ts";
import { isMapping, mappingOf, type Mapping } from "./values.ts";

/** A row with the places of its columns. */
export interface Placed {
  readonly row: Mapping;
  readonly at: (column?: string) => Origin;
}

export interface Tag {
  readonly name: string;
  readonly value: string;
  readonly color: string;
}

/** What a backup or a database of Uptime Kuma's holds, in the words of its database. */
export interface Kuma {
  readonly monitors: readonly Placed[];
  readonly notifications: readonly Placed[];
  /** Ids of notifications by the id of the monitor that tells by them. */
  readonly told: ReadonlyMap<string, readonly string[]>;
  readonly tags: ReadonlyMap<string, readonly Tag[]>;
  /** By id; null: a backup does not have them. */
  readonly dockers: ReadonlyMap<string, Mapping> | null;
  readonly proxies: ReadonlyMap<string, Mapping>;
  readonly windows: readonly (Placed & { readonly monitors: readonly string[] })[];
  /** By name, as texts. */
  readonly settings: ReadonlyMap<string, string>;
  /** The database, where it is one. */
  readonly tables: Tables | null;
}

const MOST_ROWS = 200_000;

/** The id of a row as text, whatever SQLite or JSON holds; empty where there is none. */
export const idOf = (value: unknown): string => (typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : "");
const byId = (a: Mapping, b: Mapping): number => Number(a["id"] ?? 0) - Number(b["id"] ?? 0);

/** `retryInterval` as the database has it: `retry_interval`. */
const columnOf = (key: string): string => (key === "accepted_statuscodes" ? "accepted_statuscodes_json" : key.replaceAll(/[A-Z]/g, (sign) => `_${sign.toLowerCase()}`));

function gathered<Value>(rows: readonly Mapping[], key: string, value: (row: Mapping) => Value | null): ReadonlyMap<string, readonly Value[]> {
  const all = new Map<string, Value[]>();
  for (const row of rows) {
    const one = value(row);
    if (one === null) continue;
    const list = all.get(idOf(row[key]));
    if (list === undefined) all.set(idOf(row[key]), [one]);
    else list.push(one);
  }
  return all;
}

const tagOf = (row: Mapping): Tag | null => (typeof row["name"] === "string" && row["name"] !== "" ? { name: row["name"], value: typeof row["value"] === "string" ? row["value"] : "", color: idOf(row["color"]) } : null);

/** Reads the backup of version 1; null, with a note, when it is none. */
export function readBackup(file: string, bytes: Uint8Array, draft: Draft): Kuma | null {
  const nowhere: Origin = { file, line: 0, column: 0 };
  const json = parseJson(file, bytes);
  if (json.kind === "wrong") {
    draft.note("refused", json.origin, "", json.wrong, "make the backup anew, or name kuma.db");
    return null;
  }
  if (!isMapping(json.value) || !Array.isArray(json.value["monitorList"])) {
    draft.note("refused", nowhere, "", "there is no list `monitorList`", "name a backup of Uptime Kuma 1, or kuma.db");
    return null;
  }
  for (const { key, origin } of json.repeated) draft.note("ignored", origin, key, "this key stands again further down, and the last one counts", "remove one of the two");
  for (const key of Object.keys(json.value)) if (!["version", "monitorList", "notificationList", "proxyList"].includes(key)) draft.note("ignored", json.at([key]), key, "Uptime Kuma does not know this key in a backup");
  const whole = json.value;
  const list = (key: string): readonly Placed[] => {
    const values: unknown = whole[key];
    return (Array.isArray(values) ? values : []).flatMap((value: unknown, index): Placed[] => {
      const path: Path = [key, index];
      if (!isMapping(value)) {
        draft.note("ignored", json.at(path), `${key} ${index + 1}`, "this is no object");
        return [];
      }
      const keys = new Map(Object.keys(value).map((one) => [columnOf(one), one]));
      return [{ row: Object.fromEntries([...keys].map(([column, one]) => [column, value[one]])), at: (column) => json.at(column === undefined ? path : [...path, keys.get(column) ?? column]) }];
    });
  };
  const monitors = list("monitorList");
  const told = new Map(monitors.map(({ row }) => [idOf(row["id"]), Object.entries(mappingOf(row["notification_i_d_list"])).flatMap(([id, on]) => (on === true || on === 1 ? [id] : []))]));
  const tags = new Map(monitors.map(({ row }) => [idOf(row["id"]), (Array.isArray(row["tags"]) ? row["tags"] : []).flatMap((tag: unknown) => tagOf(mappingOf(tag)) ?? [])]));
  const proxies = new Map(list("proxyList").map(({ row }) => [idOf(row["id"]), row]));
  return { monitors, notifications: list("notificationList"), told, tags, dockers: null, proxies, windows: [], settings: new Map(), tables: null };
}

/** Reads the database of version 1 or 2. */
export function readDatabase(file: string, tables: Tables, draft: Draft): Kuma {
  const nowhere: Origin = { file, line: 0, column: 0 };
  const all = (table: string): readonly Mapping[] => {
    const rows: Mapping[] = [];
    try {
      for (const row of tables.rows(table, null)) {
        rows.push(row);
        if (rows.length < MOST_ROWS) continue;
        draft.note("refused", nowhere, `table ${table}`, `it has more than ${MOST_ROWS} rows`, "remove what is not needed");
        break;
      }
    } catch (error) {
      draft.note("refused", nowhere, `table ${table}`, `it is damaged after ${rows.length} rows: ${error instanceof Error ? error.message : String(error)}`, "repair the database: sqlite3 kuma.db .recover");
    }
    return rows.toSorted(byId);
  };
  const placed = (rows: readonly Mapping[]): readonly Placed[] => rows.map((row) => ({ row, at: () => nowhere }));
  const ids = (table: string): ReadonlyMap<string, Mapping> => new Map(all(table).map((row) => [idOf(row["id"]), row]));
  const names = ids("tag");
  const covered = gathered(all("monitor_maintenance"), "maintenance_id", ({ monitor_id }) => idOf(monitor_id));
  return {
    monitors: placed(all("monitor")),
    notifications: placed(all("notification")),
    told: gathered(all("monitor_notification"), "monitor_id", ({ notification_id }) => idOf(notification_id)),
    tags: gathered(all("monitor_tag"), "monitor_id", (row) => tagOf({ ...row, name: names.get(idOf(row["tag_id"]))?.["name"], color: names.get(idOf(row["tag_id"]))?.["color"] })),
    dockers: ids("docker_host"),
    proxies: ids("proxy"),
    windows: placed(all("maintenance")).map(({ row, at }) => ({ row, at, monitors: covered.get(idOf(row["id"])) ?? [] })),
    settings: new Map(all("setting").map(({ key, value }) => [idOf(key), settingOf(value)])),
    tables,
  };
}

/** Settings are written as JSON, older ones as they are. */
function settingOf(value: unknown): string {
  const text = idOf(value);
  const quoted = /^"(.*)"$/s.exec(text);
  return quoted?.[1] ?? text;
}
