import { type Layout, type YamlFile, durationMs, matching, textsOf, yamlFile } from "./blackbox-files.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Source } from "./importer.ts";
import { anchored, type Labels } from "./relabel.ts";
import { isMapping, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

/** What an alert rule says of a check: it is down after so long, or a condition. */
export type Meant =
  | { readonly kind: "success" }
  /** Fewer seconds left than that. */
  | { readonly kind: "certificate"; readonly seconds: number }
  /** It took longer than that, in seconds. */
  | { readonly kind: "duration"; readonly seconds: number };

/** An alert rule on what blackbox_exporter tells. */
export interface Rule {
  readonly name: string;
  readonly origin: Origin;
  readonly meant: Meant;
  readonly forMs: number;
  readonly severity: string;
  matches(labels: Labels): boolean;
}

/** Rules on probes; all others are noted. */
export function rulesOf(source: Source, { prometheus }: Layout, draft: Draft): readonly Rule[] {
  if (prometheus === null || !isMapping(prometheus.value)) return [];
  return textsOf(prometheus.value["rule_files"]).flatMap((pattern) => {
    const { files } = matching(source, prometheus, pattern);
    const read = files.flatMap((path) => yamlFile(source, path, draft) ?? []);
    if (read.length === 0) draft.note("left", prometheus.at(["rule_files"]), "rule_files", `${pattern}: ${source.missing.get(files[0] ?? "") ?? "there is no such file"}`, "let Tocsin read it, or correct the path");
    return read.flatMap((file) => rulesIn(file, draft));
  });
}

function rulesIn(file: YamlFile, draft: Draft): readonly Rule[] {
  const found: Rule[] = [];
  const others: string[] = [];
  for (const [group, written] of listOf(mappingOf(file.value)["groups"]).entries()) {
    for (const [index, rule] of listOf(mappingOf(written)["rules"]).entries()) {
      const one = mappingOf(rule);
      const name = textOf(one["alert"]);
      const origin = file.at(["groups", group, "rules", index]);
      if (name === "") others.push(textOf(one["record"]));
      else if (!/\bprobe_\w+/.test(textOf(one["expr"]))) others.push(name);
      else found.push(...ruleOf(name, one, origin, draft));
    }
  }
  if (others.length > 0) draft.note("left", { file: file.path, line: 0, column: 0 }, "groups", `rules on other figures: ${others.join(", ")}`);
  return found;
}

function ruleOf(name: string, rule: Mapping, origin: Origin, draft: Draft): readonly Rule[] {
  const expression = textOf(rule["expr"]);
  const read = meaningOf(expression);
  if (read === null) {
    draft.note("left", origin, `alert ${name}`, `the expression \`${expression}\` cannot be said of one check`, "write a condition: `expect` for down, `warn` for degraded");
    return [];
  }
  const forMs = rule["for"] === undefined ? 0 : durationMs(rule["for"]);
  if (forMs === null) {
    draft.note("refused", origin, `alert ${name}`, `\`${textOf(rule["for"])}\` is no duration`, "write 5m");
    return [];
  }
  if (rule["keep_firing_for"] !== undefined) draft.note("left", origin, `alert ${name}`, "`keep_firing_for` is not taken", "`recoverAfter` says how many good runs end an outage");
  return [{ name, origin, meant: read.meant, forMs, severity: textOf(mappingOf(rule["labels"])["severity"]), matches: read.matches }];
}

const NUMBER = String.raw`\d+(?:\.\d+)?(?:\*\d+(?:\.\d+)?)*`;
const METRIC = String.raw`(probe_\w+)(?:\{([^{}]*)\})?`;
const SHAPES: readonly (readonly [pattern: RegExp, means: (metric: string, match: RegExpExecArray) => Meant | null])[] = [
  [RegExp(`^${METRIC}(==|<|!=|<=)(\\d+(?:\\.\\d+)?)$`), (metric, [, , , operator = "", number = ""]) => (metric === "probe_success" && `${operator}${Number(number)}` in { "==0": 1, "<1": 1, "!=1": 1, "<=0": 1 } ? { kind: "success" } : null)],
  [RegExp(`^(?:-?[\\d.]+<=?)?${METRIC}-time((?:/[\\d.]+)*)<=?(${NUMBER})$`), (metric, [, , , by = "", number = ""]) => certificate(metric, by, number)],
  [RegExp(`^${METRIC}<=?time\\+(${NUMBER})$`), (metric, [, , , number = ""]) => certificate(metric, "", number)],
  [RegExp(`^${METRIC}>=?(${NUMBER})$`), (metric, [, , , number = ""]) => (metric === "probe_duration_seconds" ? { kind: "duration", seconds: product(number) } : null)],
];

const product = (text: string): number => text.split("*").reduce((sum, part) => sum * Number(part), 1);
const certificate = (metric: string, by: string, number: string): Meant | null =>
  /^probe_ssl_(earliest_cert_expiry|last_chain_expiry_timestamp_seconds)$/.test(metric) ? { kind: "certificate", seconds: by.split("/").reduce((sum, part) => (part === "" ? sum : sum * Number(part)), product(number)) } : null;

/** Blanks outside of quotes, and what only smooths: `avg_over_time(X[5m])`, `round(X, 0.1)`, brackets, the `()` of `time()`. */
function bare(expression: string): string {
  let text = expression.replaceAll(/("(?:[^"\\]|\\.)*"|'[^']*')|\s+/g, (_, quoted: string | undefined) => quoted ?? "").replaceAll("time()", "time");
  for (let pass = 0; pass < 8; pass += 1) {
    const next = text
      .replaceAll(/(?:avg|min|max|last)_over_time\((probe_\w+(?:\{[^{}]*\})?)\[\w+\]\)/g, "$1")
      .replaceAll(/(?:round|floor|ceil)\(([^()]*?)(?:,[\d.]+)?\)/g, "$1")
      .replaceAll(/\b(?:sum|min|max|avg)by\([^()]*\)\(([^()]*)\)/g, "$1")
      .replaceAll(/(^|[-+*/<>=(])\(([^()]*)\)/g, "$1$2");
    if (next === text) break;
    text = next;
  }
  return text.replaceAll(/(\d+(?:\.\d+)?)([smhdwy])\b/g, (whole) => String((durationMs(whole) ?? 0) / 1000));
}

function meaningOf(expression: string): { readonly meant: Meant; readonly matches: (labels: Labels) => boolean } | null {
  const text = bare(expression.slice(0, 2000));
  for (const [pattern, means] of SHAPES) {
    const match = pattern.exec(text);
    const meant = match === null ? null : means(match[1] ?? "", match);
    const matches = match === null ? null : matcherOf(match[2] ?? "");
    if (meant !== null && matches !== null) return { meant, matches };
  }
  return null;
}

/** `job="a",instance=~"b.*"` as a test of labels; null when it cannot be read. */
function matcherOf(text: string): ((labels: Labels) => boolean) | null {
  const tests: ((labels: Labels) => boolean)[] = [];
  let rest = text.replace(/,$/, "");
  while (rest !== "") {
    const [whole = "", name = "", operator = "", double, single] = /^,?([A-Za-z_]\w*)(=~|!~|!=|=)(?:"((?:[^"\\]|\\.)*)"|'([^']*)')/.exec(rest) ?? [];
    if (whole === "") return null;
    rest = rest.slice(whole.length);
    const value = (double ?? single ?? "").replaceAll(/\\(.)/g, "$1");
    const raw = (double ?? single ?? "").replaceAll("\\\\", "\\");
    const pattern = operator.endsWith("~") ? anchored(raw) : null;
    if (operator.endsWith("~") && pattern === null) return null;
    tests.push((labels) => (pattern === null ? (labels[name] ?? "") === value : pattern.test(labels[name] ?? "")) !== operator.startsWith("!"));
  }
  return (labels) => tests.every((met) => met(labels));
}
