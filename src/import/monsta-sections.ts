import type { Ini, IniSection, IniValue } from "./ini.ts";
import type { Origin } from "./importer.ts";
import { plainAddress, splitWords } from "./words.ts";

type Mapping = { readonly [key: string]: unknown };

/** One section being read: what it says, what its type's defaults say, and what is wrong with it. */
export class Fields {
  readonly #ini: Ini;
  readonly #section: IniSection;
  readonly #defaults: ReadonlyMap<string, IniValue>;
  readonly asked = new Set<string>(["type"]);
  readonly wrong: { readonly origin: Origin; readonly what: string; readonly text: string; readonly advice: string }[] = [];

  constructor(ini: Ini, section: IniSection, type: string) {
    this.#ini = ini;
    this.#section = section;
    this.#defaults = ini.sections.get(`${type}_default`)?.values ?? new Map();
  }

  at(key: string): Origin {
    return this.#ini.value(this.#section, key, this.#defaults)?.origin ?? this.#section.origin;
  }

  /** A text as it stands, or the usual one; without either the section is refused, as the original does. */
  text(key: string, usual?: string): string {
    this.asked.add(key);
    const value = this.#ini.value(this.#section, key, this.#defaults)?.text ?? usual;
    if (value !== undefined) return value;
    this.#refuse(this.#section.origin, key, `the option \`${key}\` is missing in [${this.#section.name}], and has no default`, `add ${key}=...`);
    return "";
  }

  /** Words, with a comment behind them taken off. */
  words(key: string, usual?: string): readonly string[] {
    return plain(this.text(key, usual)).split(/\s+/).filter((word) => word !== "");
  }

  number(key: string, usual: number, least = 0): number {
    const text = plain(this.text(key, String(usual)));
    if (/^\d+(\.\d+)?$/.test(text) && Number(text) >= least && Number(text) <= 1e9) return Number(text);
    this.#refuse(this.at(key), key, `\`${text.slice(0, 40)}\` is no number`, `write a number, such as ${usual}`);
    return usual;
  }

  flag(key: string): boolean {
    const text = plain(this.text(key, "no")).toLowerCase();
    if (/^(yes|true|on|1)$/.test(text)) return true;
    if (!/^(no|false|off|0|)$/.test(text)) this.#refuse(this.at(key), key, `\`${text.slice(0, 40)}\` is neither yes nor no`, "write yes or no");
    return false;
  }

  #refuse(origin: Origin, what: string, text: string, advice: string): void {
    this.wrong.push({ origin, what, text, advice });
  }

  refuse(key: string, text: string, advice: string): void {
    this.#refuse(this.at(key), key, text, advice);
  }
}

