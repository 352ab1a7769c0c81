import type { Draft } from "./draft.ts";
import { directiveOf, WITHOUT_COUNTERPART } from "./nagios-directives.ts";
import type { Definition, Value } from "./nagios-objects.ts";
import type { Origin } from "./importer.ts";

/** An object with what its templates give it. */
export interface NagiosObject {
  readonly type: string;
  readonly origin: Origin;
  /** Directives under their one name; without those that are `null`. */
  readonly values: ReadonlyMap<string, Value>;
  readonly lines: readonly Value[];
}

/** Directives that name the object itself and are not handed on. */
const OWN: ReadonlySet<string> = new Set(["name", "use", "register"]);
const DEEPEST = 100;

type Values = ReadonlyMap<string, Value>;

/** Names in a list: `a, b`. */
export const listOf = (text: string): readonly string[] => text.split(",").map((name) => name.trim()).filter((name) => name !== "");

/** Fills in what templates say, tells what is wrong, and leaves out what is a template only. */
export class Templates {
  readonly #draft: Draft;
  readonly #templates = new Map<string, Definition>();
  readonly #own = new Map<Definition, Values>();
  readonly #whole = new Map<Definition, Values>();

  constructor(definitions: readonly Definition[], draft: Draft) {
    this.#draft = draft;
    for (const definition of definitions) {
      this.#own.set(definition, this.#ownOf(definition));
      const name = definition.values.get("name");
      if (name === undefined) continue;
      const key = `${definition.type} ${name.text}`;
      if (this.#templates.has(key)) draft.note("ignored", name.origin, name.text, `there is a template of that name for ${definition.type} already`, "rename one of the two");
      else this.#templates.set(key, definition);
    }
  }

  /** Every object that is registered. */
  objects(): readonly NagiosObject[] {
    return [...this.#own.keys()].flatMap((definition) => {
      if (definition.values.get("register")?.text === "0") return [];
      const values = new Map<string, Value>();
      for (const [key, value] of this.#resolve(definition, [])) if (!OWN.has(key) && value.text !== "null") values.set(key, value.text.startsWith("+") ? { ...value, text: value.text.slice(1) } : value);
      return [{ type: definition.type, origin: definition.origin, values, lines: definition.lines }];
    });
  }

  /** What the definition itself says, each directive under its one name. */
  #ownOf({ type, origin, values }: Definition): Values {
    const own = new Map<string, Value>();
    if (type.endsWith("extinfo")) return own;
    const left: string[] = [];
    for (const [name, value] of values) {
      const directive = type === "timeperiod" ? name : directiveOf(type, name);
      if (directive === undefined) this.#draft.note("refused", value.origin, `${type} ${name}`, "there is no such directive", "remove or correct it");
      else own.set(directive, value);
      if (directive !== undefined && WITHOUT_COUNTERPART.has(directive) && !/^(null|0|n|)$/.test(value.text)) left.push(name);
    }
    if (left.length > 0) this.#draft.note("left", origin, `${type} ${values.get("name")?.text ?? titleOf(own)}`, `there is no counterpart of ${left.join(", ")}`, left.includes("event_handler") ? "a channel of type `script` runs a program when something is told" : "");
    return own;
  }

  #resolve(definition: Definition, path: readonly Definition[]): Values {
    const known = this.#whole.get(definition);
    if (known !== undefined) return known;
    const own = this.#own.get(definition) ?? new Map<string, Value>();
    const use = own.get("use");
    if (use === undefined || definition.type.endsWith("extinfo")) return own;
    const values = new Map(own);
    for (const name of listOf(use.text)) {
      const template = this.#templates.get(`${definition.type} ${name}`);
      if (template === undefined) this.#draft.note("refused", use.origin, `${definition.type} use`, `there is no template \`${name}\``, `define a ${definition.type} with \`name ${name}\``);
      else if (template === definition || path.includes(template) || path.length > DEEPEST) this.#draft.note("refused", use.origin, `${definition.type} use`, `\`${name}\` uses itself, by way of others or at once`, "remove one `use` of the circle");
      else inherit(values, this.#resolve(template, [...path, definition]));
    }
    this.#whole.set(definition, values);
    return values;
  }
}

/** What is missing comes from the template; what begins with `+` is added to it. */
function inherit(values: Map<string, Value>, template: Values): void {
  for (const [key, value] of template) {
    if (OWN.has(key)) continue;
    const own = values.get(key);
    if (own === undefined) values.set(key, value);
    else if (own.text.startsWith("+") && value.text !== "null") {
      const more = value.text.startsWith("+");
      values.set(key, { ...own, text: `${more ? "+" : ""}${more ? value.text.slice(1) : value.text},${own.text.slice(1)}` });
    }
  }
}

const TITLES = ["service_description", "host_name", "hostgroup_name", "servicegroup_name", "contact_name", "contactgroup_name", "command_name", "timeperiod_name"];

/** What an object is called, for the report. */
export const titleOf = (values: Values): string => TITLES.flatMap((key) => values.get(key)?.text ?? []).slice(0, 2).toReversed().join(" ");
