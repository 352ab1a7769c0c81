import { folderOf, joinPath } from "../config/sources.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Source } from "./importer.ts";
import type { Resources } from "./nagios-command.ts";
import { linesOf, type ObjectFile, readObjects, textOf, type Value } from "./nagios-objects.ts";

/** `key=value` lines of nagios.cfg and resource.cfg. */
export type MainFile = ReadonlyMap<string, readonly Value[]>;

const FILES_MAX = 20_000;

/** A path as it was named, without `.` and empty parts, and without a step back into what it came from. */
function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return `${path.startsWith("/") ? "/" : ""}${parts.join("/")}` || ".";
}
const within = (folder: string, path: string): string => cleanPath(joinPath(folder, path));
/** Files in a folder of objects that hold none. */
const NO_OBJECTS = new Set(["nagios.cfg", "cgi.cfg", "resource.cfg", "ndo2db.cfg", "ndomod.cfg", "nrpe.cfg", "nsca.cfg"]);

const parsedMain = new WeakMap<Uint8Array, MainFile>();
const parsedObjects = new WeakMap<Uint8Array, ObjectFile>();

/** Reads a file of `key=value`; what has no such form is under the empty key. */
function readMain(file: string, bytes: Uint8Array): MainFile {
  const known = parsedMain.get(bytes);
  if (known !== undefined) return known;
  const found = new Map<string, Value[]>();
  for (const { text, line } of linesOf(textOf(bytes))) {
    const said = text.trim();
    if (said === "" || said.startsWith("#") || said.startsWith(";")) continue;
    const [, key = "", value = said] = /^([^=\s]+)\s*=\s*(.*)$/s.exec(said) ?? [];
    const list = found.get(key);
    const entry = { text: value, origin: { file, line, column: text.length - text.trimStart().length + 1 } };
    if (list === undefined) found.set(key, [entry]);
    else list.push(entry);
  }
  parsedMain.set(bytes, found);
  return found;
}

/** Objects of a file, read once. */
export function objectsOf(file: string, bytes: Uint8Array): ObjectFile {
  const known = parsedObjects.get(bytes) ?? readObjects(file, bytes);
  parsedObjects.set(bytes, known);
  return known;
}

const isMain = (text: string): boolean => /^\s*(cfg_file|cfg_dir|resource_file|object_cache_file|log_file)\s*=/m.test(text);

/** Where everything is: the main file when there is one, files of objects, files of macros. */
export interface Layout {
  readonly main: string | null;
  readonly settings: MainFile;
  /** In the order in which they are read. */
  readonly objects: readonly string[];
  readonly folders: readonly string[];
  readonly resources: readonly string[];
  /** By whom a path was named, for what cannot be read. */
  readonly namedAt: ReadonlyMap<string, Origin>;
}

/** Works out from what was read so far which files make up the configuration. */
export function layoutOf(source: Source): Layout {
  const { path, files, folders } = source;
  const own = files.get(path);
  const main = folders.has(path) ? (folders.get(path)?.includes("nagios.cfg") === true ? joinPath(path, "nagios.cfg") : null) : own !== undefined && isMain(textOf(own.bytes.subarray(0, 262_144))) ? path : null;
  const mainFile = main === null ? undefined : files.get(main);
  const settings: MainFile = mainFile === undefined || main === null ? new Map() : readMain(main, mainFile.bytes);
  const objects = new Set<string>();
  const wanted = new Set<string>();
  const namedAt = new Map<string, Origin>();
  const resources: string[] = [];
  const waiting: (() => void)[] = [];
  const inFolder = (folder: string): void => {
    if (wanted.has(folder) || wanted.size > FILES_MAX) return;
    wanted.add(folder);
    for (const name of folders.get(folder) ?? []) {
      const inner = joinPath(folder, name);
      if (name.startsWith(".")) continue;
      if (name.endsWith(".cfg") && !folders.has(inner)) {
        if (!NO_OBJECTS.has(name)) addFile(inner);
      } else if (!/\.\w{1,5}$/.test(name) || folders.has(inner)) waiting.push(() => inFolder(inner));
    }
  };
  const addFile = (file: string, at?: Origin): void => {
    if (objects.has(file) || objects.size > FILES_MAX) return;
    objects.add(file);
    if (at !== undefined) namedAt.set(file, at);
    const read = files.get(file);
    if (read === undefined) return;
    for (const { kind, path: included, origin } of objectsOf(file, read.bytes).includes) {
      const inner = within(folderOf(file), included);
      if (!namedAt.has(inner)) namedAt.set(inner, origin);
      waiting.push(() => (kind === "file" ? addFile(inner, origin) : inFolder(inner)));
    }
  };
  if (main !== null) {
    const base = folderOf(main);
    for (const { text, origin } of settings.get("cfg_file") ?? []) addFile(within(base, text), origin);
    for (const { text, origin } of settings.get("cfg_dir") ?? []) {
      const folder = within(base, text);
      namedAt.set(folder, origin);
      inFolder(folder);
    }
    for (const { text, origin } of settings.get("resource_file") ?? []) {
      resources.push(within(base, text));
      namedAt.set(within(base, text), origin);
    }
  } else if (folders.has(path)) {
    inFolder(path);
    resources.push(joinPath(path, "resource.cfg"));
  } else {
    addFile(path);
    resources.push(joinPath(folderOf(path), "resource.cfg"));
  }
  for (const next of waiting) next();
  return { main, settings, objects: [...objects], folders: [...wanted], resources, namedAt };
}

