import type { Layer, Mapping } from "./layers.ts";
import type { Report } from "./report.ts";
import { isMapping, type Document } from "./sources.ts";

/** A named mapping of a section, such as one check. */
export interface Entry extends Layer {
  readonly name: string;
}

const LONGEST_NAME = 200;
/** Names that stand for Tocsin's own things in alerts. */
const RESERVED = /^channel:/;

/** The mappings of `checks` or `channels` over all documents, by name, in the order of the files. */
export function namedEntries(section: "checks" | "channels" | "rotations", documents: readonly Document[], report: Report): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [index, { written, filled }] of documents.entries()) {
    const sectionWritten = sectionOf(written, section, index, report);
    const sectionFilled = isMapping(filled[section]) ? filled[section] : sectionWritten;
    for (const [name, value] of Object.entries(sectionWritten)) {
      const path = [section, name];
      const add = (severity: "error" | "warning", wrong: string, right: string): void => report.add({ severity, document: index, path, at: "key", wrong, right });
      if (name.startsWith("x-")) {
        if (isMapping(value) && value["type"] !== undefined) add("warning", `\`${name}\` is ignored, as every key that begins with \`x-\``, "give it another name, or move a repeated part to the top of the file");
        continue;
      }
      const wrongName = nameProblem(name);
      if (wrongName !== null) add("error", wrongName, "give it another name");
      const before = entries.get(name);
      const own = sectionFilled[name];
      if (before !== undefined) report.add({ severity: "error", document: index, path, at: "key", wrong: `\`${name}\` is defined twice`, right: "rename or remove one of them", also: before });
      else if (!isMapping(value) || !isMapping(own)) add("error", `\`${name}\` is no mapping`, "write its keys below it, beginning with `type:`");
      else entries.set(name, { name, document: index, path, written: value, filled: own });
    }
  }
  return entries;
}

function nameProblem(name: string): string | null {
  if (name.trim() === "" || name !== name.trim()) return "a name is empty or begins or ends with a space";
  if (name.length > LONGEST_NAME) return `a name is longer than ${LONGEST_NAME} characters`;
  if (/\p{Cc}/u.test(name)) return "a name holds a control character";
  return RESERVED.test(name) || name === "__proto__" ? `\`${name}\` is a name of Tocsin's own` : null;
}

/** A section that is a mapping; an empty one is one without entries. */
function sectionOf(document: Mapping, section: string, index: number, report: Report): Mapping {
  const value = document[section];
  if (value === undefined || value === null) return {};
  if (isMapping(value)) return value;
  report.add({ severity: "error", document: index, path: [section], at: "value", wrong: `\`${section}\` is no mapping`, right: "write names with their keys below it" });
  return {};
}
