import type { Origin } from "./importer.ts";

/** One value of an INI file, interpolated when it is asked for. */
export interface IniValue {
  readonly text: string;
  readonly origin: Origin;
}

/** A section: its name as written, its keys in small letters. */
export interface IniSection {
  readonly name: string;
  readonly origin: Origin;
  readonly values: Map<string, IniValue>;
}

export interface IniProblem {
  readonly origin: Origin;
  readonly wrong: string;
  readonly right: string;
}

/** Several files read into one, as Python's ConfigParser does: a section or key that stands again is added to, or written over. */
export class Ini {
  readonly sections = new Map<string, IniSection>();
  readonly problems: IniProblem[] = [];
  /** Keys that were written over, by the place of the value that is lost. */
  readonly lost: { readonly section: string; readonly key: string; readonly origin: Origin }[] = [];

  /** Reads one file behind those before it. Comment lines begin with `#` or `;`; lines that begin with a space go on with the value before them. */
  read(file: string, bytes: Uint8Array): void {
    let section: IniSection | null = null;
    let key = "";
    // A section that is indented as a whole, as in a document, has its keys at the same depth.
    let indent = "";
    for (const [index, line] of new TextDecoder().decode(bytes).replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).entries()) {
      const origin: Origin = { file, line: index + 1, column: 1 };
      if (line.trim() === "" || /^[#;]/.test(line)) continue;
      const depth = /^\s*/.exec(line)?.[0] ?? "";
      if (depth.length > indent.length) {
        if (/^\s*[#;]/.test(line)) continue;
        const before: IniValue | undefined = section?.values.get(key);
        if (section !== null && before !== undefined) {
          section.values.set(key, { ...before, text: `${before.text}\n${line.trim()}` });
          continue;
        }
      }
      const header = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
      if (header !== undefined) {
        section = this.#open(header, origin);
        key = "";
        indent = depth;
        continue;
      }
      const [, name, value = ""] = /^\s*([^:=\s][^:=]*?)\s*[:=]\s*(.*)$/.exec(line) ?? [];
      if (name === undefined) this.problems.push({ origin, wrong: `this line is no section, key or comment: ${line.trim().slice(0, 60)}`, right: "write KEY=VALUE, or begin the line with #" });
      else if (section === null) this.problems.push({ origin, wrong: `\`${name}\` stands before the first section`, right: "write [main] or another section above it" });
      else {
        key = name.toLowerCase();
        const before = section.values.get(key);
        if (before !== undefined) this.lost.push({ section: section.name, key, origin: before.origin });
        section.values.set(key, { text: value.trim(), origin });
      }
    }
  }

  #open(name: string, origin: Origin): IniSection {
    const known = this.sections.get(name);
    if (known !== undefined) return known;
    const made = { name, origin, values: new Map<string, IniValue>() };
    this.sections.set(name, made);
    return made;
  }

  /** The value with `%(name)s` filled in from its section, and from `[DEFAULT]`; null for none. A name that nothing is known of gives a problem. */
  value(section: IniSection, key: string, defaults: ReadonlyMap<string, IniValue> = new Map()): IniValue | null {
    const look = (name: string): IniValue | undefined => section.values.get(name) ?? defaults.get(name) ?? this.sections.get("DEFAULT")?.values.get(name);
    const found = look(key);
    if (found === undefined) return null;
    if (!found.text.includes("%(")) return found;
    let { text } = found;
    for (let depth = 0; depth < DEPTH_MAX && text.includes("%("); depth += 1) {
      const missing = [...text.matchAll(/%\(([^)]*)\)s/g)].map(([, name = ""]) => name.toLowerCase()).find((name) => look(name) === undefined);
      if (missing !== undefined) return this.#refuse(found, `\`%(${missing})s\` names nothing in [${section.name}]`, `add \`${missing}\`, or write the value out`);
      text = text.replaceAll(/%%|%\(([^)]*)\)s/g, (whole: string, name: string | undefined) => (name === undefined ? whole : (look(name.toLowerCase())?.text ?? ""))).slice(0, TEXT_MAX);
    }
    if (/%\([^)]*\)s/.test(text)) return this.#refuse(found, `\`${key}\` refers to itself`, "write the value out");
    return { ...found, text: text.replaceAll("%%", "%") };
  }

  #refuse(found: IniValue, wrong: string, right: string): null {
    this.problems.push({ origin: found.origin, wrong, right });
    return null;
  }
}

const DEPTH_MAX = 10;
const TEXT_MAX = 1_000_000;