/** Settings of nagios.cfg that are used, or that mean something only to Nagios itself. */
const USED = new Set(["cfg_file", "cfg_dir", "resource_file", "interval_length", "use_timezone", "enable_notifications", "enable_flap_detection", "allow_empty_hostgroup_assignment", "service_check_timeout", "host_check_timeout", "execute_service_checks", "execute_host_checks"]);
/** Settings that do something which nothing here does, when they are set so. */
const WANTED: { readonly [key: string]: string } = {
  global_host_event_handler: "event handlers are not run",
  global_service_event_handler: "event handlers are not run",
  ocsp_command: "results are not handed on; the API and /metrics have them",
  ochp_command: "results are not handed on; the API and /metrics have them",
  broker_module: "modules of Nagios are not loaded",
  service_perfdata_command: "perfdata is not handed on; /metrics has the figures",
  host_perfdata_command: "perfdata is not handed on; /metrics has the figures",
};

/** Tells what of nagios.cfg is not taken. */
export function tellSettings({ settings, main }: Layout, draft: Draft): void {
  if (main === null) return;
  for (const { text, origin } of settings.get("") ?? []) draft.note("refused", origin, text.slice(0, 40), "this is no setting", "write KEY=VALUE");
  const others: string[] = [];
  for (const [key, [value]] of settings) {
    if (key === "" || USED.has(key) || value === undefined) continue;
    const why = Object.hasOwn(WANTED, key) ? WANTED[key] : key === "use_regexp_matching" && value.text === "1" ? "names are taken as they stand, and not as patterns" : undefined;
    if (why === undefined) others.push(key);
    else if (value.text !== "") draft.note("left", value.origin, key, why);
  }
  for (let at = 0; at < others.length; at += 18) draft.note("left", { file: main, line: 0, column: 0 }, "", `settings of Nagios's own files, logs and queues: ${others.slice(at, at + 18).join(", ")}`);
}

/** The macros of the resource files. */
export function resourcesOf(source: Source, { resources, main, namedAt }: Layout, draft: Draft): Resources {
  const macros = new Map<string, string>();
  for (const path of resources) {
    const file = source.files.get(path);
    if (file === undefined) {
      if (main !== null) draft.note("refused", namedAt.get(path) ?? { file: path, line: 0, column: 0 }, "resource_file", `${path}: ${source.missing.get(path) ?? "this is a folder"}`, "let Tocsin read it, or correct the path");
      continue;
    }
    for (const [key, values] of readMain(path, file.bytes)) {
      const name = /^\$(USER\d{1,3})\$$/.exec(key)?.[1];
      for (const { text, origin } of values) {
        if (name === undefined) draft.note("ignored", origin, "", "this sets no macro `$USERn$`");
        else macros.set(name, text);
      }
    }
  }
  const isPath = (value: string): boolean => value === "" || value.startsWith("/");
  // A name that says what it is: of a channel's variables, those are masked.
  const PREFIX = "SECRET_";
  return {
    text(name) {
      const value = macros.get(name);
      return value === undefined || isPath(value) ? value : `\0${PREFIX}${name}\0`;
    },
    secret(name) {
      const value = name.startsWith(PREFIX) ? macros.get(name.slice(PREFIX.length)) : undefined;
      return value === undefined || isPath(value) ? undefined : value;
    },
  };
}
