import type { Draft } from "./draft.ts";
import { fillMacros, programOf, type Resources, secretsIn } from "./nagios-command.ts";
import type { NagiosObject } from "./nagios-inherit.ts";
import { type Inventory, namesIn, textIn } from "./nagios-inventory.ts";
import { closedOf } from "./nagios-periods.ts";

/** Macros of a notification that are known when it is sent, as what Tocsin gives to a program. */
const RUNNING: { readonly [macro: string]: string } = {
  NOTIFICATIONTYPE: "TOCSIN_KIND",
  HOSTNAME: "TOCSIN_CHECK",
  HOSTALIAS: "TOCSIN_CHECK",
  HOSTDISPLAYNAME: "TOCSIN_CHECK",
  HOSTADDRESS: "TOCSIN_CHECK",
  SERVICEDESC: "TOCSIN_CHECK",
  SERVICEDISPLAYNAME: "TOCSIN_CHECK",
  HOSTSTATE: "TOCSIN_STATUS",
  SERVICESTATE: "TOCSIN_STATUS",
  HOSTOUTPUT: "TOCSIN_SENTENCE",
  SERVICEOUTPUT: "TOCSIN_SENTENCE",
  LONGHOSTOUTPUT: "TOCSIN_SENTENCE",
  LONGSERVICEOUTPUT: "TOCSIN_SENTENCE",
  LONGDATETIME: "TOCSIN_SINCE",
  SHORTDATETIME: "TOCSIN_SINCE",
  DATE: "TOCSIN_SINCE",
  TIME: "TOCSIN_SINCE",
};
const ADDRESS = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/u;
/** Programs that send a mail. */
const MAILS = /(^|[\s|/])(mail|mailx|s-nail|bsd-mailx|sendmail|msmtp|swaks|sendemail)(\s|$)/i;

/** The channels of contacts, made when somebody is to be told by them. */
export class Contacts {
  readonly #draft: Draft;
  readonly #inventory: Inventory;
  readonly #resources: Resources;
  readonly #hostName: string;
  readonly #made = new Map<string, readonly string[]>();
  readonly #byProgram = new Map<string, string>();

  constructor(inventory: Inventory, resources: Resources, hostName: string, draft: Draft) {
    this.#draft = draft;
    this.#inventory = inventory;
    this.#resources = resources;
    this.#hostName = hostName;
  }

  /** The channels that tell a contact of hosts or of services; none when it wants to hear nothing of them. */
  channelsOf(name: string, kind: "host" | "service"): readonly string[] {
    const contact = this.#inventory.contacts.get(name);
    if (contact === undefined) return [];
    const key = `${kind} ${name}`;
    const known = this.#made.get(key) ?? this.#make(name, contact, kind);
    this.#made.set(key, known);
    return known;
  }

