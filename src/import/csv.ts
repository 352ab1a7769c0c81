import { nearest } from "../config/nearest.ts";
import { type Cell, readTable, separatorOf, type Table } from "./csv-table.ts";
import { Draft } from "./draft.ts";
import { readEntries } from "./fletchck.ts";
import { OPTIONS } from "./fletchck-checks.ts";
import { readTrigger } from "./fletchck-trigger.ts";
import type { Around, Glimpse, Importer, Origin, Path, Source } from "./importer.ts";

/** Columns that are keys of a check, by what their cells hold. */
const KEYS: { readonly [column: string]: "text" | "trigger" | "switch" | "whole" | "list" } = {
  trigger: "trigger",
  paused: "switch",
  threshold: "whole",
  retries: "whole",
  priority: "whole",
  failAction: "switch",
  passAction: "switch",
  publish: "text",
  remoteId: "text",
  timezone: "text",
  depends: "list",
  actions: "list",
  checks: "list",
  inseq: "list",
};
/** Columns that are options of a check, where their cells hold no text. */
const TYPED: { readonly [option: string]: "switch" | "whole" | "host" } = {
  hostname: "host",
  port: "whole",
  tls: "switch",
  selfsigned: "switch",
  reqTcp: "switch",
  level: "whole",
  timeout: "whole",
  temperature: "whole",
  hysteresis: "whole",
};
const REQUIRED = ["name", "checkType"] as const;
const COLUMNS_MAX = 1000;
const MAC = /^[\da-f]{2}(:[\da-f]{2}){5}$/i;
const LINK_LOCAL = /^fe[89ab][\da-f]:[^%]*$/i;
const YES: ReadonlySet<string> = new Set(["t", "1", "true", "yes"]);
const NO: ReadonlySet<string> = new Set(["f", "0", "false", "no", "null", "none"]);

type Mapping = { readonly [key: string]: unknown };

/** One row as a check of a site, and where each part of it stands. */
interface Row {
  readonly name: string;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly check: Mapping;
  /** Sequences that it is to run in. */
  readonly sequences: readonly string[];
}

/** What is known while one file is read. */
interface Reading {
  readonly around: Around | null;
  readonly draft: Draft;
  readonly columns: readonly string[];
  readonly origin: (cell: Cell | undefined) => Origin;
}

const listOf = (text: string): readonly string[] => text.split(",").map((part) => part.trim()).filter((part) => part !== "");

/** The names of the columns; null where Fletchck would not go on. */
function readHeader(header: readonly Cell[], { draft, origin }: Reading): readonly string[] | null {
  const columns = header.map(({ text }) => text);
  for (const required of REQUIRED) {
    if (columns.includes(required)) continue;
    const near = nearest(required, columns);
    draft.note("refused", origin(header[0]), "", `there is no column \`${required}\``, near === null ? "name the columns in the first line, `name` and `checkType` among them" : `write \`${required}\` instead of \`${near}\``);
    return null;
  }
  if (columns.length > COLUMNS_MAX) {
    draft.note("refused", origin(header[COLUMNS_MAX]), "", `there are more than ${COLUMNS_MAX} columns`, "remove those that are not needed");
    return null;
  }
  const seen = new Set<string>();
  for (const cell of header) {
    const { text } = cell;
    if (text !== "" && seen.has(text)) draft.note("ignored", origin(cell), text, "this column stands twice, and its last filled cell counts", "remove one of the two");
    else if (text !== "" && !REQUIRED.some((it) => it === text) && !Object.hasOwn(KEYS, text) && !OPTIONS.has(text)) draft.note("ignored", origin(cell), text, "no type of check has such an option", draft.meant(text, () => [...REQUIRED, ...Object.keys(KEYS), ...OPTIONS]));
    seen.add(text);
  }
  return columns;
}

