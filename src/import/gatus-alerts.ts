import type { Draft } from "./draft.ts";
import { GATUS_PROVIDERS, makeChannel, PROVIDER_ALIASES } from "./gatus-providers.ts";
import { durationOf, flag, whole } from "./gatus-words.ts";
import type { Origin, Path } from "./importer.ts";
import { written } from "./json.ts";
import { onceAtATime } from "./steps.ts";
import { durationText, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

/** Where alerts are read: an endpoint, or one that is told from outside. */
export interface Alerted {
  readonly title: string;
  readonly group: string;
  readonly entry: Mapping;
  readonly path: Path;
}

/** Who is told when, as keys of a check. */
export interface Telling {
  readonly keys: Mapping;
  readonly notes: readonly { readonly origin: Origin; readonly what: string; readonly text: string; readonly advice: string }[];
}

const FAILURES = 3;
const SUCCESSES = 2;
const SHORTEST_REMINDER_MS = 300_000;
const ALERT: ReadonlySet<string> = new Set(["type", "enabled", "failure-threshold", "success-threshold", "minimum-reminder-interval", "description", "send-on-resolved", "provider-override"]);
/** What the alert says of itself, before the message that Tocsin writes. */
const WITH_DESCRIPTION = '{% if description != "" %}{{ description }}\n\n{% endif %}{{ text }}';

interface Alert {
  readonly channel: string;
  readonly failures: number;
  readonly successes: number;
  readonly resolved: boolean;
  readonly reminderMs: number;
  readonly description: string;
}

/** The providers of one site, and the channels that they become as alerts ask for them. */
export class GatusAlerts {
  readonly #draft: Draft;
  readonly #alerting: Mapping;
  readonly #at: (path: Path) => Origin;
  /** By type, group and override; null where there is none. */
  readonly #channels = new Map<string, string | null>();
  /** Providers that Gatus passes over. */
  readonly #ignored = new Set<string>();

  /** Sections of `alerting` that some alert asks for, and those of which some alert says something of itself. */
  readonly #asked = new Set<string>();
  readonly #describing = new Set<string>();

  /** `entries`: all whose alerts may be read. */
  constructor(draft: Draft, alerting: Mapping, entries: readonly Mapping[], at: (path: Path) => Origin) {
    this.#draft = draft;
    this.#alerting = alerting;
    this.#at = at;
    for (const alert of entries.flatMap((entry) => listOf(entry["alerts"])).map(mappingOf)) {
      const section = this.#sectionOf(textOf(alert["type"]));
      this.#asked.add(section);
      if (textOf(alert["description"]) !== "") this.#describing.add(section);
    }
    for (const [type, provider] of Object.entries(alerting)) if (textOf(mappingOf(mappingOf(provider)["default-alert"])["description"]) !== "") this.#describing.add(type);
  }

  /** The word under `alerting` that a type of alerts means. */
  #sectionOf(type: string): string {
    return Object.hasOwn(this.#alerting, type) ? type : (PROVIDER_ALIASES.get(type) ?? type);
  }

  /** The alerts of an endpoint as steps and thresholds. */
  read({ title, group, entry, path }: Alerted): Telling {
    const notes: { origin: Origin; what: string; text: string; advice: string }[] = [];
    const alerts = listOf(entry["alerts"]).flatMap((alert, index) => this.#alert(mappingOf(alert), title, group, [...path, "alerts", index]) ?? []);
    const origin = this.#at([...path, "alerts"]);
    const differs = (text: string, advice: string): void => void notes.push({ origin, what: `${title} alerts`, text, advice });
    if (alerts.length === 0) return { keys: {}, notes };
    const failAfter = Math.min(...alerts.map(({ failures }) => failures));
    const recoverAfter = Math.max(...alerts.map(({ successes }) => successes));
    if (alerts.some(({ successes }) => successes !== recoverAfter)) differs(`they have several values of success-threshold: all are told of the end after ${recoverAfter} good runs`, "");
    const resolved = alerts.some((alert) => alert.resolved);
    if (resolved && !alerts.every((alert) => alert.resolved)) differs("some have send-on-resolved: whoever was told of the outage is told of its end", "`onPass: false` tells nobody of it");
    const descriptions = [...new Set(alerts.flatMap(({ description }) => (description === "" ? [] : [description])))];
    if (descriptions.length > 1) differs(`they have several descriptions: the first one is told, \`${descriptions[0] ?? ""}\``, "");
    const steps = Map.groupBy(alerts, ({ failures, reminderMs }) => JSON.stringify([failures, reminderMs]));
    const notify = onceAtATime([...steps.values()].map((together) => {
      const [{ failures, reminderMs } = { failures: 1, reminderMs: 0 }] = together;
      const step = { after: failures - failAfter + 1, to: [...new Set(together.map(({ channel }) => channel))] };
      return reminderMs === 0 ? step : { after: step.after, to: step.to, repeat: durationText(reminderMs) };
    }));
    const [only] = notify;
    const plain = notify.length === 1 && only !== undefined && only.after === 1 && !("repeat" in only);
    return {
      keys: { ...(failAfter === 1 ? {} : { failAfter }), ...(recoverAfter === 1 ? {} : { recoverAfter }), ...(resolved ? {} : { onPass: false }), ...(descriptions[0] === undefined ? {} : { description: descriptions[0].slice(0, 1000) }), notify: plain ? only.to : notify },
      notes,
    };
  }

  /** Providers that nobody asked for. */
  finish(): void {
    for (const type of Object.keys(this.#alerting)) {
      const known = Object.hasOwn(GATUS_PROVIDERS, type) || PROVIDER_ALIASES.has(type);
      if (!known) this.#draft.note("ignored", this.#at(["alerting", type]), `alerting ${type}`, "Gatus knows no such provider");
      else if (!this.#asked.has(type)) this.#draft.note("ignored", this.#at(["alerting", type]), `alerting ${type}`, "no endpoint has an alert of this type");
    }
  }

  #alert(own: Mapping, title: string, group: string, path: Path): Alert | null {
    const draft = this.#draft;
    const origin = this.#at(path);
    const type = textOf(own["type"]);
    const what = `${title} alert ${type}`;
    for (const key of Object.keys(own)) if (!ALERT.has(key)) draft.note("ignored", this.#at([...path, key]), `${what} ${key}`, "Gatus does not know this key");
    const section = this.#sectionOf(type);
    const provider = Object.hasOwn(this.#alerting, section) ? this.#alerting[section] : undefined;
    if (typeof provider !== "object" || provider === null) {
      draft.note("ignored", origin, what, type === "" ? "it has no type: Gatus sends nothing" : `\`alerting\` has no \`${section}\`: Gatus sends nothing`, "");
      return null;
    }
    const usual = mappingOf(mappingOf(provider)["default-alert"]);
    const said = (key: string): unknown => own[key] ?? usual[key];
    if (flag(said("enabled")) === false) {
      draft.note("ignored", origin, what, "it is not enabled", "");
      return null;
    }
    const reminder = durationOf(said("minimum-reminder-interval")) ?? 0;
    if (reminder === "wrong" || (reminder !== 0 && reminder < SHORTEST_REMINDER_MS)) draft.note("refused", this.#at([...path, "minimum-reminder-interval"]), what, `minimum-reminder-interval is \`${written(said("minimum-reminder-interval"))}\``, "write 5m or more, or leave it out");
    const description = textOf(said("description"));
    if (/["\\]/.test(description)) draft.note("refused", this.#at([...path, "description"]), what, 'a description may hold neither " nor \\', "write it without");
    const channel = this.#channel(section, provider as Mapping, { title, group, override: mappingOf(own["provider-override"]), path });
    if (channel === null) {
      if (this.#ignored.has(section)) draft.note("ignored", origin, what, "Gatus sends nothing: see the note on its provider");
      else draft.note("left", origin, what, `\`${type}\` tells nobody here`, "see the note on its provider");
      return null;
    }
    const positive = (key: string, fallback: number): number => Math.min(10_000, Math.max(whole(said(key)) ?? 0, 0) || fallback);
    return { channel, failures: positive("failure-threshold", FAILURES), successes: positive("success-threshold", SUCCESSES), resolved: flag(said("send-on-resolved")) === true, reminderMs: reminder === "wrong" ? 0 : reminder, description };
  }

  #channel(type: string, provider: Mapping, { title, group, override, path }: { readonly title: string; readonly group: string; readonly override: Mapping; readonly path: Path }): string | null {
    const overrides = listOf(provider["overrides"]).map(mappingOf);
    const index = overrides.findIndex((one) => textOf(one["group"]) === group);
    const own = Object.keys(override).length > 0;
    const key = JSON.stringify([type, index, own ? override : null]);
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const place: Path = own ? [...path, "provider-override"] : index >= 0 ? ["alerting", type, "overrides", index] : ["alerting", type];
    const { "default-alert": _, overrides: __, ...base } = provider;
    const { group: ___, ...grouped } = overrides[index] ?? {};
    const name = this.#make(type, own ? `${type} for ${title}` : index >= 0 ? `${type} ${group === "" ? "without group" : group}` : type, { ...base, ...grouped, ...override }, place);
    this.#channels.set(key, name);
    return name;
  }

  #make(type: string, wanted: string, config: Mapping, place: Path): string | null {
    const draft = this.#draft;
    const origin = this.#at(place);
    const what = `alerting ${type}`;
    const provider = Object.hasOwn(GATUS_PROVIDERS, type) ? GATUS_PROVIDERS[type] : undefined;
    if (provider === undefined) {
      this.#ignored.add(type);
      return null;
    }
    for (const key of Object.keys(config)) if (!provider.taken.includes(key) && !(provider.looks ?? []).includes(key)) draft.note("ignored", this.#at([...place, key]), `${what} ${key}`, "Gatus does not know this key");
    const made = makeChannel(provider, config);
    if (made.kind === "left") {
      draft.note("left", origin, what, made.text, made.advice);
      return null;
    }
    if (made.kind === "lacks") {
      this.#ignored.add(type);
      draft.note("ignored", origin, what, `it has no ${made.keys.map((key) => `\`${key}\``).join(" and no ")}: Gatus passes over it`, "add it");
      return null;
    }
    const describes = made.keys["text"] === undefined && this.#describing.has(type);
    const name = draft.add("channels", wanted, { ...made.keys, ...(describes ? { text: WITH_DESCRIPTION } : {}) }, origin);
    for (const text of made.differs) draft.note("differs", origin, what, text, "", ["channels", name]);
    draft.note("taken", origin, what, `tells by \`${textOf(made.keys["type"])}\`, and tries longer`, "", ["channels", name]);
    return name;
  }
}
