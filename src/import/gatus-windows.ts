import { canonicalZone } from "../core/zone.ts";
import type { Draft } from "./draft.ts";
import { durationOf, flag, some, texts } from "./gatus-words.ts";
import type { Origin, Path } from "./importer.ts";
import { written } from "./json.ts";
import { durationText, textOf, type Mapping } from "./values.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;
const SHORTEST_MS = 60_000;
const KEYS: ReadonlySet<string> = new Set(["enabled", "start", "duration", "timezone", "every"]);

/** Times without alerts, as they are found; each has a name of its own. */
export class GatusWindows {
  readonly #draft: Draft;
  readonly #at: (path: Path) => Origin;
  readonly #windows: Mapping[] = [];

  constructor(draft: Draft, at: (path: Path) => Origin) {
    this.#draft = draft;
    this.#at = at;
  }

  /** One window, for these checks. */
  read(config: Mapping, name: string, checks: "all" | readonly string[], path: Path): void {
    const draft = this.#draft;
    const refuse = (key: string, text: string, advice: string): void => draft.note("refused", this.#at([...path, key]), `${name} ${key}`, text, advice);
    for (const key of Object.keys(config)) if (!KEYS.has(key)) draft.note("ignored", this.#at([...path, key]), `${name} ${key}`, "Gatus does not know this key");
    if (flag(config["enabled"]) === false) {
      draft.note("ignored", this.#at(path), name, "it is not enabled");
      return;
    }
    const start = textOf(config["start"]);
    const duration = durationOf(config["duration"]);
    const zone = canonicalZone(some(config["timezone"]) ?? "UTC");
    const days = texts(config["every"]);
    const strange = days.find((day) => !DAYS.includes(day));
    const timed = /^([01]\d|2[0-3]):[0-5]\d$/.test(start);
    const long = typeof duration === "number" && duration > 0 && duration <= DAY_MS;
    if (!timed) refuse("start", `\`${start}\` is no time`, 'write hh:mm: "23:00"');
    if (!long) refuse("duration", `\`${written(config["duration"] ?? "")}\` is no duration of a day at most`, "write 1h");
    if (zone === null) refuse("timezone", `\`${textOf(config["timezone"])}\` is no time zone`, "use a name of the IANA database, such as Europe/Amsterdam");
    if (strange !== undefined) refuse("every", `\`${strange}\` is no day`, `write ${DAYS.join(", ")}`);
    if (!timed || !long || zone === null || strange !== undefined) return;
    if (duration < SHORTEST_MS) draft.note("differs", this.#at([...path, "duration"]), name, "it lasts a minute, the shortest here", "", ["maintenance"]);
    const on = days.length === 0 ? "daily" : [...new Set(days)].map((day) => day.slice(0, 3).toLowerCase()).join(",");
    this.#windows.push({ name, checks, weekly: `${on} ${start}`, for: durationText(Math.max(duration, SHORTEST_MS)), timezone: zone });
    draft.note("taken", this.#at(path), name, "nobody is told of outages meanwhile", "", ["maintenance"]);
  }

  /** Into the document. */
  finish(): void {
    const [first] = this.#windows;
    if (first !== undefined) this.#draft.put(["maintenance"], this.#windows, this.#at(["maintenance"]));
  }
}
