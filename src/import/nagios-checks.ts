import type { Draft } from "./draft.ts";
import type { Origin } from "./importer.ts";
import { fillMacros, programOf, type Resources, revealed, secretsIn, splitCommand, wordsOf } from "./nagios-command.ts";
import { listOf, type NagiosObject } from "./nagios-inherit.ts";
import { type Inventory, textIn } from "./nagios-inventory.ts";
import { nativeOf } from "./nagios-plugins.ts";

type Mapping = { readonly [key: string]: unknown };

/** What is asked: keys of a check, and how near that is. */
export interface Asked {
  readonly keys: Mapping;
  readonly kind: "taken" | "differs";
  readonly text: string;
  readonly advice: string;
}

/** What asking a command needs to know. */
export interface Asking {
  readonly inventory: Inventory;
  readonly resources: Resources;
  readonly draft: Draft;
  /** Whether a plugin is there; undefined for one that was not looked for. */
  readonly plugin: (path: string) => boolean | undefined;
  /** Seconds that a program gets. */
  readonly timeouts: { readonly host: number; readonly service: number };
}

/** Macros of a host, and of a service of it. */
function macrosOf(inventory: Inventory, host: NagiosObject, service: NagiosObject | null, args: readonly string[], resources: Resources): (name: string) => string | undefined {
  const name = textIn(host, "host_name") ?? "";
  const values: { readonly [macro: string]: () => string } = {
    HOSTNAME: () => name,
    HOSTALIAS: () => textIn(host, "alias") ?? name,
    HOSTDISPLAYNAME: () => textIn(host, "display_name") ?? name,
    HOSTADDRESS: () => textIn(host, "address") ?? name,
    HOSTGROUPNAME: () => listOf(textIn(host, "hostgroups") ?? "")[0] ?? "",
    HOSTGROUPNAMES: () => listOf(textIn(host, "hostgroups") ?? "").join(","),
    HOSTNOTES: () => textIn(host, "notes") ?? "",
    ...(service === null
      ? {}
      : {
          SERVICEDESC: () => textIn(service, "service_description") ?? "",
          SERVICEDISPLAYNAME: () => textIn(service, "display_name") ?? textIn(service, "service_description") ?? "",
          SERVICENOTES: () => textIn(service, "notes") ?? "",
        }),
  };
  return (macro) => {
    const made = Object.hasOwn(values, macro) ? values[macro] : undefined;
    if (made !== undefined) return made();
    const argument = /^ARG(\d{1,2})$/.exec(macro)?.[1];
    if (argument !== undefined) return args[Number(argument) - 1] ?? "";
    if (macro.startsWith("_HOST")) return custom(host, macro.slice(5));
    if (macro.startsWith("_SERVICE") && service !== null) return custom(service, macro.slice(8));
    const [, of, other = ""] = /^(HOSTADDRESS|HOSTALIAS|HOSTNAME):(.+)$/.exec(macro) ?? [];
    const another = of === undefined ? undefined : inventory.hosts.get(other);
    if (another !== undefined) return of === "HOSTNAME" ? other : (textIn(another, of === "HOSTADDRESS" ? "address" : "alias") ?? other);
    return resources.text(macro);
  };
}

/** `_MAC` of an object; case does not matter. */
function custom(object: NagiosObject, name: string): string | undefined {
  for (const [key, value] of object.values) if (key.startsWith("_") && key.slice(1).toUpperCase() === name.toUpperCase()) return value.text;
  return undefined;
}

/** What a command of a host or service becomes; null, with a note, when nothing can be made of it. */
export function ask(asking: Asking, host: NagiosObject, service: NagiosObject | null, title: string): Asked | null {
  const { inventory, resources, draft } = asking;
  const value = (service ?? host).values.get("check_command");
  if (value === undefined) return null;
  const { name, args } = splitCommand(value.text);
  const command = inventory.commands.get(name);
  const line = command === undefined ? undefined : textIn(command, "command_line");
  if (line === undefined) {
    draft.note("refused", value.origin, `${title} check_command`, command === undefined ? `there is no command \`${name}\`` : `the command \`${name}\` has no command_line`, "define it, or correct the name");
    return null;
  }
  const macros = macrosOf(inventory, host, service, args, resources);
  const unresourced = fillMacros(line, (macro) => macros(macro) ?? (macro === "USER1" ? "\0USER1\0" : undefined));
  if (unresourced.kind === "unknown") {
    draft.note("left", value.origin, `${title} check_command`, `it needs ${unresourced.macros.join(", ")}, which ${unresourced.macros.some((macro) => /^\$USER\d+\$$/.test(macro)) ? "no resource file sets" : "only Nagios knows"}`, "write a check of its own");
    return null;
  }
  return made(asking, unresourced.line, value.origin, title, service === null);
}

function made({ draft, plugin, resources, timeouts }: Asking, line: string, origin: Origin, title: string, isHost: boolean): Asked | null {
  const words = wordsOf(line);
  const native = words.kind === "words" ? nativeOf(words.words.map((word) => revealed(word, resources))) : null;
  if (native !== null) {
    const { warn: _, ...withoutWarn } = native.keys;
    const differs = native.differs.length > 0;
    return { keys: isHost ? withoutWarn : native.keys, kind: differs ? "differs" : "taken", text: differs ? native.differs.join("; ") : `the probe \`${String(native.keys["type"])}\` asks`, advice: "" };
  }
  if (line.includes("\0USER1\0")) {
    draft.note("left", origin, `${title} check_command`, "no resource file says where the plugins are ($USER1$)", "name nagios.cfg, or put resource.cfg beside the file");
    return null;
  }
  const program = programOf(line);
  if (program.kind === "wrong") {
    draft.note("left", origin, `${title} check_command`, program.wrong, "correct the command line");
    return null;
  }
  const env = secretsIn(line, resources);
  const keys = { type: "script", command: program.command, ...(env === null ? {} : { secrets: env }), timeout: `${isHost ? timeouts.host : timeouts.service}s` };
  const path = words.kind === "words" ? (words.words[0] ?? "") : (/^\s*(\/[^\s'"\\]+)/.exec(line)?.[1] ?? "");
  if (plugin(path) === false) return { keys, kind: "differs", text: `${path} is not here`, advice: "install the plugin" };
  if (isHost) return { keys, kind: "differs", text: "exit code 1 is degraded here; Nagios takes such a host for up", advice: "" };
  return { keys, kind: "taken", text: `runs ${path === "" ? "its command" : path}`, advice: "" };
}

/** The plugins with a path of their own that the commands run, for a look whether they are there. */
export function pluginsIn(inventory: Inventory, resources: Resources): readonly string[] {
  const paths = new Set<string>();
  for (const command of inventory.commands.values()) {
    const [first = ""] = (textIn(command, "command_line") ?? "").trim().split(/\s/, 1);
    const filled = fillMacros(first, (macro) => resources.text(macro));
    if (filled.kind === "filled" && /^\/[^\0'"\\|&;<>()$`*?]+$/.test(filled.line)) paths.add(filled.line);
  }
  return [...paths];
}
