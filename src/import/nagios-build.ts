import type { Draft } from "./draft.ts";
import type { Path } from "./importer.ts";
import { ask, type Asking } from "./nagios-checks.ts";
import type { NagiosObject } from "./nagios-inherit.ts";
import { namesIn, type NagiosService, serviceKey, textIn } from "./nagios-inventory.ts";
import { numberOf } from "./nagios-options.ts";
import { closedOf } from "./nagios-periods.ts";
import { tellingOf, type TellingParts, withHost } from "./nagios-telling.ts";

type Mapping = { readonly [key: string]: unknown };

/** What making checks needs. */
export interface Building {
  readonly asking: Asking;
  readonly telling: TellingParts;
  /** `enable_flap_detection`. */
  readonly flapping: boolean;
  /** `execute_host_checks`, `execute_service_checks`. */
  readonly executes: { readonly host: boolean; readonly service: boolean };
}

/** Makes checks of hosts and services, and ties them together. */
export class Builder {
  readonly #parts: Building;
  readonly #draft: Draft;
  /** The checks that stand for hosts and services, by name and by key. */
  readonly #hosts = new Map<string, string>();
  readonly #services = new Map<string, string>();
  readonly #depends = new Map<string, Set<string>>();
  readonly #periods = new Set<string>();

  constructor(parts: Building) {
    this.#parts = parts;
    this.#draft = parts.asking.draft;
  }

  build(): void {
    const { inventory } = this.#parts.asking;
    const escalations = this.#escalations();
    const tags = this.#tags();
    for (const [name, host] of inventory.hosts) {
      const check = this.#check(host, host, null, name, { tags: tags.get(name) ?? [], escalations: escalations.get(name) ?? [] });
      if (check !== null) this.#hosts.set(name, check);
    }
    for (const [key, service] of inventory.services) {
      const host = inventory.hosts.get(service.host);
      if (host === undefined) continue;
      const object = withHost(service.object, host);
      const check = this.#check(host, object, object, `${service.host} ${service.description}`, { tags: [...new Set([...(tags.get(key) ?? []), ...(tags.get(service.host) ?? [])])], escalations: escalations.get(key) ?? [] });
      if (check === null) continue;
      this.#services.set(key, check);
      this.#depend(check, this.#hosts.get(service.host));
    }
    this.#parents();
    this.#dependencies();
    for (const [check, parents] of this.#depends) this.#draft.put(["checks", check, "depends"], [...parents]);
    this.#windows();
  }

  #check(host: NagiosObject, object: NagiosObject, service: NagiosObject | null, title: string, around: { readonly tags: readonly string[]; readonly escalations: readonly NagiosObject[] }): string | null {
    const { asking, telling, flapping, executes } = this.#parts;
    const kind = service === null ? "host" : "service";
    if (textIn(object, "active_checks_enabled") === "0" || !executes[kind]) {
      const passive = textIn(object, "passive_checks_enabled") !== "0" && executes[kind];
      this.#draft.note("left", object.values.get("active_checks_enabled")?.origin ?? object.origin, title, passive ? "it only waits for results of others" : "its checks are switched off", passive ? "a check of type `push` waits for heartbeats" : "");
      return null;
    }
    if (!object.values.has("check_command")) {
      this.#draft.note(kind === "host" ? "taken" : "refused", object.origin, title, kind === "host" ? "nothing asks this host: it has no check_command" : "`check_command` is missing", kind === "host" ? "" : "add it");
      return null;
    }
    const asked = ask(asking, host, service, title);
    const pace = this.#pace(object, title);
    if (asked === null || pace === null) return null;
    const told = tellingOf(telling, object, kind, title, around.escalations);
    const tags = [...around.tags, ...this.#period(object, title)];
    const described = textIn(object, service === null ? "alias" : "display_name");
    const flaps = flapping && textIn(object, "flap_detection_enabled") !== "0";
    const keys: Mapping = {
      ...asked.keys,
      description: described === title || described === undefined || described === textIn(object, "host_name") ? undefined : described,
      tags: tags.length === 0 ? undefined : tags,
      ...pace,
      flapping: flaps ? { changes: 5, within: "1h" } : undefined,
      ...told.keys,
    };
    const name = this.#draft.add("checks", title, keys, object.origin);
    this.#draft.note(asked.kind, object.values.get("check_command")?.origin ?? object.origin, title, `${asked.text}${told.keys.notify.length === 0 ? "; nobody is told" : ""}`, asked.advice, ["checks", name]);
    return name;
  }

  /** How often it runs, and how many failing runs make it down. */
  #pace(object: NagiosObject, title: string): Mapping | null {
    const { durations, unit } = this.#parts.telling;
    const attempts = numberOf(textIn(object, "max_check_attempts"));
    const at = (key: string): NagiosObject["origin"] => object.values.get(key)?.origin ?? object.origin;
    if (attempts === null || !Number.isInteger(attempts) || attempts < 1) {
      this.#draft.note("refused", at("max_check_attempts"), `${title} max_check_attempts`, object.values.has("max_check_attempts") ? "this is no number from 1 on" : "it is missing", "write the number of failing runs after which it is told");
      return null;
    }
    const [every, retry] = [numberOf(textIn(object, "check_interval") ?? "5"), numberOf(textIn(object, "retry_interval") ?? "1")];
    if (every === null || every < 0 || retry === null || retry < 0) {
      this.#draft.note("refused", at(every === null || every < 0 ? "check_interval" : "retry_interval"), title, "this is no number", "write a number of intervals, such as 5");
      return null;
    }
    const failAfter = Math.min(attempts, 10_000);
    if (every * unit < 1) {
      this.#draft.note("differs", at("check_interval"), `${title} check_interval`, "it does not run by itself", "write `every: 5m`");
      return { every: "never", failAfter };
    }
    const faster = failAfter > 1 && retry * unit >= 1 && retry < every;
    if (failAfter > 1 && retry > every) this.#draft.note("differs", at("retry_interval"), `${title} retry_interval`, `it is asked again every ${durations(every)}, and not more seldom when it fails`);
    return { every: durations(every), ...(faster ? { failingEvery: durations(retry) } : {}), failAfter };
  }