  /** Contacts that nobody names. */
  tellUnused(): void {
    for (const [name, { origin }] of this.#inventory.contacts) if (!this.#made.has(`host ${name}`) && !this.#made.has(`service ${name}`)) this.#draft.note("ignored", origin, `contact ${name}`, "no host and no service names it: nobody is told by it");
  }

  #make(name: string, contact: NagiosObject, kind: "host" | "service"): readonly string[] {
    const said = (key: string): string | undefined => textIn(contact, `${kind}_${key}`);
    const options = namesIn(contact, `${kind}_notification_options`);
    const at = (key: string): NagiosObject["origin"] => contact.values.get(`${kind}_${key}`)?.origin ?? contact.origin;
    if (said("notifications_enabled") === "0" || options.includes("n")) {
      this.#draft.note("taken", at(said("notifications_enabled") === "0" ? "notifications_enabled" : "notification_options"), `contact ${name}`, `is told of no ${kind}`);
      return [];
    }
    const wanted = kind === "host" ? ["d", "r"] : ["c", "w", "r"];
    const missing = options.length === 0 || options.includes("a") ? [] : wanted.filter((option) => !options.includes(option));
    if (missing.length > 0) this.#draft.note("differs", at("notification_options"), `contact ${name}`, `a contact is told of everything, of ${missing.join(", ")} too`, "`onPass: false` and conditions under `warn` say so for each check");
    const period = said("notification_period");
    const found = period === undefined ? undefined : this.#inventory.timeperiods.get(period);
    if (period !== undefined && found === undefined) this.#draft.note("refused", at("notification_period"), `contact ${name}`, `there is no timeperiod \`${period}\``, "define it, or correct the name");
    const closed = found === undefined ? [] : closedOf(found).windows;
    if (closed.length > 0) this.#draft.note("differs", at("notification_period"), `contact ${name}`, `a contact is told at any time, and not in \`${period}\` only`, "a rotation with `hours` tells others at other times");
    const commands = namesIn(contact, `${kind}_notification_commands`);
    if (commands.length === 0) this.#draft.note("refused", contact.origin, `contact ${name}`, `\`${kind}_notification_commands\` is missing`, "name a command");
    return [...new Set(commands.flatMap((command) => this.#channel(name, contact, command, kind) ?? []))];
  }

  #channel(name: string, contact: NagiosObject, command: string, kind: "host" | "service"): string | null {
    const origin = contact.values.get(`${kind}_notification_commands`)?.origin ?? contact.origin;
    const found = this.#inventory.commands.get(command);
    const line = found === undefined ? undefined : textIn(found, "command_line");
    if (line === undefined) {
      this.#draft.note("refused", origin, `contact ${name}`, `there is no command \`${command}\``, "define it, or correct the name");
      return null;
    }
    const address = line.includes("$CONTACTPAGER$") ? textIn(contact, "pager") : textIn(contact, "email");
    if (MAILS.test(line) && /\$CONTACT(EMAIL|PAGER)\$/.test(line) && address !== undefined) return this.#mail(name, contact, address, line.includes("$CONTACTPAGER$"));
    return this.#program(name, contact, line, origin);
  }

  #mail(name: string, contact: NagiosObject, text: string, pager: boolean): string | null {
    const origin = contact.values.get(pager ? "pager" : "email")?.origin ?? contact.origin;
    const to = text.split(/[\s,]+/).filter((address) => address !== "");
    // A user of this machine, as sendmail takes one.
    const whole = to.filter((address) => ADDRESS.test(address) || /^[\w.+-]+$/.test(address)).map((address) => (address.includes("@") ? address : `${address}@localhost`));
    if (whole.length === 0) {
      this.#draft.note("left", origin, `contact ${name}`, `\`${text}\` is no address`, "write name@example.com");
      return null;
    }
    return this.#once(`mail ${whole.join(" ")}`, pager ? `${name} pager` : name, contact, { type: "email", to: whole, from: `nagios@${this.#hostName}`, group: "off" }, "is told by mail, in Tocsin's words");
  }

  #program(name: string, contact: NagiosObject, line: string, origin: NagiosObject["origin"]): string | null {
    const filled = fillMacros(line, (macro) => {
      const own = /^CONTACT(NAME|ALIAS|EMAIL|PAGER|ADDRESS[1-6])$/.exec(macro)?.[1]?.toLowerCase();
      if (own === "name") return name;
      if (own !== undefined) return textIn(contact, own) ?? "";
      return Object.hasOwn(RUNNING, macro) ? `\0${RUNNING[macro] ?? ""}\0` : this.#resources.text(macro);
    });
    const program = filled.kind === "filled" ? programOf(filled.line) : null;
    if (filled.kind === "unknown" || program?.kind !== "program") {
      const why = filled.kind === "unknown" ? `its command needs ${filled.macros.join(", ")}, which only Nagios knows` : `its command: ${program?.kind === "wrong" ? program.wrong : ""}`;
      this.#draft.note("left", origin, `contact ${name}`, why, "write a channel of type `script`, or use another type of channel");
      return null;
    }
    const env = secretsIn(filled.line, this.#resources);
    return this.#once(JSON.stringify(program.command), name, contact, { type: "script", command: program.command, input: "text", group: "off", ...(env === null ? {} : { env }) }, "is told by its command; macros are what Tocsin knows: TOCSIN_CHECK, TOCSIN_STATUS, TOCSIN_SENTENCE");
  }

  /** A contact that is told in the same way of hosts and services has one channel. */
  #once(way: string, wanted: string, { origin }: NagiosObject, keys: { readonly [key: string]: unknown }, text: string): string {
    const key = `${wanted}\0${way}`;
    const known = this.#byProgram.get(key);
    if (known !== undefined) return known;
    const name = this.#draft.add("channels", wanted, keys, origin);
    this.#byProgram.set(key, name);
    this.#draft.note("differs", origin, `contact ${wanted}`, text, "", ["channels", name]);
    return name;
  }
}
