import { posix } from "node:path";
import { CHANNEL_LINES, FILE_LINES, FUNCTION_LINES, LONG_FILE_LINES, LONG_FILES, LONG_FUNCTIONS, PROBE_LINES } from "./limits.ts";
import type { Import, Source } from "./source.ts";
import { ROOMS, type Room, TEST_PACKAGES } from "./table.ts";

/** Tests, and what only tests use: suites of contracts, samples, ground, test data. */
const isTest = (path: string): boolean => /\.(test|bench)\.tsx?$|\/(suite(-[a-z]+)?|samples?|ground)\.ts$|\/testdata\//.test(path);
/** What a test beside the code may use besides what its room may: the real ports, the memory store and the real doors, so that nothing is mocked. */
const TEST_ROOMS = /^(test\/|src\/(core|sys|wire)\/|src\/store\/[^/]+$|src\/app\/doors$)/;
const withoutExtension = (path: string): string => path.replace(/\.(tsx?|js)$/, "");

/** Project path (without extension) of a relative import, or null for a package or Node's own. */
export function resolveImport(path: string, from: string): string | null {
  return from.startsWith(".") ? withoutExtension(posix.normalize(posix.join(posix.dirname(path), from.replace(/\?.*$/, "")))) : null;
}

const packageOf = (from: string): string => from.split("/").slice(0, from.startsWith("@") ? 2 : 1).join("/");

function mayImport(room: Room, source: Source, { from, typeOnly }: Import): boolean {
  const test = isTest(source.path);
  const target = resolveImport(source.path, from);
  if (target !== null) {
    if (room.name === "page" && /\.(css|svg)$/.test(from)) return true;
    return room.may.test(target) || (typeOnly && room.types?.test(target) === true) || (test && TEST_ROOMS.test(target));
  }
  if (from.startsWith("node:")) return room.node === "*" || test || room.node.includes(from.slice(5)) || (typeOnly && /^node:(stream|net|tls|http|http2)$/.test(from));
  return room.packages.includes("*") || room.packages.includes(packageOf(from)) || (test && TEST_PACKAGES.includes(packageOf(from)));
}

/** Imports against the table. */
export function importFindings(source: Source): readonly string[] {
  const room = ROOMS.find(({ files }) => files.test(source.path));
  if (room === undefined) return [`${source.path} is in no room of the import table; add the room to test/tidy/table.ts and to ARCHITECTURE.md, or put the file with its noun`];
  return source.imports.flatMap((it) => (mayImport(room, source, it) ? crossing(room, source, it) : [`${source.path}:${it.line} (${room.name}) must not import ${it.from}; ${room.instead}`]));
}

/** A probe or channel must not import another one; its own files begin with its name. */
function crossing(room: Room, source: Source, { from, line, typeOnly }: Import): readonly string[] {
  const target = resolveImport(source.path, from);
  if (room.name !== "probe" || target === null || !target.startsWith("src/probes/") || typeOnly || isTest(source.path)) return [];
  const own = posix.basename(source.path).replace(/[-.].*$/, "");
  const theirs = posix.basename(target);
  if (theirs === "probe" || theirs === own || theirs.startsWith(`${own}-`)) return [];
  return [`${source.path}:${line} must not import another probe (${from}); what two probes share belongs to dial or wire`];
}

const INSTEAD: { readonly [what: string]: string } = {
  "Date.now": "take `now` as an argument, or `clock.now()` of the ports",
  "new Date()": "take `now` as an argument, or `clock.now()` of the ports",
  Date: "take `now` as an argument, or `clock.now()` of the ports",
  "performance.now": "use `clock.monotonic()` of the ports",
  "Math.random": "use `random.fraction()` of the ports",
  "process.env": "take the value as an argument; src/sys reads the environment",
};

/** The real clock, timers, randomness, environment and console belong to src/sys. */
export function worldFindings(source: Source): readonly string[] {
  if (!source.path.startsWith("src/") || source.path.startsWith("src/sys/") || isTest(source.path)) return [];
  return source.worldly.map(({ what, line }) => `${source.path}:${line} uses ${what}; ${INSTEAD[what] ?? (what.startsWith("console") ? "use `log` of the ports, or the terminal of the command line" : "use `clock.timer()` of the ports")}`);
}

