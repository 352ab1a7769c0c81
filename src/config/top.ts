import type { Path } from "./finding.ts";
import { unknownName } from "./issues.ts";
import { overlay, validate } from "./layers.ts";
import type { Report } from "./report.ts";
import { SETTINGS_KEYS, settingsSchema, toSettings } from "./settings.ts";
import type { Settings } from "./site.ts";
import { type Document, isMapping } from "./sources.ts";

/** Sections, which are read on their own; the first four may stand in every file. */
const SHARED_SECTIONS: readonly string[] = ["checks", "channels", "rotations", "maintenance"];
const SECTIONS: readonly string[] = [...SHARED_SECTIONS, "defaults"];

const NOT_YET: { readonly [key: string]: string } = {
  confirm: "`confirm` is not available in this version; checks run from this place only",
  peers: "`peers` is not available in this version; checks run from this place only",
  page: "`page` is not available in this version; the page cannot change the configuration",
};

/** Settings stand at the top of the main file; defaults fill what is missing or wrong, so that reading can go on. */
export function readSettings(documents: readonly Document[], resolve: (path: string) => string, report: Report): Settings {
  for (const [index, document] of documents.entries()) if (index > 0) tellForeignKeys(document, index, report);
  const main = documents[0];
  if (main === undefined) return toSettings({}, resolve);
  const layer = { document: 0, path: [], written: main.written, filled: main.filled };
  const own = Object.fromEntries(Object.entries(overlay([main.filled])).filter(([key]) => !SECTIONS.includes(key)));
  const read = validate(settingsSchema, own, () => main.written, SECTIONS);
  for (const [key, wrong] of Object.entries(NOT_YET)) if (main.written[key] !== undefined) report.warn([layer], [key], wrong, "remove it, or leave it for later");
  if (read.kind === "valid") {
    for (const number of read.numbers) report.numbers.add(number);
    return toSettings(read.value, resolve);
  }
  for (const finding of read.findings) report.local([layer], { ...finding, ...notIndented(main, finding.path) });
  return toSettings({}, resolve);
}

/** A check or channel that stands at the top, beside the section that it was meant for. */
function notIndented({ written }: Document, path: Path): { readonly right?: string } {
  const [name] = path;
  const value = path.length === 1 && typeof name === "string" && !Object.hasOwn(SETTINGS_KEYS, name) ? written[name] : undefined;
  if (!isMapping(value) || typeof value["type"] !== "string" || typeof name !== "string") return {};
  const keys = Object.keys(written);
  const bare = keys.slice(0, keys.indexOf(name)).findLast((key) => SHARED_SECTIONS.includes(key) && written[key] === null);
  return { right: `indent it below \`${bare ?? "checks"}:\`` };
}

function tellForeignKeys(document: Document, index: number, report: Report): void {
  for (const key of Object.keys(document.written)) {
    if (SHARED_SECTIONS.includes(key) || key.startsWith("x-")) continue;
    const isSetting = Object.hasOwn(SETTINGS_KEYS, key) || SECTIONS.includes(key);
    const finding = unknownName(key, SHARED_SECTIONS, [key], "key");
    report.add({ ...finding, document: index, ...(isSetting ? { wrong: `\`${key}\` belongs in the main file`, right: "move it there" } : notIndented(document, [key])) });
  }
}
