import type { Draft } from "./draft.ts";
import { listOf, type NagiosObject, titleOf } from "./nagios-inherit.ts";
import type { Value } from "./nagios-objects.ts";

/** One service of one host. */
export interface NagiosService {
  readonly host: string;
  readonly description: string;
  readonly object: NagiosObject;
}

/** Services of all hosts; more are told and left out. */
const SERVICES_MAX = 100_000;

export const textIn = (object: NagiosObject, key: string): string | undefined => object.values.get(key)?.text;
export const namesIn = (object: NagiosObject, key: string): readonly string[] => listOf(textIn(object, key) ?? "");
export const serviceKey = (host: string, description: string): string => `${host}\0${description}`;

/** Every object under its name, and who belongs to which group. */
export class Inventory {
  readonly hosts: ReadonlyMap<string, NagiosObject>;
  readonly commands: ReadonlyMap<string, NagiosObject>;
  readonly contacts: ReadonlyMap<string, NagiosObject>;
  readonly timeperiods: ReadonlyMap<string, NagiosObject>;
  readonly services: ReadonlyMap<string, NagiosService>;
  /** Groups with the hosts in them, by name. */
  readonly hostGroups: ReadonlyMap<string, ReadonlySet<string>>;
  /** Groups with the keys of the services in them, by name. */
  readonly serviceGroups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly contactGroups: ReadonlyMap<string, ReadonlySet<string>>;
  /** Dependencies and escalations. */
  readonly relations: readonly NagiosObject[];
  readonly #draft: Draft;
  /** A group without hosts may be named. */
  readonly #emptyGroups: boolean;
  /** What was told of names that are not there: a template's mistake is one mistake. */
  readonly #told = new Set<string>();

  constructor(objects: readonly NagiosObject[], draft: Draft, emptyGroups: boolean) {
    this.#draft = draft;
    this.#emptyGroups = emptyGroups;
    const of = (type: string, key: string): ReadonlyMap<string, NagiosObject> => this.#byName(objects.filter((object) => object.type === type), key);
    this.hosts = of("host", "host_name");
    this.commands = of("command", "command_name");
    this.contacts = of("contact", "contact_name");
    this.timeperiods = of("timeperiod", "timeperiod_name");
    this.hostGroups = this.#groups(of("hostgroup", "hostgroup_name"), this.hosts, { own: "hostgroups", nested: "hostgroup_members", what: "host" });
    this.contactGroups = this.#groups(of("contactgroup", "contactgroup_name"), this.contacts, { own: "contactgroups", nested: "contactgroup_members", what: "contact" });
    this.services = this.#services(objects.filter(({ type }) => type === "service"));
    this.serviceGroups = this.#serviceGroups(of("servicegroup", "servicegroup_name"));
    this.relations = objects.filter(({ type }) => /^(host|service)(dependency|escalation)$/.test(type));
    for (const { type, origin } of objects) if (type.endsWith("extinfo")) draft.note("left", origin, type, "there is nothing like it", "");
  }