function lineLimit(path: string): number {
  if (Object.hasOwn(LONG_FILES, path)) return LONG_FILE_LINES;
  if (isTest(path)) return LONG_FILE_LINES;
  if (/^src\/probes\/[^/]+\.ts$/.test(path)) return PROBE_LINES;
  if (/^src\/alert\/channels\/[^/]+\.ts$/.test(path)) return CHANNEL_LINES;
  return FILE_LINES;
}

/** Lengths of files and functions. */
export function sizeFindings(source: Source): readonly string[] {
  const found: string[] = [];
  const limit = lineLimit(source.path);
  if (source.lines > limit) found.push(`${source.path} has ${source.lines} lines of at most ${limit}; is it one thing? Split it by its nouns`);
  for (const { name, line, lines } of source.functions) {
    // A list of cases is no function that somebody must understand at once.
    if (isTest(source.path) && name !== "test") continue;
    const excused = LONG_FUNCTIONS[`${source.path} ${name}`];
    if (lines > (excused ?? FUNCTION_LINES)) found.push(`${source.path}:${line} ${name || "a function"} has ${lines} lines of at most ${excused ?? FUNCTION_LINES}; name its parts`);
  }
  return found;
}

const SQL = /\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX|UNIQUE)|DROP\s+TABLE|PRAGMA\s+\w)/;

/** SQL stands in the drivers only. */
export function sqlFindings(source: Source): readonly string[] {
  if (!/^(src|web)\//.test(source.path) || /^src\/store\/(sqlite|postgres)\//.test(source.path) || isTest(source.path)) return [];
  return source.texts.filter(({ text }) => SQL.test(text)).map(({ line }) => `${source.path}:${line} holds SQL; ask through a verb of src/store/store.ts, and put the statement into the driver`);
}

/** Names and defaults. */
export function nameFindings(source: Source): readonly string[] {
  const found: string[] = [];
  const bad = /(^|\/)(utils?|common|helpers?|types|managers?|misc|shared)\//.exec(source.path);
  if (bad !== null) found.push(`${source.path} lies in a folder called ${bad[2]}; a thing lives with its noun`);
  const file = /(^|\/)(utils?|common|helpers?|managers?|misc)\.tsx?$/.exec(source.path);
  if (file !== null) found.push(`${source.path} is called ${file[2]}; name it after what it holds`);
  if (source.defaultExport !== null && !/(^|\/)(vite|vitest)\.config\.ts$/.test(source.path)) found.push(`${source.path}:${source.defaultExport} has a default export; export it by its name`);
  return found;
}

/**
 * Exports of values that no other file imports. A test beside the code is reason enough to export, where the file itself uses the thing
 * too. Files started by name (`entries`) need no reason.
 */
export function deadExports(sources: readonly Source[], entries: ReadonlySet<string>): readonly string[] {
  const used = new Set<string>();
  const tested = new Set<string>();
  for (const source of sources) {
    for (const { from, names } of source.imports) {
      const target = resolveImport(source.path, from);
      const ownTest = target !== null && source.path.startsWith(`${target}.`) && isTest(source.path);
      if (target !== null) for (const name of names) (ownTest ? tested : used).add(`${target} ${name}`);
    }
  }
  const dead: string[] = [];
  for (const { path, exports, mentions } of sources) {
    const place = withoutExtension(path);
    if (!path.startsWith("src/") || isTest(path) || entries.has(path) || used.has(`${place} *`)) continue;
    for (const { name, line } of exports) {
      const inside = (mentions.get(name) ?? 0) > 1;
      if (used.has(`${place} ${name}`) || (tested.has(`${place} ${name}`) && inside)) continue;
      dead.push(`${path}:${line} exports ${name}, which nothing imports; remove ${inside ? "the word export" : "it"}`);
    }
  }
  return dead;
}