/** A cell's value; undefined for one that Fletchck passes over, null when it would not go on. Both are told. */
function valueOf(column: string, cell: Cell, name: string, { draft, origin }: Reading): unknown {
  const { text } = cell;
  switch (KEYS[column] ?? TYPED[column]) {
    case "whole": {
      const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isSafeInteger(value)) return value;
      draft.note("refused", origin(cell), `${name} ${column}`, `\`${text}\` is no whole number`, "write a whole number, without a unit");
      return null;
    }
    case "switch": {
      const word = text.toLowerCase();
      const yes = /^\d+$/.test(word) ? Number(word) !== 0 : !NO.has(word);
      if (yes && !YES.has(word) && !/^\d+$/.test(word)) draft.note("differs", origin(cell), `${name} ${column}`, `\`${text}\` counts as yes, as it does in Fletchck`, "write true or false");
      return yes;
    }
    case "trigger": {
      const trigger = readTrigger(text, "UTC");
      if (trigger.kind !== "wrong") return text;
      draft.note("ignored", origin(cell), `${name} trigger`, `${trigger.wrong}: Fletchck leaves such a trigger out`, "correct it; without one it runs in sequences and on demand only");
      return undefined;
    }
    case "list":
      return listOf(text);
    default:
      return text;
  }
}

/** A row as a check; null when it is none, which is told. */
function readRow(row: readonly Cell[], reading: Reading): Row | null {
  const { draft, columns, origin } = reading;
  const cells = new Map<string, Cell>();
  const none = (kind: "refused" | "left", cell: Cell | undefined, what: string, text: string, advice: string): null => {
    draft.note(kind, origin(cell), what, text, advice);
    return null;
  };
  for (const [index, cell] of row.entries()) {
    const column = columns[index];
    if (column === undefined && cell.text !== "") return none("refused", cell, cell.text, "the first line has no column for this cell", "put a cell that holds the separator in quotes, with no blank before the first: web,\"a,b\"");
    if (column === "" && cell.text !== "") draft.note("ignored", origin(cell), cell.text, "the column of this cell has no name", "name it in the first line");
    if (column !== undefined && cell.text !== "") cells.set(column, cell);
  }
  const name = cells.get("name")?.text ?? "";
  for (const required of REQUIRED) if (!cells.has(required)) return none("refused", row[0], name, `this row has no \`${required}\``, "fill the cell, or remove the row");
  const host = cells.get("hostname");
  if (host !== undefined && (MAC.test(host.text) || LINK_LOCAL.test(host.text))) return none("left", host, `${name} hostname`, "Fletchck asks this address on its machine's second network interface", "write the link-local address with the interface, such as fe80::1%eth0");
  const keys: [string, unknown][] = [["type", cells.get("checkType")?.text]];
  const options: [string, unknown][] = [];
  for (const [column, cell] of cells) {
    if (column === "checks" || column === "timezone" || OPTIONS.has(column)) options.push([column, valueOf(column, cell, name, reading)]);
    else if (Object.hasOwn(KEYS, column) && column !== "inseq") keys.push([column, valueOf(column, cell, name, reading)]);
  }
  if ([...keys, ...options].some(([, value]) => value === null)) return null;
  const known = (entries: readonly [string, unknown][]): Mapping => Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  return { name, cells, check: { ...known(keys), options: known(options) }, sequences: listOf(cells.get("inseq")?.text ?? "") };
}

/** Rows by name, in the order of the file; of a name that stands twice the last row counts. */
function readRows(rows: readonly (readonly Cell[])[], reading: Reading): ReadonlyMap<string, Row> {
  const found = new Map<string, Row>();
  for (const cells of rows) {
    const row = readRow(cells, reading);
    if (row === null) continue;
    const before = found.get(row.name);
    if (before !== undefined) reading.draft.note("ignored", reading.origin(before.cells.get("name")), row.name, "this name stands again further down, and the last row counts", "remove one of the two");
    found.set(row.name, row);
  }
  return found;
}

/** Members that sequences get by `inseq`, behind those that they name themselves. */
function joined(rows: ReadonlyMap<string, Row>, { draft, around, origin }: Reading): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, Set<string>>();
  for (const [name, { cells, sequences }] of rows) {
    for (const sequence of sequences) {
      const type = rows.get(sequence)?.check["type"];
      const known = members.get(sequence) ?? new Set<string>();
      if (type === "sequence") members.set(sequence, known.add(name));
      else if (type === undefined && around?.checks.has(sequence) === true) draft.note("left", origin(cells.get("inseq")), `${name} inseq`, `\`${sequence}\` is not of this file`, `add \`${name}\` to its \`members\``);
      else draft.note("ignored", origin(cells.get("inseq")), `${name} inseq`, type === undefined ? `there is no sequence \`${sequence}\`` : `\`${sequence}\` is no sequence`);
    }
  }
  return new Map([...members].map(([name, added]) => [name, [...added]]));
}

const actionsOf = (check: Mapping): readonly string[] => (Array.isArray(check["actions"]) ? check["actions"].map(String) : []);