  #byName(objects: readonly NagiosObject[], key: string): ReadonlyMap<string, NagiosObject> {
    const found = new Map<string, NagiosObject>();
    for (const object of objects) {
      const name = textIn(object, key) ?? "";
      if (name === "") this.#draft.note("refused", object.origin, object.type, `\`${key}\` is missing`, `add ${key}, or \`register 0\` if this is a template`);
      else if (found.has(name)) this.#draft.note("ignored", object.origin, `${object.type} ${name}`, "there is one of this name already, and the first one counts", "rename or remove one of the two");
      else found.set(name, object);
    }
    return found;
  }

  /** Members that a group names, groups within it, and members that name the group. */
  #groups(groups: ReadonlyMap<string, NagiosObject>, known: ReadonlyMap<string, NagiosObject>, { own, nested, what }: { own: string; nested: string; what: string }): ReadonlyMap<string, ReadonlySet<string>> {
    const found = new Map([...groups].map(([name, group]): [string, Set<string>] => [name, new Set(this.#pick(group, "members", known, what))]));
    for (const [name, object] of known) {
      for (const group of namesIn(object, own)) {
        const members = found.get(group);
        if (members === undefined) this.#unknown(object.values.get(own), `${what} ${name}`, `${what}group`, group);
        else members.add(name);
      }
    }
    return this.#nest(groups, found, nested, `${what}group`);
  }

  /** Adds what the groups within a group hold, circles included, until nothing is new. */
  #nest(groups: ReadonlyMap<string, NagiosObject>, found: ReadonlyMap<string, Set<string>>, nested: string, type: string): ReadonlyMap<string, ReadonlySet<string>> {
    const holders = new Map<string, string[]>();
    for (const [name, group] of groups) {
      for (const inner of namesIn(group, nested)) {
        if (!found.has(inner)) this.#unknown(group.values.get(nested), `${type} ${name}`, type, inner);
        else holders.set(inner, [...(holders.get(inner) ?? []), name]);
      }
    }
    for (const waiting = [...holders.keys()]; waiting.length > 0; ) {
      const inner = waiting.pop() ?? "";
      for (const outer of holders.get(inner) ?? []) {
        const members = found.get(outer);
        const before = members?.size ?? 0;
        for (const member of found.get(inner) ?? []) members?.add(member);
        if ((members?.size ?? 0) > before) waiting.push(outer);
      }
    }
    return found;
  }

  /** Names of a list: `*` for all, `!name` for none of it. */
  #pick(object: NagiosObject, key: string, known: ReadonlyMap<string, unknown>, what: string): readonly string[] {
    const names = namesIn(object, key);
    const not = new Set(names.filter((name) => name.startsWith("!")).map((name) => name.slice(1).trim()));
    const picked = new Set<string>();
    for (const name of names) {
      if (name.startsWith("!")) continue;
      if (name === "*") for (const each of known.keys()) picked.add(each);
      else if (known.has(name)) picked.add(name);
      else this.#unknown(object.values.get(key), `${object.type} ${titleOf(object.values)}`, what, name);
    }
    for (const name of not) {
      picked.delete(name);
      if (!known.has(name)) this.#unknown(object.values.get(key), `${object.type} ${titleOf(object.values)}`, what, name);
    }
    return [...picked];
  }

  #unknown(value: Value | undefined, title: string, what: string, name: string): void {
    const key = `${value?.origin.file} ${value?.origin.line} ${what} ${name}`;
    if (value === undefined || this.#told.has(key)) return;
    this.#told.add(key);
    this.#draft.note("refused", value.origin, title, `there is no ${what} \`${name}\``, "define it, or correct the name");
  }

  /** The hosts of a definition: those it names, and those of the groups it names, without those it leaves out. */
  hostsOf(object: NagiosObject, prefix = ""): readonly string[] {
    const [byName, byGroup] = [`${prefix}host_name`, `${prefix}hostgroup_name`];
    const groups = namesIn(object, byGroup);
    const picked = new Set(this.#pick(object, byName, this.hosts, "host"));
    for (const group of this.#pick(object, byGroup, this.hostGroups, "hostgroup")) {
      const members = this.hostGroups.get(group) ?? new Set();
      if (members.size === 0 && object.type === "service") this.#draft.note(this.#emptyGroups ? "ignored" : "refused", object.values.get(byGroup)?.origin ?? object.origin, `service ${titleOf(object.values)}`, `no host is in the hostgroup \`${group}\``, "put a host into it, or set allow_empty_hostgroup_assignment=1");
      for (const host of members) picked.add(host);
    }
    for (const group of groups) if (group.startsWith("!")) for (const host of this.hostGroups.get(group.slice(1).trim()) ?? []) picked.delete(host);
    for (const name of namesIn(object, byName)) if (name.startsWith("!")) picked.delete(name.slice(1).trim());
    return [...picked];
  }

  #services(objects: readonly NagiosObject[]): ReadonlyMap<string, NagiosService> {
    const found = new Map<string, NagiosService>();
    for (const object of objects) {
      const description = textIn(object, "service_description") ?? "";
      if (description === "") {
        this.#draft.note("refused", object.origin, "service", "`service_description` is missing", "add it, or `register 0` if this is a template");
        continue;
      }
      const hosts = this.hostsOf(object);
      if (hosts.length === 0 && !object.values.has("host_name") && !object.values.has("hostgroup_name")) this.#draft.note("refused", object.origin, `service ${description}`, "it names no host", "add host_name or hostgroup_name, or `register 0` if this is a template");
      if (found.size + hosts.length > SERVICES_MAX) {
        this.#draft.note("left", object.origin, `service ${description}`, `there are more than ${SERVICES_MAX} services`, "split the configuration");
        continue;
      }
      for (const host of hosts) {
        const key = serviceKey(host, description);
        if (found.has(key)) this.#draft.note("ignored", object.origin, `${host} ${description}`, "there is one of this name already, and the first one counts", "rename or remove one of the two");
        else found.set(key, { host, description, object });
      }
    }
    return found;
  }

  #serviceGroups(groups: ReadonlyMap<string, NagiosObject>): ReadonlyMap<string, ReadonlySet<string>> {
    const found = new Map<string, Set<string>>();
    for (const [name, group] of groups) {
      const members = namesIn(group, "members");
      const keys = new Set<string>();
      for (let at = 0; at + 1 < members.length; at += 2) {
        const [host = "", description = ""] = [members[at], members[at + 1]];
        if (this.services.has(serviceKey(host, description))) keys.add(serviceKey(host, description));
        else this.#unknown(group.values.get("members"), `servicegroup ${name}`, "service", `${host},${description}`);
      }
      found.set(name, keys);
    }
    for (const [key, { object, host, description }] of this.services) {
      for (const group of namesIn(object, "servicegroups")) {
        if (found.has(group)) found.get(group)?.add(key);
        else this.#unknown(object.values.get("servicegroups"), `${host} ${description}`, "servicegroup", group);
      }
    }
    return this.#nest(groups, found, "servicegroup_members", "servicegroup");
  }

  /** The services of a definition: by host and description, or by group. */
  servicesOf(object: NagiosObject, prefix = ""): readonly NagiosService[] {
    const picked = new Map<string, NagiosService>();
    const add = (key: string): void => {
      const service = this.services.get(key);
      if (service !== undefined) picked.set(key, service);
    };
    const descriptions = namesIn(object, `${prefix}service_description`);
    for (const host of this.hostsOf(object, prefix)) {
      for (const description of descriptions) {
        if (description === "*") for (const [key, service] of this.services) if (service.host === host) add(key);
        if (description !== "*" && !description.startsWith("!") && !this.services.has(serviceKey(host, description))) this.#unknown(object.values.get(`${prefix}service_description`), object.type, "service", `${host},${description}`);
        add(serviceKey(host, description));
      }
    }
    for (const group of namesIn(object, `${prefix}servicegroup_name`)) for (const key of this.serviceGroups.get(group) ?? []) add(key);
    return [...picked.values()];
  }

  /** The contacts of a definition, of its groups too; null when it names neither. */
  contactsOf(object: NagiosObject): readonly string[] | null {
    if (!object.values.has("contacts") && !object.values.has("contact_groups")) return null;
    const picked = new Set(this.#pick(object, "contacts", this.contacts, "contact"));
    for (const group of this.#pick(object, "contact_groups", this.contactGroups, "contactgroup")) for (const contact of this.contactGroups.get(group) ?? []) picked.add(contact);
    return [...picked];
  }
}
