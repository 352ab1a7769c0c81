import { targetKeys } from "../config/target.ts";
import { filesNamed } from "./blackbox-around.ts";
import { besides, durationMs, type Layout, layoutOf } from "./blackbox-files.ts";
import { type Module, modulesOf } from "./blackbox-modules.ts";
import { type Rule, rulesOf } from "./blackbox-rules.ts";
import { filesOfJobs, type Target, targetsOf } from "./blackbox-targets.ts";
import { Draft } from "./draft.ts";
import type { Glimpse, Importer, Source } from "./importer.ts";
import { durationText, isMapping, mappingOf, textOf, type Mapping } from "./values.ts";

/** How much sooner than Prometheus the exporter stops waiting. */
const OFFSET_MS = 500;
const MOST_RUNS = 1000;
const SHORTEST_MS = 100;
/** Alerts that say down and not degraded. */
const SEVERE = /crit|page|emerg|disaster|high|error|fatal/i;

function timeoutOf(module: Module, { timeoutMs }: Target): number {
  const most = timeoutMs - OFFSET_MS;
  const chosen = module.timeoutMs !== null && (module.timeoutMs < most || most < 0) ? module.timeoutMs : most;
  return Math.max(SHORTEST_MS, chosen);
}

/** A name to ask for in place of the target's: the parameter `hostname`, or the field Host. Null when the two say different things. */
function named({ hostname }: Target, { type, keys }: Module, url: unknown): Mapping | null {
  const tls = mappingOf(keys["tls"]);
  const secured = (name: string): Mapping => ({ tls: { servername: name, ...tls } });
  if (type === "tcp") return hostname !== "" && keys["tls"] !== undefined ? secured(hostname) : {};
  if (type !== "http") return {};
  const headers = mappingOf(keys["headers"]);
  const [field, own] = Object.entries(headers).find(([name]) => name.toLowerCase() === "host") ?? ["Host", ""];
  if (own !== "" && hostname !== "" && own !== hostname) return null;
  const name = textOf(own) || hostname;
  if (name === "" || name === new URL(textOf(url)).hostname) return {};
  return { headers: { ...headers, [field]: name }, ...(/^https:/i.test(textOf(url)) ? secured(name) : {}) };
}

/** Whether a check sees a certificate. */
const seesCertificate = ({ type, keys }: Module, target: string): boolean => (type === "http" || type === "websocket" ? /^(https|wss):/i.test(target) : type === "dns" ? keys["transport"] === "tls" : keys["tls"] !== undefined);

class Builder {
  readonly #draft: Draft;
  readonly #modules: ReadonlyMap<string, Module | null> | null;
  readonly #rules: readonly Rule[];
  readonly #used = new Map<Rule, number>();
  readonly #unknown = new Set<string>();

  constructor(modules: ReadonlyMap<string, Module | null> | null, rules: readonly Rule[], draft: Draft) {
    this.#draft = draft;
    this.#modules = modules;
    this.#rules = rules;
  }