/** What a CSV names and does not hold: whom to tell and where to publish, each told once. */
function leaveOut(rows: ReadonlyMap<string, Row>, { draft, around, origin }: Reading): void {
  const told = new Set<string>();
  for (const [name, { check, cells }] of rows) {
    for (const action of actionsOf(check)) {
      if (told.has(action) || around?.channels.has(action) === true) continue;
      told.add(action);
      const [text, advice] = around === null ? ["a CSV holds no actions: nobody is told", "`tocsin import FILE --into tocsin.yaml` names its channels"] : ["there is no channel of this name: nobody is told", "add it below `channels:`"];
      draft.note("left", origin(cells.get("actions")), `action ${action}`, text, advice);
    }
    if (check["publish"] !== undefined) draft.note("left", origin(cells.get("publish")), `${name} publish`, "a CSV names no MQTT server: nothing is published", "add a channel `mqtt` with `format: fletchck`");
  }
}

/** The rows as Fletchck's own merge makes a site of them. */
function siteOf(rows: ReadonlyMap<string, Row>, reading: Reading): Mapping {
  const added = joined(rows, reading);
  const checks = [...rows].map(([name, { check }]): [string, unknown] => {
    const { publish: _, ...rest } = check;
    const kept = { ...rest, actions: actionsOf(check).filter((action) => reading.around?.channels.has(action) === true) };
    const more = added.get(name);
    const options = check["options"] as Mapping;
    const own = Array.isArray(options["checks"]) ? options["checks"] : [];
    return [name, more === undefined ? kept : { ...kept, options: { ...options, checks: [...own, ...more] } }];
  });
  return { checks: Object.fromEntries(checks) };
}

function read(source: Source): ReturnType<Importer["read"]> {
  const { path, around } = source;
  const nowhere: Origin = { file: path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const refuse = (place: { readonly line: number; readonly column: number }, wrong: string, right: string): ReturnType<Importer["read"]> => {
    draft.note("refused", { file: path, line: place.line, column: place.column }, "", wrong, right);
    return draft.done();
  };
  const file = source.files.get(path);
  if (file === undefined) return refuse(nowhere, source.missing.get(path) ?? "this is no file", "name the CSV file");
  const table = readTable(file.bytes);
  if (table.kind === "wrong") return refuse(table, table.wrong, table.right);
  const [header, ...rest] = table.rows;
  if (header === undefined) return refuse(nowhere, "the file is empty", "name the columns in the first line, `name` and `checkType` among them");
  tellForm(table, draft, path);
  const origin = (cell: Cell | undefined): Origin => (cell === undefined ? nowhere : { file: path, line: cell.line, column: cell.column });
  const columns = readHeader(header, { draft, columns: [], around, origin });
  if (columns === null) return draft.done();
  const reading: Reading = { draft, columns, around, origin };
  const rows = readRows(rest, reading);
  leaveOut(rows, reading);
  const at = ([, name, key, option]: Path): Origin => {
    const cells = rows.get(String(name))?.cells;
    return origin(cells?.get(String(option ?? key)) ?? cells?.get("name"));
  };
  readEntries(siteOf(rows, reading), { zone: "UTC", draft, around, at });
  return draft.done();
}

function tellForm({ separator, stray }: Extract<Table, { kind: "read" }>, draft: Draft, file: string): void {
  if (separator !== ",") draft.note("differs", { file, line: 1, column: 1 }, "", `cells are separated by ${separator === "\t" ? "tabs" : `\`${separator}\``}, which Fletchck does not read; lists in a cell are separated by commas all the same`);
  for (const { text, line, column } of stray) draft.note("differs", { file, line, column }, text, "a quote ends in the middle of this cell", 'write a quote inside a quoted cell twice: ""');
}

function recognises({ path, names, tables, text }: Glimpse): boolean {
  if (names !== null || tables !== null) return false;
  if (/\.(csv|tsv)$/i.test(path)) return true;
  const plain = text.replace(/^sep=.\r?\n/i, "");
  const columns = new Set((/^[^\r\n]*/.exec(plain)?.[0] ?? "").split(separatorOf(plain)).map((column) => column.trim().replaceAll(/^"|"$/g, "").trim()));
  return REQUIRED.every((required) => columns.has(required));
}

/** A CSV with Fletchck's columns: a row a check. */
export const csv: Importer = { format: "csv", about: "A CSV file with Fletchck's columns: name, checkType and others", recognises, related: () => [], read };
