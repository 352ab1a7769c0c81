import { Draft } from "./draft.ts";
import type { Glimpse, Importer, Source } from "./importer.ts";
import { Builder } from "./nagios-build.ts";
import { pluginsIn } from "./nagios-checks.ts";
import { Contacts } from "./nagios-contacts.ts";
import { Templates } from "./nagios-inherit.ts";
import { Inventory } from "./nagios-inventory.ts";
import { layoutOf, type Layout, objectsOf, resourcesOf, tellSettings } from "./nagios-main.ts";
import { numberOf } from "./nagios-options.ts";
import type { Definition } from "./nagios-objects.ts";

/** What a program gets when nagios.cfg does not say. */
const TIMEOUTS = { host: 30, service: 60 };

const setting = ({ settings }: Layout, key: string): string | undefined => settings.get(key)?.at(-1)?.text;

/** Seconds as a duration: `90s`, `5m`, `1h`. */
const durationOf = (seconds: number): string => (seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`);

function definitionsOf(source: Source, layout: Layout, draft: Draft): readonly Definition[] {
  const found: Definition[] = [];
  for (const path of layout.objects) {
    const file = source.files.get(path);
    if (file === undefined) {
      if (!source.folders.has(path)) draft.note("refused", layout.namedAt.get(path) ?? { file: path, line: 0, column: 0 }, "", `${path}: ${source.missing.get(path) ?? "it was not read"}`, "correct the path, or let Tocsin read it");
      continue;
    }
    const { definitions, problems } = objectsOf(path, file.bytes);
    for (const { kind, origin, what, text, advice } of problems) draft.note(kind, origin, what, text, advice);
    for (const definition of definitions) found.push(definition);
  }
  for (const path of layout.folders) {
    const named = layout.namedAt.get(path);
    if (named !== undefined && !source.folders.has(path)) draft.note("refused", named, "", `${path}: ${source.missing.get(path) ?? "this is no folder"}`, "correct the path, or let Tocsin read it");
  }
  return found;
}

function read(source: Source): ReturnType<Importer["read"]> {
  const nowhere = { file: source.path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const layout = layoutOf(source);
  const resources = resourcesOf(source, layout, draft);
  const objects = new Templates(definitionsOf(source, layout, draft), draft).objects();
  const inventory = new Inventory(objects, draft, setting(layout, "allow_empty_hostgroup_assignment") === "1");
  const unit = numberOf(setting(layout, "interval_length")) ?? 60;
  const durations = (units: number): string => durationOf(Math.max(1, Math.min(Math.round(units * unit * 1000) / 1000, 3e8)));
  const zone = setting(layout, "use_timezone")?.replace(/^:/, "");
  if (zone !== undefined && zone !== "") draft.put(["timezone"], zone, layout.settings.get("use_timezone")?.at(-1)?.origin);
  draft.put(["defaults"], { flapping: "off", notify: [] }, nowhere);
  tellSettings(layout, draft);
  const enabled = setting(layout, "enable_notifications") !== "0";
  if (!enabled) draft.note("taken", layout.settings.get("enable_notifications")?.at(-1)?.origin ?? nowhere, "enable_notifications", "nobody is told of anything");
  const contacts = new Contacts(inventory, resources, source.hostName, draft);
  const seconds = (key: string, usual: number): number => Math.min(Math.max(numberOf(setting(layout, key)) ?? usual, 1), 3600);
  const builder = new Builder({
    asking: { inventory, resources, draft, plugin: (path) => (source.files.has(path) ? true : source.missing.has(path) ? false : undefined), timeouts: { host: seconds("host_check_timeout", TIMEOUTS.host), service: seconds("service_check_timeout", TIMEOUTS.service) } },
    telling: { inventory, contacts, draft, durations, unit, enabled },
    flapping: setting(layout, "enable_flap_detection") === "1",
    executes: { host: setting(layout, "execute_host_checks") !== "0", service: setting(layout, "execute_service_checks") !== "0" },
  });
  builder.build();
  contacts.tellUnused();
  if (inventory.hosts.size === 0) draft.note("refused", nowhere, "", "there is no host", "name nagios.cfg, or a file or folder with `define host {`");
  return draft.done();
}

/** Every file of the configuration, and then the plugins that its commands run. */
function related(source: Source): readonly string[] {
  const layout = layoutOf(source);
  const wanted = [...(layout.main === null ? [] : [layout.main]), ...layout.folders, ...layout.objects, ...layout.resources];
  const isRead = (path: string): boolean => source.files.has(path) || source.folders.has(path) || source.missing.has(path);
  if (!wanted.every(isRead)) return wanted;
  const draft = new Draft({ file: source.path, line: 0, column: 0 });
  const commands = layout.objects.flatMap((path) => {
    const file = source.files.get(path);
    return file === undefined ? [] : objectsOf(path, file.bytes).definitions.filter(({ type }) => type === "command");
  });
  return [...wanted, ...pluginsIn(new Inventory(new Templates(commands, draft).objects(), draft, true), resourcesOf(source, layout, draft))];
}

function recognises({ names, text, tables }: Glimpse): boolean {
  if (tables !== null) return false;
  if (names === null) return /^\s*define\s+(host|service|command|contact|timeperiod|hostgroup|servicegroup|contactgroup|hostdependency|servicedependency|hostescalation|serviceescalation)\s*\{/m.test(text) || /^\s*cfg_(file|dir)\s*=/m.test(text);
  const visible = names.filter((name) => !name.startsWith("."));
  return visible.includes("nagios.cfg") || (visible.length > 0 && visible.every((name) => name.endsWith(".cfg")));
}

/** Nagios Core: nagios.cfg with what it names, or files of objects. */
export const nagios: Importer = { format: "nagios", about: "Nagios: nagios.cfg with the files it names, or a file or folder of objects", recognises, related, read };
