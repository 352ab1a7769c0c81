import type { Draft } from "./draft.ts";
import type { Contacts } from "./nagios-contacts.ts";
import type { Inventory } from "./nagios-inventory.ts";
import { namesIn, textIn } from "./nagios-inventory.ts";
import type { NagiosObject } from "./nagios-inherit.ts";
import { numberOf } from "./nagios-options.ts";
import type { Value } from "./nagios-objects.ts";
import { onceAtATime } from "./steps.ts";

/** A duration of so many of Nagios's units. */
export type Durations = (units: number) => string;

interface Step {
  readonly after: number | string;
  readonly to: readonly string[];
  readonly repeat?: string;
}

/** Who is told of a host or service, and when: keys of a check. */
export interface Telling {
  readonly keys: { readonly notify: readonly Step[]; readonly onFail?: false; readonly onPass?: false };
}

export interface TellingParts {
  readonly inventory: Inventory;
  readonly contacts: Contacts;
  readonly draft: Draft;
  readonly durations: Durations;
  /** Seconds of one unit. */
  readonly unit: number;
  /** `enable_notifications`. */
  readonly enabled: boolean;
}

/** Directives that a service without contacts of its own has from its host. */
const FROM_HOST = ["contacts", "contact_groups", "notification_interval", "notification_period"];

/** A service as Nagios sees it: what says whom to tell comes from the host where it says nothing itself. */
export function withHost(service: NagiosObject, host: NagiosObject): NagiosObject {
  const values = new Map<string, Value>(service.values);
  const own = values.has("contacts") || values.has("contact_groups");
  for (const key of FROM_HOST) {
    const inherited = host.values.get(key);
    if (inherited !== undefined && !values.has(key) && !(own && key.startsWith("contact"))) values.set(key, inherited);
  }
  return { ...service, values };
}

const channels = (names: readonly string[], kind: "host" | "service", contacts: Contacts): readonly string[] => [...new Set(names.flatMap((name) => contacts.channelsOf(name, kind)))];
const number = (object: NagiosObject, key: string, usual: number): number => {
  const value = numberOf(textIn(object, key));
  return value === null || value < 0 ? usual : value;
};

/** The steps of a host or service with its escalations. */
export function tellingOf(parts: TellingParts, object: NagiosObject, kind: "host" | "service", title: string, escalations: readonly NagiosObject[]): Telling {
  const { inventory, contacts, draft, durations, unit, enabled } = parts;
  const options = namesIn(object, "notification_options");
  const silent = !enabled || textIn(object, "notifications_enabled") === "0" || options.includes("n");
  if (silent) return { keys: { notify: [] } };
  const has = (option: string): boolean => options.length === 0 || options.includes("a") || options.includes(option);
  const at = object.values.get("notification_options")?.origin ?? object.origin;
  const tellsFailing = kind === "host" ? has("d") : has("c") || has("w");
  if (kind === "service" && has("c") !== has("w")) draft.note("differs", at, `${title} notification_options`, has("c") ? "WARNING is told too" : "CRITICAL is told too", has("c") ? "take `warn` away to leave it out" : "");
  const interval = number(object, "notification_interval", 30);
  const delay = number(object, "first_notification_delay", 0);
  const repeat = interval > 0 ? { repeat: durations(interval) } : {};
  const first = channels(inventory.contactsOf(object) ?? [], kind, contacts);
  const steps: Step[] = first.length === 0 ? [] : [{ after: delay > 0 ? durations(delay) : 1, to: first, ...repeat }];
  for (const escalation of escalations) {
    const from = number(escalation, "first_notification", 1);
    const to = channels(inventory.contactsOf(escalation) ?? [], kind, contacts);
    if (to.length === 0) continue;
    const every = number(escalation, "notification_interval", interval);
    const wait = delay + Math.max(0, from - 1) * interval;
    steps.push({ after: wait * unit >= 1 ? durations(wait) : 1, to, ...(every > 0 ? { repeat: durations(every) } : {}) });
    const last = number(escalation, "last_notification", 0);
    if (from > 1 && interval === 0) draft.note("differs", escalation.origin, `${title} escalation`, "without a notification_interval there is no later notification in Nagios; here it tells at once", "write `after: 10m`");
    else draft.note("differs", escalation.origin, `${title} escalation`, `told after ${durations(Math.max(wait, 0))}${last > 0 ? ", and not only up to a last notification" : ""}; who was told before goes on being told`);
  }
  return { keys: { notify: onceAtATime(steps), ...(tellsFailing ? {} : { onFail: false as const }), ...(has("r") ? {} : { onPass: false as const }) } };
}
