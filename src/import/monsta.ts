import { folderOf, joinPath } from "../config/sources.ts";
import { Draft } from "./draft.ts";
import { Ini, type IniSection } from "./ini.ts";
import type { Glimpse, Importer, Origin, Path, Source } from "./importer.ts";
import { CHECKS, Fields, NOTIFICATIONS, plain } from "./monsta-sections.ts";
import { onceAtATime } from "./steps.ts";

const DEFAULTS = { every: "never", failAfter: 1, flapping: "off", notify: [] };
/** Failing runs in a row that a step can wait for. */
const COUNT_MAX = 10_000;
const MAIN = new Set(["daemonize", "user", "group"]);

interface Reading {
  readonly ini: Ini;
  readonly draft: Draft;
  /** Checks that some test names. */
  readonly tested: Set<string>;
  /** Notifications that some test names. */
  readonly told: Set<string>;
}

const known = (types: { readonly [type: string]: unknown }): string => Object.keys(types).join(", ");

/** Reads one section by its type; null, with notes, when the original would not take it. */
function readSection(section: IniSection, types: { readonly [type: string]: (fields: Fields) => { readonly [key: string]: unknown } }, reading: Reading): { readonly [key: string]: unknown } | null {
  const { ini, draft } = reading;
  const what = `[${section.name}]`;
  const type = plain(ini.value(section, "type")?.text ?? "").toLowerCase();
  const make = Object.hasOwn(types, type) ? types[type] : undefined;
  if (type === "") draft.note("refused", section.origin, what, "the option `type` is missing", `add type=, one of ${known(types)}`);
  else if (make === undefined) draft.note("ignored", section.values.get("type")?.origin ?? section.origin, what, `there is no type \`${type}\``, `use ${known(types)}`);
  if (make === undefined) return null;
  const fields = new Fields(ini, section, type);
  const keys = make(fields);
  for (const { origin, what: key, text, advice } of fields.wrong) draft.note("refused", origin, `${what} ${key}`, text, advice);
  for (const [key, { origin }] of section.values) if (!fields.asked.has(key)) draft.note("ignored", origin, `${what} ${key}`, `the type \`${type}\` has no such option`, draft.meant(key, () => [...fields.asked]));
  return fields.wrong.length > 0 ? null : keys;
}

type Step = { readonly after: number; readonly to: readonly string[] };

/** `1:smtp_bob,jabber_bob 2:sms_bob`: blocks of a count and names. */
function readNotify(section: IniSection, text: string, origin: Origin, path: Path, { draft, told }: Reading): readonly Step[] {
  const steps: Step[] = [];
  for (const block of text.split(/\s+/).filter((word) => word !== "")) {
    const [, count, list = ""] = /^(\d+):(.*)$/.exec(block) ?? [];
    const what = `[${section.name}] notify`;
    if (count === undefined) {
      draft.note("refused", origin, what, `\`${block.slice(0, 60)}\` is no block`, "write COUNT:NAME,NAME, blocks separated by spaces");
      continue;
    }
    if (Number(count) > COUNT_MAX) {
      draft.note("left", origin, what, `\`${block.slice(0, 60)}\` would be told after more than ${COUNT_MAX} failing runs in a row`, "write a smaller count", path);
      continue;
    }
    const names = list.split(",").filter((name) => name !== "");
    const to = names.filter((name) => draft.has("channels", name));
    for (const name of names) if (!to.includes(name)) draft.note("ignored", origin, what, `there is no notification \`${name}\``, `add a section [Notification_${name}]`, path);
    for (const name of to) told.add(name);
    if (to.length > 0) steps.push({ after: Number(count), to });
  }
  return onceAtATime(steps);
}

function readTest(section: IniSection, reading: Reading): void {
  const { ini, draft, tested } = reading;
  const what = `[${section.name}]`;
  const fields = new Fields(ini, section, "test");
  const path = ["checks", section.name];
  const names = [...new Set(fields.words("checks"))];
  const members = names.filter((name) => draft.has("checks", `Check_${name}`));
  const named = fields.at("checks");
  for (const name of names) if (!ini.sections.has(`Check_${name}`)) draft.note("ignored", named, `${what} checks`, `there is no check \`${name}\``, `add a section [Check_${name}]`, path);
  for (const name of names) tested.add(name);
  const requires = plain(fields.text("requires", "all")).toLowerCase();
  if (requires !== "all" && requires !== "any") fields.refuse("requires", `\`${requires}\` is neither all nor any`, "write all or any");
  const interval = fields.number("interval", 300, 0.1);
  const notify = readNotify(section, plain(fields.text("notify", "")), fields.at("notify"), path, reading);
  for (const { origin, what: key, text, advice } of fields.wrong) draft.note("refused", origin, `${what} ${key}`, text, advice);
  for (const [key, { origin }] of section.values) if (!fields.asked.has(key) && key !== "type") draft.note("ignored", origin, `${what} ${key}`, "a test has no such option", draft.meant(key, () => [...fields.asked]));
  if (fields.wrong.length > 0) return;
  if (members.length === 0) return draft.note("left", section.origin, what, "none of its checks is there", "name a check in `checks`");
  draft.add("checks", section.name, { type: "group", require: requires, run: "turn", every: { after: `${interval}s` }, members: members.map((name) => `Check_${name}`), ...(notify.length === 0 ? {} : { notify }) }, section.origin);
  draft.note("taken", section.origin, what, "runs as before", "", path);
  const counted = notify.filter(({ after }) => after > 0);
  if (counted.length > 0) draft.note("differs", fields.at("notify"), `${what} notify`, "its end is told as well, to those who were told of it", "`onPass: false` in tocsin.yaml leaves that out", path);
}