/** The documents of monsta put remarks behind values; they end what is a word or a number. */
export const plain = (text: string): string => text.replace(/(^|\s)[#;].*$/s, "").trim();

const seconds = (value: number): string => `${value}s`;
const given = (key: string, value: string): Mapping => (value === "" ? {} : { [key]: value });
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

function portOf(f: Fields): number {
  const text = plain(f.text("port"));
  return text === "" ? 1 : f.number("port", 80, 1);
}

function portconnect(f: Fields): Mapping {
  const expect = f.text("expect", "");
  const dialogue = expect === "" ? {} : { dialogue: [{ expect: `/^[^\\r\\n]*${escaped(expect)}/` }] };
  return { type: "tcp", host: f.text("host"), port: portOf(f), timeout: seconds(f.number("timeout", 10, 0.01)), ...dialogue };
}

function script(f: Fields): Mapping {
  const command = splitWords(f.text("command"));
  const timeout = seconds(f.number("timeout", 10, 0.01));
  const expect = f.text("expect", "");
  if (command.kind === "wrong") f.refuse("command", command.wrong, "close the quote, or put a backslash before it");
  return { type: "script", command: command.kind === "words" ? command.words : [], format: "exit", ...given("contains", expect), timeout };
}

function smtp(f: Fields): Mapping {
  return { type: "smtp", host: f.text("host"), port: f.number("port", 25, 1), timeout: seconds(f.number("timeout", 20, 0.01)), starttls: "off", helo: f.text("helo", "monsta.local"), sender: f.text("sender"), recipient: f.text("recipient"), temporary: "down" };
}

function mailbox(f: Fields): Mapping {
  const user = f.text("smtp_username", "");
  const starttls = f.flag("smtp_starttls");
  const login = user === "" ? {} : { user, password: f.text("smtp_password", "") };
  const smtpTimeout = f.number("smtp_timeout", 20, 0.01);
  const ssl = f.flag("mailbox_ssl");
  const type = plain(f.text("mailbox_type", "imap")).toLowerCase();
  if (type !== "imap") f.refuse("mailbox_type", `\`${type}\` is no type of mailbox`, "write imap");
  return {
    type: "mailflow",
    smtp: { host: f.text("smtp_host", "localhost"), port: f.number("smtp_port", 25, 1), helo: f.text("smtp_helo", "monsta.local"), ...login, ...(starttls ? { starttls: "required", tls: { verify: false } } : { starttls: "off" }) },
    mailbox: { host: f.text("mailbox_host"), user: f.text("mailbox_username"), password: f.text("mailbox_password"), folder: f.text("mailbox_folder", "INBOX"), ...(ssl ? { tls: { verify: false } } : { starttls: "off" }) },
    sender: f.text("sender"),
    recipient: f.text("recipient"),
    temporary: "down",
    timeout: seconds(smtpTimeout + f.number("timeout", 60, 0.01)),
  };
}

function dnslookup(f: Fields): Mapping {
  const server = f.words("hosts", "");
  const answers = f.words("requiredanswers", "");
  return { type: "dns", name: plain(f.text("record")), record: plain(f.text("recordtype", "A")).toUpperCase(), ...(server.length === 0 ? {} : { server }), ...(answers.length === 0 ? {} : { answers }) };
}

function dnsserial(f: Fields): Mapping {
  const server = f.words("hosts");
  if (server.length === 0) f.refuse("hosts", "it names no server", "write the name servers, separated by spaces");
  return { type: "dns-serial", zone: plain(f.text("zone")), server, expect: { silent: ">= 0" } };
}

/** The types of checks that monsta has. */
export const CHECKS: { readonly [type: string]: (f: Fields) => Mapping } = { portconnect, script, smtp, mailbox, dnslookup, dnsserial };

/** `[Test_NAME]`, and then what each check said; that it is over, or was changed, says monsta nothing of, and is said so. */
const TEXTS: Mapping = {
  group: "off",
  cap: "off",
  subject: '[{{ check }}]{% if kind == "recovered" or kind == "changed" %} {{ kind }}{% endif %}',
  text: "{{ subject }}\n{% for part in evidence %}{{ part.text }}\n{% else %}{{ sentence }}\n{% endfor %}",
};

function mail(f: Fields): Mapping {
  const helo = f.text("helo", "${myhostname}");
  const user = f.text("username", "");
  const starttls = f.flag("starttls");
  const login = user === "" ? {} : { user, password: f.text("password", "") };
  const server = { host: f.text("host", "127.0.0.1"), port: f.number("port", 25, 1), ...(helo === "${myhostname}" ? {} : { helo }), ...login, ...(starttls ? { starttls: "required", verify: false } : { starttls: "off" }) };
  return { type: "email", to: [plainAddress(plain(f.text("recipient")))], from: plainAddress(plain(f.text("sender"))), smtp: server, ...TEXTS };
}

const xmpp = (f: Fields): Mapping => ({ type: "xmpp", jid: plain(f.text("jid")), password: f.text("password"), to: [plain(f.text("recipient"))], starttls: "optional", tls: { verify: false }, ...TEXTS });

function clickatell(f: Fields): Mapping {
  const sender = plain(f.text("sender", ""));
  return { type: "sms-clickatell-legacy", user: f.text("username"), password: f.text("password"), apiId: plain(f.text("api_id")), to: [plain(f.text("recipient"))], ...given("from", sender), ...TEXTS };
}

/** The types of notifications that monsta has; its document has other names for some. */
export const NOTIFICATIONS: { readonly [type: string]: (f: Fields) => Mapping } = { smtp: mail, email: mail, xmpp, jabber: xmpp, sms_clickatell: clickatell, sms: clickatell };
