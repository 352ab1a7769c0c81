export type ParsedOptions = { readonly kind: "parsed"; readonly values: { readonly [key: string]: unknown } } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

export interface OptionReader {
  /** Reads a value as YAML: `443`, `[a, b]`, `{a: 1}`. */
  value(text: string): unknown;
  /** Of `@path`; null when it cannot be read. */
  file(path: string): string | null;
  /** The schema of an option takes a number, a list or a mapping as it stands. */
  takes(key: string, value: unknown): boolean;
  isSecret(path: string): boolean;
}

/** Reads `option=value` words. A dot steps into a mapping (`expect.status=200`); `@path` is the content of a file; an option named again makes a list. */
export function readOptions(words: readonly string[], read: OptionReader): ParsedOptions {
  const values: Record<string, unknown> = {};
  for (const word of words) {
    const [, path, text] = /^([A-Za-z][\w.-]*)=(.*)$/s.exec(word) ?? [];
    if (path === undefined || text === undefined) return { kind: "wrong", wrong: `\`${word}\` is no option`, right: "write option=value, such as port=443" };
    const given = text.startsWith("@") ? read.file(text.slice(1)) : text;
    if (given === null) return { kind: "wrong", wrong: `\`${text.slice(1)}\` (for ${path}) cannot be read`, right: "name a file that you may read" };
    if (read.isSecret(path) && !text.startsWith("@") && !text.includes("${")) return { kind: "wrong", wrong: `${path} is a secret and would show in the list of processes`, right: `write ${path}=@FILE or ${path}='\${env:NAME}'` };
    place(values, path.split("."), (key) => (text.startsWith("@") ? given : interpret(key, given, read)));
  }
  return { kind: "parsed", values };
}

/** As text where the option takes that, else as YAML would read it. */
function interpret(key: string, text: string, read: OptionReader): unknown {
  if (key === "expect" || key === "warn") return text;
  const value = read.value(text);
  return typeof value === "string" || !read.takes(key, value) ? text : value;
}

/** `expect` and `warn` take facts with dots in their names; other mappings are stepped into. */
function place(values: Record<string, unknown>, steps: readonly string[], make: (key: string) => unknown): void {
  const [first = "", ...rest] = steps;
  const value = make(first);
  if (rest.length > 0 && (first === "expect" || first === "warn")) return add(values, first, rest.join("."), value);
  let into = values;
  for (const step of steps.slice(0, -1)) {
    const next = into[step];
    const deeper: Record<string, unknown> = isMapping(next) ? next : {};
    into[step] = deeper;
    into = deeper;
  }
  const last = steps.at(-1) ?? first;
  const before = into[last];
  into[last] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
}

function add(values: Record<string, unknown>, key: string, name: string, value: unknown): void {
  const before = values[key];
  values[key] = { ...(isMapping(before) ? before : {}), [name]: value };
}

const isMapping = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

