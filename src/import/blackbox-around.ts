import { besideOf, type YamlFile } from "./blackbox-files.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Source } from "./importer.ts";
import { type Re2, re2 } from "./re2.ts";
import { isMapping, mappingOf, textOf, type Mapping } from "./values.ts";

/** One part of a module while it is read: what is said of it, and the files that it names. */
export class Around {
  readonly #draft: Draft;
  readonly #source: Source;
  readonly #file: YamlFile;
  readonly #path: readonly string[];
  readonly #name: string;
  /** False once something in it could not be taken without changing what it means. */
  #whole = true;

  constructor(source: Source, file: YamlFile, name: string, path: readonly string[], draft: Draft) {
    this.#draft = draft;
    this.#source = source;
    this.#file = file;
    this.#name = name;
    this.#path = path;
  }

  /** Whether the module can be taken. */
  get whole(): boolean {
    return this.#whole;
  }

  origin(...keys: readonly string[]): Origin {
    return this.#file.at([...this.#path, ...keys]);
  }

  differs(key: string, text: string, advice = ""): void {
    this.#note("differs", key, text, advice);
  }

  /** One option is not taken; the rest is. */
  left(key: string, text: string, advice = ""): void {
    this.#note("left", key, text, advice);
  }

  /** Without this option the module would be another one: it is not taken. */
  stop(key: string, text: string, advice = ""): void {
    this.#whole = false;
    this.#note("left", key, `${text}; checks of this module are not taken`, advice);
  }

  /** What blackbox_exporter would not start with. */
  refuse(key: string, text: string, advice = ""): void {
    this.#whole = false;
    this.#note("refused", key, text, advice);
  }

  /** Tells keys that blackbox_exporter does not know: it would not start. */
  known(values: Mapping, keys: readonly string[], below = ""): void {
    for (const key of Object.keys(values)) if (!keys.includes(key)) this.refuse(below === "" ? key : `${below}.${key}`, "blackbox_exporter does not know this key", "remove it, or correct its name");
  }

  /** Part of a mapping, by key; told when it is none. */
  part(values: Mapping, key: string): Mapping {
    const value = values[key];
    if (value !== undefined && value !== null && !isMapping(value)) this.refuse(key, "this is no mapping", "write its keys below it");
    return mappingOf(value);
  }

  flag(values: Mapping, key: string, usual: boolean): boolean {
    const value = values[key] ?? usual;
    if (typeof value !== "boolean") this.refuse(key, `\`${textOf(value)}\` is neither true nor false`, "write true or false");
    return value === true;
  }

  /** A pattern; undefined, and told, when it cannot be said here. */
  pattern(key: string, value: unknown): Re2 | undefined {
    const pattern = re2(textOf(value));
    if (pattern === "wrong") this.refuse(key, `\`${textOf(value)}\` is no pattern`, "put a backslash before signs that stand for themselves");
    if (pattern === "unsaid") this.stop(key, `the pattern \`${textOf(value)}\` cannot be said here`, "write it without what only RE2 has");
    if (/(?:^|[^\\])\^[*+?]/.test(textOf(value))) this.differs(key, "a sign behind `^` repeats that, and is not looked for: blackbox_exporter does not either", "put a backslash before it");
    return typeof pattern === "string" ? undefined : pattern;
  }

  /** The content of a file that is named; undefined, and told, when it was not read. */
  content(key: string, path: string): string | undefined {
    const full = besideOf(this.#file, path);
    const bytes = this.#source.files.get(full)?.bytes;
    if (bytes === undefined) this.stop(key, `${full}: ${this.#source.missing.get(full) ?? "this is no file"}`, "let Tocsin read it, or correct the path");
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  /** A value that may stand in a file of its own: `key`, or `key_file`. */
  textOrFile(values: Mapping, key: string, below = ""): string | undefined {
    const named = textOf(values[`${key}_file`]);
    if (named !== "") return this.content(`${below}${key}_file`, named)?.trim();
    return values[key] === undefined ? undefined : textOf(values[key]);
  }

  #note(kind: "differs" | "left" | "refused", key: string, text: string, advice: string): void {
    this.#draft.note(kind, this.origin(...key.split(".").filter((step) => step !== "")), `module ${this.#name}${key === "" ? "" : ` ${key}`}`, text, advice);
  }
}

/** Paths that a module names: certificates, passwords, bodies. */
export function filesNamed(file: YamlFile): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown, key: string, depth: number): void => {
    if (depth > 12) return;
    if (typeof value === "string" && value !== "" && key.endsWith("_file")) found.push(besideOf(file, value));
    if (Array.isArray(value)) for (const item of value) walk(item, key === "files" ? "one_file" : key, depth + 1);
    if (isMapping(value)) for (const [name, part] of Object.entries(value)) walk(part, name, depth + 1);
  };
  walk(file.value, "", 0);
  return found;
}

const VERSIONS: { readonly [version: string]: string } = { TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3" };
const TLS_KEYS = ["insecure_skip_verify", "ca_file", "cert_file", "key_file", "ca", "cert", "key", "server_name", "min_version", "max_version"] as const;

/** `tls_config` as settings of TLS; undefined where it says nothing. */
export function tlsOf(values: Mapping, around: Around, key = "tls_config"): Mapping | undefined {
  const config = mappingOf(values[key]);
  around.known(config, TLS_KEYS, key);
  const version = textOf(config["min_version"]);
  if (version !== "" && VERSIONS[version] === undefined) around.refuse(`${key}.min_version`, `\`${version}\` is no version of TLS`, "write TLS10, TLS11, TLS12 or TLS13");
  if (textOf(config["max_version"]) !== "") around.stop(`${key}.max_version`, "a newest version of TLS cannot be set here");
  const settings = Object.entries({
    verify: config["insecure_skip_verify"] === true ? false : undefined,
    ca: around.textOrFile(config, "ca", `${key}.`),
    cert: around.textOrFile(config, "cert", `${key}.`),
    key: around.textOrFile(config, "key", `${key}.`),
    servername: textOf(config["server_name"]) || undefined,
    minVersion: VERSIONS[version],
  }).filter(([, value]) => value !== undefined);
  return settings.length === 0 ? undefined : Object.fromEntries(settings);
}

/** The address family: blackbox_exporter takes the preferred one where a name has it, Tocsin whichever answers. */
export function familyOf(values: Mapping, around: Around): number | undefined {
  const preferred = textOf(values["preferred_ip_protocol"]);
  // Whatever is not ip4 or ip6 is taken for ip4 there.
  const family = preferred === "" || preferred === "ip6" ? 6 : 4;
  return around.flag(values, "ip_protocol_fallback", true) ? undefined : family;
}
