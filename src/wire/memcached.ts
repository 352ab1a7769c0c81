/** The text protocol of memcached (doc/protocol.txt of memcached), as far as `version` and `stats` need it. */

export type MemcachedLine =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "stat"; readonly name: string; readonly value: string }
  | { readonly kind: "end" }
  /** `ERROR`, `CLIENT_ERROR` or `SERVER_ERROR`, the whole line. */
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "bad" };

/** One line of an answer, without its CR LF. */
export function parseMemcachedLine(line: string): MemcachedLine {
  if (line === "END") return { kind: "end" };
  const [, word = "", rest = ""] = /^([A-Z_]+)(?: (.*))?$/.exec(line) ?? [];
  if (word === "VERSION" && rest !== "") return { kind: "version", version: rest };
  if (/^(CLIENT_|SERVER_)?ERROR$/.test(word)) return { kind: "error", text: line };
  const [, name, value] = word === "STAT" ? (/^(\S+) (.*)$/.exec(rest) ?? []) : [];
  return name === undefined || value === undefined ? { kind: "bad" } : { kind: "stat", name, value };
}