  /** The tag by which a window of `maintenance` knows the check. */
  #period(object: NagiosObject, title: string): readonly string[] {
    const { inventory } = this.#parts.asking;
    const checked = textIn(object, "check_period");
    const found: string[] = [];
    for (const key of ["notification_period", "check_period"] as const) {
      const name = textIn(object, key);
      const value = object.values.get(key);
      if (name === undefined || value === undefined || (key === "check_period" && name === textIn(object, "notification_period"))) continue;
      const period = inventory.timeperiods.get(name);
      if (period === undefined) {
        this.#draft.note("refused", value.origin, `${title} ${key}`, `there is no timeperiod \`${name}\``, "define it, or correct the name");
        continue;
      }
      const { windows } = closedOf(period);
      if (windows !== "always" && windows.length === 0) continue;
      this.#periods.add(name);
      found.push(`in ${name}`);
      if (name === checked) this.#draft.note("differs", object.values.get("check_period")?.origin ?? value.origin, `${title} check_period`, `it runs outside of \`${name}\` too, and nobody is told then`);
    }
    return found;
  }

  /** Times outside of a notification period are windows in which nobody is told. */
  #windows(): void {
    const windows: Mapping[] = [];
    for (const name of this.#periods) {
      const period = this.#parts.asking.inventory.timeperiods.get(name);
      if (period === undefined) continue;
      const closed = closedOf(period);
      for (const text of closed.left) this.#draft.note("left", period.origin, `timeperiod ${name}`, `\`${text}\` is not taken: the days of the week alone hold`, "add a window to `maintenance`");
      for (const text of closed.wrong) this.#draft.note("refused", period.origin, `timeperiod ${name}`, `\`${text}\` is no time of a day`, "write 09:00-17:00");
      const times = closed.windows === "always" ? [{ weekly: "mon 00:00", for: "7d" }] : closed.windows;
      for (const window of times) windows.push({ name: `outside of ${name}, ${window.weekly}`, tags: [`in ${name}`], ...window });
      this.#draft.note("differs", period.origin, `timeperiod ${name}`, "outside of it nobody is told of outages; the end of one that was told is told at any time");
    }
    if (windows.length > 0) this.#draft.put(["maintenance"], windows);
  }

  #tags(): ReadonlyMap<string, readonly string[]> {
    const { hostGroups, serviceGroups } = this.#parts.asking.inventory;
    const tags = new Map<string, string[]>();
    for (const groups of [hostGroups, serviceGroups]) for (const [group, members] of groups) for (const member of members) tags.set(member, [...(tags.get(member) ?? []), group]);
    return tags;
  }

  #escalations(): ReadonlyMap<string, readonly NagiosObject[]> {
    const { inventory } = this.#parts.asking;
    const found = new Map<string, NagiosObject[]>();
    for (const object of inventory.relations) {
      if (!object.type.endsWith("escalation")) continue;
      const keys = object.type === "hostescalation" ? inventory.hostsOf(object) : inventory.servicesOf(object).map(({ host, description }) => serviceKey(host, description));
      for (const key of keys) found.set(key, [...(found.get(key) ?? []), object]);
    }
    return found;
  }

  #depend(check: string, parent: string | undefined): void {
    if (parent === undefined || parent === check) return;
    this.#depends.set(check, (this.#depends.get(check) ?? new Set()).add(parent));
  }

  /** A host behind several others is out of reach when all of them are down. */
  #parents(): void {
    for (const [name, host] of this.#parts.asking.inventory.hosts) {
      const value = host.values.get("parents");
      const check = this.#hosts.get(name);
      if (value === undefined) continue;
      const parents = namesIn(host, "parents");
      for (const parent of parents) if (!this.#parts.asking.inventory.hosts.has(parent)) this.#draft.note("refused", value.origin, `${name} parents`, `there is no host \`${parent}\``, "define it, or correct the name");
      const known = [...new Set(parents.flatMap((parent) => this.#hosts.get(parent) ?? []))];
      if (check === undefined || known.length === 0) continue;
      // A parent that nothing asks is always up.
      if (known.length < parents.length) this.#draft.note("differs", value.origin, `${name} parents`, "a parent that nothing asks counts as being up: this host depends on none");
      else if (known.length === 1) this.#depend(check, known[0]);
      else this.#depend(check, this.#draft.add("checks", `parents of ${name}`, { type: "group", require: "any", members: known, notify: [] }, value.origin));
    }
    for (const { object, host, description } of this.#parts.asking.inventory.services.values()) if (object.values.has("parents")) this.#draft.note("left", object.values.get("parents")?.origin ?? object.origin, `${host} ${description} parents`, "parents of services are not taken", "write `depends`");
  }

  #dependencies(): void {
    const { inventory } = this.#parts.asking;
    for (const object of inventory.relations) {
      if (!object.type.endsWith("dependency")) continue;
      const criteria = [...namesIn(object, "notification_failure_criteria"), ...namesIn(object, "execution_failure_criteria")];
      const isHost = object.type === "hostdependency";
      const failing = criteria.some((criterion) => (isHost ? ["d", "u"] : ["c", "w", "u"]).includes(criterion));
      if (!failing) {
        this.#draft.note("left", object.origin, object.type, criteria.length === 0 ? "it names no criteria" : `its criteria ${criteria.join(", ")} have no counterpart`, "");
        continue;
      }
      const exact = criteria.every((criterion) => criterion === (isHost ? "d" : "c"));
      const [masters, children] = isHost ? [inventory.hostsOf(object).map((name) => this.#hosts.get(name)), inventory.hostsOf(object, "dependent_").map((name) => this.#hosts.get(name))] : [this.#named(inventory.servicesOf(object)), this.#named(this.#dependents(object))];
      for (const child of children) for (const master of masters) if (child !== undefined) this.#depend(child, master);
      this.#draft.note(exact ? "taken" : "differs", object.origin, object.type, exact ? "is taken as `depends`" : "what depends is held back while the other is down, and by no other criterion", "", dependsPath(children));
    }
  }

  /** Without a host of their own the services that depend are on the same one. */
  #dependents(object: NagiosObject): readonly NagiosService[] {
    const { inventory } = this.#parts.asking;
    const own = object.values.has("dependent_host_name") || object.values.has("dependent_hostgroup_name") || object.values.has("dependent_servicegroup_name");
    const value = object.values.get("host_name");
    return own || value === undefined ? inventory.servicesOf(object, "dependent_") : inventory.servicesOf({ ...object, values: new Map([...object.values, ["dependent_host_name", value]]) }, "dependent_");
  }

  #named(services: readonly NagiosService[]): readonly (string | undefined)[] {
    return services.map(({ host, description }) => this.#services.get(serviceKey(host, description)));
  }
}

const dependsPath = (children: readonly (string | undefined)[]): Path | null => (children[0] === undefined ? null : ["checks", children[0], "depends"]);