function readAll(source: Source, ini: Ini, draft: Draft): void {
  const reading: Reading = { ini, draft, tested: new Set(), told: new Set() };
  const sections = [...ini.sections.values()];
  const of = (kind: string): readonly IniSection[] => sections.filter(({ name }) => name.startsWith(`${kind}_`) && name.length > kind.length + 1);
  for (const section of of("Notification")) {
    const name = section.name.slice("Notification_".length);
    const keys = readSection(section, NOTIFICATIONS, reading);
    if (keys !== null) draft.note("taken", section.origin, `[${section.name}]`, "tells as before, and tries longer", "", ["channels", draft.add("channels", name, keys, section.origin)]);
  }
  for (const section of of("Check")) {
    const keys = readSection(section, CHECKS, reading);
    if (keys !== null) draft.note("taken", section.origin, `[${section.name}]`, "checks as before", "", ["checks", draft.add("checks", section.name, { ...keys, notify: [] }, section.origin)]);
  }
  const tests = of("Test");
  for (const section of tests) readTest(section, reading);
  if (tests.length === 0) draft.note("refused", { file: source.path, line: 0, column: 0 }, "", "there is no test: nothing would ever run", "add a section [Test_NAME] with checks=");
  for (const section of of("Check")) if (!reading.tested.has(section.name.slice("Check_".length))) draft.note("ignored", section.origin, `[${section.name}]`, "no test names it: it never runs", "name it in `checks` of a test", ["checks", section.name]);
  tellRest(ini, draft);
}

/** What is left over: the daemon's own settings, sections that mean nothing, lines that were written over. */
function tellRest(ini: Ini, draft: Draft): void {
  for (const { name, origin, values } of ini.sections.values()) {
    if (/^(Notification|Check|Test)_./.test(name) || name === "DEFAULT" || name.endsWith("_default")) continue;
    if (name !== "main") {
      draft.note("ignored", origin, `[${name}]`, "monsta does not know this section", "begin its name with Check_, Test_ or Notification_");
      continue;
    }
    for (const [key, value] of values) draft.note(MAIN.has(key) ? "left" : "ignored", value.origin, `[main] ${key}`, MAIN.has(key) ? "Tocsin stays in the foreground, as the user that starts it" : "monsta does not know this option", MAIN.has(key) ? "let systemd start it" : "");
  }
  for (const { section, key, origin } of ini.lost) draft.note("ignored", origin, `[${section}] ${key}`, "it stands again further down, and the last one counts", "remove one of the two");
}

function read(source: Source): ReturnType<Importer["read"]> {
  const { path } = source;
  const nowhere: Origin = { file: path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const ini = new Ini();
  const main = source.files.get(path);
  if (main === undefined) {
    draft.note("refused", nowhere, "", source.missing.get(path) ?? "this is a folder", "name the main file, such as /etc/monsta/monsta.conf");
    return draft.done();
  }
  for (const file of [path, ...more(source)]) ini.read(file, source.files.get(file)?.bytes ?? new Uint8Array());
  for (const file of more(source)) if (source.missing.has(file)) draft.note("refused", { file, line: 0, column: 0 }, "", source.missing.get(file) ?? "", "let Tocsin read it");
  draft.put(["defaults"], DEFAULTS, nowhere);
  readAll(source, ini, draft);
  for (const { origin, wrong, right } of ini.problems) draft.note("refused", origin, "", wrong, right);
  return draft.done();
}

const folder = (source: Source): string => joinPath(folderOf(source.path), "conf.d");

/** The further files, in the order of their names. */
const more = (source: Source): readonly string[] => (source.folders.get(folder(source)) ?? []).filter((name) => name.endsWith(".conf") && !name.startsWith(".")).map((name) => joinPath(folder(source), name));

const recognises = ({ names, tables, text }: Glimpse): boolean => names === null && tables === null && /^\s*\[(Check|Test|Notification)_[^\]]+\]/m.test(text);

/** monsta: monsta.conf and conf.d beside it. */
export const monsta: Importer = { format: "monsta", about: "monsta's main file, with conf.d/*.conf beside it", recognises, related: (source) => [folder(source), ...more(source)], read };