  add(target: Target): void {
    const { job, module: name, labels, origin } = target;
    if (this.#modules === null) return;
    const module = this.#modules.get(name);
    if (module === undefined || module === null) {
      const key = `${job} ${name}`;
      if (!this.#unknown.has(key)) this.#draft.note("left", origin, `job ${job}`, module === null ? `its module \`${name}\` is not taken, so its targets are not` : `blackbox_exporter has no module \`${name}\``, module === null ? "" : "correct the name, or add the module");
      this.#unknown.add(key);
      return;
    }
    const at = targetKeys(module.type, target.target);
    if (at.kind === "wrong") {
      this.#draft.note("left", origin, `job ${job}`, at.wrong, at.right);
      return;
    }
    const names = named(target, module, at.keys["url"]);
    if (names === null) {
      this.#draft.note("left", origin, `job ${job}`, "its parameter `hostname` and the field `Host` of its module differ", "remove one of the two");
      return;
    }
    const timeout = durationText(timeoutOf(module, target));
    const tags = Object.entries(labels).flatMap(([label, value]) => (label === "job" || label === "instance" ? [] : [`${label}=${value}`.slice(0, 100)]));
    const { expect: own, ...keys } = { ...at.keys, ...module.keys, ...names };
    const expect = { ...mappingOf(own) };
    const judged = this.#judged(target, module, expect);
    const all = { type: module.type, ...keys, wait: module.type === "icmp" ? timeout : undefined, expect: Object.keys(expect).length === 0 ? undefined : expect, ...judged, every: durationText(target.everyMs), timeout, tags: tags.length === 0 ? undefined : tags };
    const checkName = this.#draft.add("checks", `${job} ${labels["instance"] ?? target.target}`, all, origin);
    this.#draft.note("taken", origin, checkName, `module \`${name}\`, the probe \`${module.type}\` asks`, "", ["checks", checkName]);
  }

  /** What alert rules say: how many failing runs, and conditions beyond the module's. */
  #judged(target: Target, module: Module, expect: { [fact: string]: unknown }): Mapping {
    const warn: { [fact: string]: string } = {};
    let failAfter: number | undefined;
    for (const rule of this.#rules) {
      if (!rule.matches(target.labels) || (rule.meant.kind === "certificate" && !seesCertificate(module, target.target))) continue;
      this.#used.set(rule, (this.#used.get(rule) ?? 0) + 1);
      const { meant, forMs, severity } = rule;
      const runs = Math.min(Math.ceil(forMs / target.everyMs) + 1, MOST_RUNS);
      if (meant.kind === "success") failAfter = Math.min(failAfter ?? MOST_RUNS, runs);
      else {
        const [fact, wanted] = meant.kind === "certificate" ? ["certificate.days", `>= ${Math.round(meant.seconds / 86_400)}`] : ["latency", `<= ${Math.round(meant.seconds * 1000)}ms`];
        if (SEVERE.test(severity)) expect[fact] = wanted;
        else warn[fact] = wanted;
      }
    }
    return { failAfter: failAfter === 1 ? undefined : failAfter, warn: Object.keys(warn).length === 0 ? undefined : warn };
  }

  tellRules(): void {
    for (const rule of this.#rules) {
      const { name, origin, meant, forMs, severity } = rule;
      const count = this.#used.get(rule) ?? 0;
      if (count === 0) {
        this.#draft.note("ignored", origin, `alert ${name}`, "no check has these labels");
        continue;
      }
      const checks = count === 1 ? "one check" : `${count} checks`;
      if (meant.kind === "success") this.#draft.note("differs", origin, `alert ${name}`, `${checks}: down after ${forMs === 0 ? "the first failing run" : `failing for ${durationText(forMs)}, counted in runs`}; told in Tocsin's words`);
      else this.#draft.note("differs", origin, `alert ${name}`, `${checks}: a condition under \`${SEVERE.test(severity) ? "expect" : "warn"}\`, by the severity \`${severity}\`${forMs === 0 ? "" : "; `for` counts for down only"}`);
    }
  }
}

function read(source: Source): ReturnType<Importer["read"]> {
  const nowhere = { file: source.path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const layout = layoutOf(source, draft);
  draft.put(["defaults"], { failAfter: 1, notify: [] }, nowhere);
  const modules = modulesOf(source, layout, draft);
  putModules(modules, layout, draft);
  const builder = new Builder(modules, rulesOf(source, layout, draft), draft);
  for (const target of targetsOf(source, layout, draft)) builder.add(target);
  builder.tellRules();
  tellPrometheus(layout, draft);
  if (layout.modules === null) draft.note("refused", nowhere, "", "there is no blackbox.yml beside it", "put the configuration of blackbox_exporter there");
  if (layout.prometheus === null) draft.note("left", nowhere, "", "there is no prometheus.yml beside it, which names the targets", "put it there, or write `checks` with targets");
  return draft.done();
}

/** The modules for `GET /probe`, so that Prometheus can go on asking. */
function putModules(modules: ReadonlyMap<string, Module | null> | null, layout: Layout, draft: Draft): void {
  const taken = [...(modules ?? [])].flatMap(([name, module]) => (module === null ? [] : [[name, module] as const]));
  if (taken.length === 0) return;
  draft.put(["probe"], {}, layout.modules?.at(["modules"]));
  for (const [name, { keys, timeoutMs, origin }] of taken) draft.put(["probe", "modules", name], { ...keys, ...(timeoutMs === null ? {} : { timeout: durationText(timeoutMs) }) }, origin);
}

/** Who is told, and what else Prometheus does. */
function tellPrometheus({ prometheus }: Layout, draft: Draft): void {
  if (prometheus === null || !isMapping(prometheus.value)) return;
  const rest = Object.keys(prometheus.value).filter((key) => !["global", "scrape_configs", "scrape_config_files", "rule_files", "alerting"].includes(key));
  if (rest.length > 0) draft.note("left", prometheus.at([rest[0] ?? ""]), "", `what Prometheus does with figures: ${rest.join(", ")}`);
  if (prometheus.value["alerting"] !== undefined) draft.note("left", prometheus.at(["alerting"]), "alerting", "nobody is told by Alertmanager", "write `channels`, and name them in `defaults: {notify: [...]}`");
  const evaluated = mappingOf(prometheus.value["global"])["evaluation_interval"];
  if (evaluated !== undefined && durationMs(evaluated) === null) draft.note("refused", prometheus.at(["global", "evaluation_interval"]), "global evaluation_interval", "this is no duration", "write 15s or 1m");
}

/** Both files, then what they name. */
function related(source: Source): readonly string[] {
  const layout = layoutOf(source, null);
  return [...besides(source), ...(layout.modules === null ? [] : filesNamed(layout.modules)), ...filesOfJobs(source, layout)];
}

function recognises({ names, text, tables }: Glimpse): boolean {
  if (tables !== null) return false;
  if (names !== null) return names.some((name) => /^(blackbox|prometheus)\.ya?ml$/.test(name));
  return /^scrape_configs:/m.test(text) || (/^modules:/m.test(text) && /^\s+prober:/m.test(text)) || /^\s*\{?\s*"?modules"?\s*:[^]*\bprober"?\s*:/.test(text);
}

/** blackbox_exporter's modules, asked of what prometheus.yml names. */
export const blackbox: Importer = { format: "blackbox", about: "blackbox_exporter: blackbox.yml with the prometheus.yml beside it", recognises, related, read };
