import type { Origin } from "./importer.ts";

/** A value with the place at which it stands. */
export interface Value {
  readonly text: string;
  readonly origin: Origin;
}

/** `define TYPE { ... }` as it stands. */
export interface Definition {
  readonly type: string;
  readonly origin: Origin;
  /** By the directive's name; of one that stands twice the last. */
  readonly values: ReadonlyMap<string, Value>;
  /** Every line of it, for timeperiods, whose directives have blanks. */
  readonly lines: readonly Value[];
}

/** What one object file says. */
export interface ObjectFile {
  readonly definitions: readonly Definition[];
  /** `include_file=` and `include_dir=`. */
  readonly includes: readonly { readonly kind: "file" | "folder"; readonly path: string; readonly origin: Origin }[];
  readonly problems: readonly { readonly origin: Origin; readonly what: string; readonly text: string; readonly advice: string; readonly kind: "refused" | "ignored" }[];
}

/** The types of objects. */
const TYPES = ["host", "hostgroup", "service", "servicegroup", "command", "contact", "contactgroup", "timeperiod", "hostdependency", "servicedependency", "hostescalation", "serviceescalation", "hostextinfo", "serviceextinfo"] as const;

const isType = (word: string): boolean => (TYPES as readonly string[]).includes(word);

/** Text of a file of any age: UTF-8, or else Latin 1; without NUL, which marks macros further on. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll("\0", " ");
  } catch {
    return new TextDecoder("windows-1252").decode(bytes).replaceAll("\0", " ");
  }
}

/** Lines of a file, those that end with a backslash joined with the next; each with the number of its first. */
export function linesOf(text: string): readonly { readonly text: string; readonly line: number }[] {
  const lines: { readonly text: string; readonly line: number }[] = [];
  let begun: { parts: string[]; line: number } | null = null;
  for (const [index, raw] of text.split("\n").entries()) {
    const whole = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const goesOn = whole.endsWith("\\") && !whole.endsWith("\\\\");
    const part = goesOn ? whole.slice(0, -1) : whole;
    begun ??= { parts: [], line: index + 1 };
    begun.parts.push(begun.parts.length === 0 ? part : part.trimStart());
    if (goesOn) continue;
    lines.push({ text: begun.parts.join(""), line: begun.line });
    begun = null;
  }
  if (begun !== null) lines.push({ text: begun.parts.join(""), line: begun.line });
  return lines;
}

/** Without the remark behind it; `\;` is a semicolon. */
function withoutRemark(line: string): string {
  let text = "";
  let from = 0;
  for (let at = line.indexOf(";"); at >= 0; at = line.indexOf(";", at + 1)) {
    if (line[at - 1] !== "\\") return text + line.slice(from, at);
    text += `${line.slice(from, at - 1)};`;
    from = at + 1;
  }
  return text + line.slice(from);
}

interface Open {
  readonly type: string;
  readonly origin: Origin;
  readonly values: Map<string, Value>;
  readonly lines: Value[];
}

/** Reads an object file; never throws. */
export function readObjects(file: string, bytes: Uint8Array): ObjectFile {
  const definitions: Definition[] = [];
  const includes: ObjectFile["includes"][number][] = [];
  const problems: ObjectFile["problems"][number][] = [];
  let open: Open | null = null;
  const wrong = (origin: Origin, what: string, text: string, advice: string, kind: "refused" | "ignored" = "refused"): void => void problems.push({ origin, what, text, advice, kind });
  const begin = (line: string, origin: Origin): Open => {
    const type = line.replace(/^define/, "").replace(/\{$/, "").trim();
    if (!isType(type)) wrong(origin, `define ${type.slice(0, 40)}`, "there is no such type of object", `use one of ${TYPES.join(", ")}`);
    return { type, origin, values: new Map(), lines: [] };
  };
  for (const { text, line } of linesOf(textOf(bytes))) {
    const origin = { file, line, column: text.length - text.trimStart().length + 1 };
    const said = withoutRemark(text).trim();
    if (said === "" || said.startsWith("#")) continue;
    if (open === null) {
      const [, kind = "", path = ""] = /^include_(file|dir)\s*=(.*)$/.exec(said) ?? [];
      if (kind !== "") includes.push({ kind: kind === "file" ? "file" : "folder", path: path.trim(), origin });
      else if (/^define\s/.test(said)) open = begin(said, origin);
      else wrong(origin, said.slice(0, 40), "this is outside of a definition", "write `define TYPE {` before it");
    } else if (said === "}") {
      if (isType(open.type)) definitions.push(open);
      open = null;
    } else if (/^define\s/.test(said)) {
      wrong(open.origin, `define ${open.type}`, "it is not closed", `put a \`}\` before line ${line}`);
      open = begin(said, origin);
    } else if (said !== "{") takeLine(open, said, origin, wrong);
  }
  if (open !== null) wrong(open.origin, `define ${open.type.slice(0, 40)}`, "it is not closed: the file ends", "put a `}` on a line of its own behind it");
  return { definitions, includes, problems };
}

function takeLine(open: Open, said: string, origin: Origin, wrong: (origin: Origin, what: string, text: string, advice: string, kind: "ignored") => void): void {
  const [, key = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(said) ?? [];
  open.lines.push({ text: said, origin });
  const before = open.values.get(key);
  if (before !== undefined && open.type !== "timeperiod") wrong(before.origin, key.slice(0, 60), `it stands again at line ${origin.line}, and the last one counts`, "remove one of the two", "ignored");
  open.values.set(key, { text: rest.trim(), origin });
}
