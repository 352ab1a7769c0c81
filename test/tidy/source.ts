import { parseSync } from "vite";

/** What the rules ask of one source file. Lines are 1-based. */
export interface Source {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly { readonly name: string; readonly line: number; readonly lines: number }[];
  /** Names that other files can import, types left out. */
  readonly exports: readonly { readonly name: string; readonly line: number }[];
  readonly defaultExport: number | null;
  /** Uses of the real world: `Date.now`, `console`, ... */
  readonly worldly: readonly { readonly what: string; readonly line: number }[];
  /** How often each identifier occurs. */
  readonly mentions: ReadonlyMap<string, number>;
  /** Texts in the code: strings and the fixed parts of templates. */
  readonly texts: readonly { readonly text: string; readonly line: number }[];
}

export interface Import {
  readonly from: string;
  readonly line: number;
  readonly typeOnly: boolean;
  /** Imported names; `*` for all of them. */
  readonly names: readonly string[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && "start" in value;
const nodeAt = (node: Node | null, key: string): Node | null => (node !== null && isNode(node[key]) ? node[key] : null);
const nodesAt = (node: Node, key: string): readonly Node[] => (Array.isArray(node[key]) ? node[key].filter(isNode) : []);
const nameOf = (node: Node | null): string => (node === null ? "" : typeof node["name"] === "string" ? node["name"] : typeof node["value"] === "string" ? node["value"] : "");

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const TIMERS = new Set(["setTimeout", "setInterval", "setImmediate"]);
const MEMBERS = new Set(["Date.now", "performance.now", "Math.random", "process.env"]);

class Reader {
  readonly imports: Import[] = [];
  readonly functions: { name: string; line: number; lines: number }[] = [];
  readonly exports: { name: string; line: number }[] = [];
  readonly worldly: { what: string; line: number }[] = [];
  readonly texts: { text: string; line: number }[] = [];
  readonly mentions = new Map<string, number>();
  readonly #text: string;
  defaultExport: number | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  line(offset: number): number {
    let line = 1;
    for (let at = this.#text.indexOf("\n"); at >= 0 && at < offset; at = this.#text.indexOf("\n", at + 1)) line++;
    return line;
  }

  walk(node: Node, name: string): void {
    this.visit(node, name);
    const known = nameOf(nodeAt(node, "id")) || nameOf(nodeAt(node, "key"));
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) this.walk(child, known === "" ? calleeName(node) : known);
    }
  }

  visit(node: Node, name: string): void {
    if (node.type === "Identifier") this.mentions.set(nameOf(node), (this.mentions.get(nameOf(node)) ?? 0) + 1);
    else if (FUNCTIONS.has(node.type)) {
      const first = this.line(node.start);
      this.functions.push({ name: nameOf(nodeAt(node, "id")) || name, line: first, lines: this.line(node.end) - first + 1 });
    } else if (node.type.startsWith("Import") || node.type.startsWith("Export")) this.module(node);
    else if (node.type === "Literal" && typeof node["value"] === "string") this.texts.push({ text: node["value"], line: this.line(node.start) });
    else if (node.type === "TemplateElement") this.texts.push({ text: this.#text.slice(node.start, node.end), line: this.line(node.start) });
    else if (node.type === "TSImportType") this.add(node, nameOf(nodeAt(node, "argument") ?? nodeAt(node, "source")), true, ["*"]);
    else this.world(node);
  }

  world(node: Node): void {
    const add = (what: string): void => void this.worldly.push({ what, line: this.line(node.start) });
    if (node.type === "MemberExpression") {
      const [object, member] = [nameOf(nodeAt(node, "object")), nameOf(nodeAt(node, "property"))];
      if (object === "console" || MEMBERS.has(`${object}.${member}`)) add(`${object}.${member}`);
      if (object === "globalThis" && (TIMERS.has(member) || member === "console" || member === "performance")) add(member);
    } else if (node.type === "NewExpression" && nameOf(nodeAt(node, "callee")) === "Date" && nodesAt(node, "arguments").length === 0) add("new Date()");
    else if (node.type === "CallExpression") {
      const callee = nameOf(nodeAt(node, "callee"));
      if (callee === "Date" || (TIMERS.has(callee) && nodeAt(node, "callee")?.type === "Identifier")) add(callee);
    }
  }

  add(node: Node, from: string, typeOnly: boolean, names: readonly string[]): void {
    if (from !== "") this.imports.push({ from, line: this.line(node.start), typeOnly, names });
  }

  module(node: Node): void {
    const from = nameOf(nodeAt(node, "source"));
    const specifiers = nodesAt(node, "specifiers");
    if (node.type === "ImportExpression") {
      // An address that is only known at run time was handed in by somebody who may know it.
      if (nodeAt(node, "source")?.type === "Literal") this.add(node, from, false, ["*"]);
    } else if (node.type === "ImportDeclaration") {
      const typeOnly = node["importKind"] === "type" || (specifiers.length > 0 && specifiers.every((it) => it["importKind"] === "type"));
      this.add(node, from, typeOnly, specifiers.map((it) => (it.type === "ImportNamespaceSpecifier" ? "*" : it.type === "ImportDefaultSpecifier" ? "default" : nameOf(nodeAt(it, "imported")))));
    } else if (node.type === "ExportAllDeclaration") this.add(node, from, node["exportKind"] === "type", ["*"]);
    else if (node.type === "ExportDefaultDeclaration") this.defaultExport = this.line(node.start);
    else if (node.type === "ExportNamedDeclaration") this.named(node, from, specifiers);
  }

  named(node: Node, from: string, specifiers: readonly Node[]): void {
    const isType = node["exportKind"] === "type";
    if (from !== "") this.add(node, from, isType, specifiers.map((it) => nameOf(nodeAt(it, "local"))));
    if (isType) return;
    const line = this.line(node.start);
    for (const it of specifiers) if (it["exportKind"] !== "type") this.exports.push({ name: nameOf(nodeAt(it, "exported")), line });
    const declaration = nodeAt(node, "declaration");
    if (declaration === null) return;
    const names = declaration.type === "VariableDeclaration" ? nodesAt(declaration, "declarations").map((it) => nameOf(nodeAt(it, "id"))) : [nameOf(nodeAt(declaration, "id"))];
    for (const name of names) if (name !== "") this.exports.push({ name, line });
  }
}

/** The name of what is called with a function, so that `describe(...)` can be told from `test(...)`. */
function calleeName(node: Node): string {
  if (node.type !== "CallExpression") return "";
  const callee = nodeAt(node, "callee");
  return nameOf(callee) || nameOf(nodeAt(callee, "object"));
}

/** Parses one file (`.ts`, `.tsx`, `.js`); throws when it is no TypeScript at all. */
export function readSource(path: string, text: string): Source {
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]?.message}`);
  const reader = new Reader(text);
  const program: unknown = parsed.program;
  if (isNode(program)) reader.walk(program, "");
  const { imports, functions, exports, defaultExport, worldly, texts, mentions } = reader;
  return { path, lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0), imports, functions, exports, defaultExport, worldly, texts, mentions };
}
