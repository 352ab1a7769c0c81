import { type Layout, type YamlFile, durationMs, matching, textsOf, yamlFile } from "./blackbox-files.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Path, Source } from "./importer.ts";
import { ACTIONS, anchored, type Labels, relabel, type Relabelling } from "./relabel.ts";
import { isMapping, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

/** One question that Prometheus has blackbox_exporter ask. */
export interface Target {
  readonly job: string;
  readonly module: string;
  /** As the exporter gets it. */
  readonly target: string;
  /** Name to ask for in place of the target's, when one is given. */
  readonly hostname: string;
  /** Of the series, without those that begin with `__`. */
  readonly labels: Labels;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly origin: Origin;
}

/** Prometheus's own. */
const DEFAULTS = { everyMs: 60_000, timeoutMs: 10_000 };
const DEFAULT_MODULE = "http_2xx";
/** What of a job this reads; the rest says how Prometheus asks the exporter. */
const READ = new Set(["job_name", "scrape_interval", "scrape_timeout", "metrics_path", "params", "static_configs", "file_sd_configs", "relabel_configs"]);
const RULES_OF_SERIES: ReadonlySet<string> = new Set(["metric_relabel_configs", "sample_limit", "label_limit", "honor_labels", "honor_timestamps", "body_size_limit", "label_name_length_limit", "label_value_length_limit", "target_limit", "keep_dropped_targets"]);

/** All that is asked of blackbox_exporter; what else Prometheus does is noted. */
export function targetsOf(source: Source, layout: Layout, draft: Draft): readonly Target[] {
  if (layout.prometheus === null || !isMapping(layout.prometheus.value)) return [];
  const global = mappingOf(layout.prometheus.value["global"]);
  const files = [layout.prometheus, ...jobFiles(source, layout.prometheus, draft)];
  const found: Target[] = [];
  const others: string[] = [];
  const names = new Set<string>();
  for (const file of files) {
    const jobs = isMapping(file.value) ? file.value["scrape_configs"] : undefined;
    for (const [index, job] of listOf(jobs).entries()) {
      const place = new Job(source, file, ["scrape_configs", index], mappingOf(job), global, draft);
      if (names.has(place.name)) place.refuse("job_name", "another job is called so", "give it a name of its own");
      names.add(place.name);
      const targets = place.targets();
      if (targets === null) others.push(place.name);
      else found.push(...targets);
    }
  }
  if (others.length > 0) draft.note("left", layout.prometheus.at(["scrape_configs"]), "scrape_configs", `jobs that collect figures of programs: ${others.join(", ")}`);
  return found;
}

function jobFiles(source: Source, prometheus: YamlFile, draft: Draft | null): readonly YamlFile[] {
  const patterns = isMapping(prometheus.value) ? textsOf(prometheus.value["scrape_config_files"]) : [];
  return patterns.flatMap((pattern) => matching(source, prometheus, pattern).files).flatMap((path) => yamlFile(source, path, draft) ?? []);
}

/** Files and folders that prometheus.yml names, directly or in what it names. */
export function filesOfJobs(source: Source, { prometheus }: Layout): readonly string[] {
  if (prometheus === null || !isMapping(prometheus.value)) return [];
  const wanted: string[] = [];
  const want = (file: YamlFile, pattern: string): void => {
    const { folder, files } = matching(source, file, pattern);
    wanted.push(...(folder === null ? [] : [folder]), ...files);
  };
  for (const key of ["scrape_config_files", "rule_files"]) for (const pattern of textsOf(prometheus.value[key])) want(prometheus, pattern);
  for (const file of [prometheus, ...jobFiles(source, prometheus, null)]) {
    for (const job of listOf(mappingOf(file.value)["scrape_configs"])) {
      if (!asksProbe(mappingOf(job))) continue;
      for (const found of listOf(mappingOf(job)["file_sd_configs"])) for (const pattern of textsOf(mappingOf(found)["files"])) want(file, pattern);
    }
  }
  return wanted;
}

/** Whether a job may ask blackbox_exporter. */
const asksProbe = (job: Mapping): boolean => textOf(job["metrics_path"]).endsWith("/probe") || listOf(job["relabel_configs"]).some((step) => /^__(param_target|metrics_path__)$/.test(textOf(mappingOf(step)["target_label"])));

class Job {
  readonly #source: Source;
  readonly #file: YamlFile;
  readonly #path: Path;
  readonly #job: Mapping;
  readonly #global: Mapping;
  readonly #draft: Draft;
  readonly name: string;

  constructor(source: Source, file: YamlFile, path: Path, job: Mapping, global: Mapping, draft: Draft) {
    this.#source = source;
    this.#file = file;
    this.#path = path;
    this.#job = job;
    this.#global = global;
    this.#draft = draft;
    this.name = textOf(job["job_name"]);
  }

  refuse(key: string, text: string, advice: string): void {
    this.#draft.note("refused", this.#at(key), `job ${this.name} ${key}`, text, advice);
  }

  /** Null for a job that has nothing to do with blackbox_exporter. */
  targets(): readonly Target[] | null {
    if (!asksProbe(this.#job)) return null;
    if (this.name === "") this.refuse("job_name", "it is missing", "name the job");
    this.#tellRest();
    const every = this.#duration("scrape_interval", DEFAULTS.everyMs);
    // Prometheus waits no longer than until the next time.
    const timeout = Math.min(this.#duration("scrape_timeout", DEFAULTS.timeoutMs), every);
    const steps = this.#steps();
    const seen = new Set<string>();
    return this.#discovered().flatMap(({ labels, origin }) => {
      const params = Object.entries(mappingOf(this.#job["params"])).map(([name, values]): [string, string] => [`__param_${name}`, textsOf(values)[0] ?? ""]);
      const start = { __scheme__: textOf(this.#job["scheme"]) || "http", __metrics_path__: textOf(this.#job["metrics_path"]) || "/metrics", __scrape_interval__: `${every}ms`, __scrape_timeout__: `${timeout}ms`, job: this.name, ...Object.fromEntries(params), ...labels };
      const came = relabel(start, steps);
      if (came.kind === "dropped" || seen.has(JSON.stringify(came.labels))) return [];
      seen.add(JSON.stringify(came.labels));
      return this.#target(came.labels, labels["__address__"] ?? "", origin, every, timeout);
    });
  }

  #target(labels: Labels, address: string, origin: Origin, every: number, timeout: number): readonly Target[] {
    const target = labels["__param_target"] ?? "";
    if (target === "" || labels["__metrics_path__"]?.endsWith("/probe") !== true) {
      this.#draft.note("left", origin, `job ${this.name}`, target === "" ? `${address === "" ? "an empty text" : address} is no target: after relabelling, \`__param_target\` is empty` : `${address} is asked for ${labels["__metrics_path__"] ?? ""}`, "copy `__address__` to `__param_target` first");
      return [];
    }
    const shown = Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith("__")));
    // Without a step that sets it, all would be called like the exporter.
    const instance = shown["instance"] ?? (labels["__address__"] === address ? address : target);
    return [
      {
        job: shown["job"] ?? this.name,
        module: labels["__param_module"] ?? DEFAULT_MODULE,
        target,
        hostname: labels["__param_hostname"] ?? "",
        labels: { ...shown, job: shown["job"] ?? this.name, instance },
        everyMs: durationMs(labels["__scrape_interval__"]) ?? every,
        timeoutMs: durationMs(labels["__scrape_timeout__"]) ?? timeout,
        origin,
      },
    ];
  }

  #at(...keys: Path): Origin {
    return this.#file.at([...this.#path, ...keys]);
  }

  #duration(key: string, usual: number): number {
    const value = this.#job[key] ?? this.#global[key];
    if (value === undefined) return usual;
    const ms = durationMs(value);
    if (ms === null || ms <= 0) this.refuse(key, `\`${textOf(value)}\` is no duration`, "write 15s, 1m or 1h30m");
    return ms === null || ms <= 0 ? usual : ms;
  }

  #tellRest(): void {
    const rest = Object.keys(this.#job).filter((key) => !READ.has(key));
    for (const key of rest.filter((name) => name.endsWith("_sd_configs"))) this.#draft.note("left", this.#at(key), `job ${this.name} ${key}`, "targets are not discovered", "name them in `static_configs`, or in a file of `file_sd_configs`");
    const series = rest.filter((key) => RULES_OF_SERIES.has(key));
    const asking = rest.filter((key) => !key.endsWith("_sd_configs") && !RULES_OF_SERIES.has(key));
    if (series.length > 0) this.#draft.note("left", this.#at(series[0] ?? ""), `job ${this.name}`, `rules for series: ${series.join(", ")}`);
    if (asking.length > 0) this.#draft.note("left", this.#at(asking[0] ?? ""), `job ${this.name}`, `how Prometheus asks blackbox_exporter: ${asking.join(", ")}`);
    for (const [name, values] of Object.entries(mappingOf(this.#job["params"]))) {
      if (textsOf(values).length > 1) this.#draft.note("differs", this.#at("params", name), `job ${this.name} params.${name}`, "only the first one counts, as for blackbox_exporter", "write a job for each");
    }
  }

  #steps(): readonly Relabelling[] {
    return listOf(this.#job["relabel_configs"]).flatMap((written, index): readonly Relabelling[] => {
      const step = mappingOf(written);
      const at = this.#at("relabel_configs", index);
      const what = `job ${this.name} relabel_configs`;
      const action = (textOf(step["action"]) || "replace").toLowerCase();
      if (!ACTIONS.some((known) => known === action)) {
        if (action === "hashmod") this.#draft.note("differs", at, what, "targets are not shared out among several servers: all are taken");
        else this.#draft.note("refused", at, what, `\`${action}\` is no action`, `write one of ${ACTIONS.join(", ")}`);
        return [];
      }
      const regex = step["regex"] === undefined ? "(.*)" : textOf(step["regex"]);
      const pattern = anchored(regex);
      if (pattern === null) {
        this.#draft.note("left", at, what, `the pattern \`${regex}\` cannot be read here: this step is passed over`, "write it without what only RE2 has");
        return [];
      }
      const replacement = step["replacement"] === undefined ? "$1" : textOf(step["replacement"]);
      return [{ action, source: textsOf(step["source_labels"]), separator: step["separator"] === undefined ? ";" : textOf(step["separator"]), pattern, target: textOf(step["target_label"]), replacement }];
    });
  }

  #discovered(): readonly { readonly labels: Labels; readonly origin: Origin }[] {
    const fixed = groupsIn(this.#file, listOf(this.#job["static_configs"]), [...this.#path, "static_configs"], {});
    const listed = listOf(this.#job["file_sd_configs"]).flatMap((written, index) =>
      textsOf(mappingOf(written)["files"]).flatMap((pattern) => {
        const { files } = matching(this.#source, this.#file, pattern);
        const read = files.flatMap((path) => yamlFile(this.#source, path, this.#draft) ?? []);
        if (read.length === 0) this.#draft.note("left", this.#at("file_sd_configs", index), `job ${this.name} file_sd_configs`, `${pattern}: ${this.#source.missing.get(files[0] ?? "") ?? "there is no such file"}`, "let Tocsin read it, or correct the path");
        return read.flatMap((file) => groupsIn(file, Array.isArray(file.value) ? file.value : [], [], { __meta_filepath: this.#source.absolute(file.path) }));
      }),
    );
    return [...fixed, ...listed];
  }
}

function groupsIn(file: YamlFile, groups: readonly unknown[], path: Path, more: Labels): readonly { readonly labels: Labels; readonly origin: Origin }[] {
  return groups.flatMap((group, index) => {
    const labels = Object.fromEntries(Object.entries(mappingOf(mappingOf(group)["labels"])).map(([name, value]): [string, string] => [name, textOf(value)]));
    return listOf(mappingOf(group)["targets"]).map((target, at) => ({ labels: { ...more, ...labels, __address__: textOf(target) }, origin: file.at([...path, index, "targets", at]) }));
  });
}
