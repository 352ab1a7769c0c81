import { createHash, timingSafeEqual } from "node:crypto";
import type { Probed, ProbeRequest } from "../api/handle.ts";
import { targetKeys } from "../config/target.ts";
import type { ProbeModule, Site } from "../config/site.ts";
import { firstUnmet, matcherOf, wantedFacts } from "../core/expect.ts";
import type { Facts, FailureCode } from "../core/types.ts";
import { probes } from "../probes/index.ts";
import type { AnyProbe, Outcome } from "../probes/probe.ts";
import type { Ports } from "../sys/ports.ts";
import { Fence } from "./prober-fence.ts";
import { figuresOf, type Seen } from "./prober-figures.ts";

/** As long as blackbox_exporter waits when nobody says how long, and how much sooner than the asker it gives up. */
const TIMEOUT_MS = 120_000;
const OFFSET_MS = 500;
const SHORTEST_MS = 1;
/** Requests at the same time; more are told to come again. */
const AT_ONCE = 200;
const DEFAULT_MODULE = "http_2xx";
/** What its figures are made of, beside what the conditions want. */
const WANTED: { readonly [type: string]: readonly string[] } = { http: ["header", "body"], dns: ["records"] };

type Options = { readonly [key: string]: unknown };
const mappingOf = (value: unknown): Options => (typeof value === "object" && value !== null ? (value as Options) : {});
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
const failed = (code: FailureCode, sentence: string): Outcome => ({ verdict: "down", code, sentence, phases: {}, facts: {}, evidence: [] });

/** Answers `GET /probe`: asks what a configured module says of a target that comes with the request, and remembers nothing. */
export class Prober {
  readonly #ports: Ports;
  readonly #site: () => Site;
  readonly #mask: (text: string) => string;
  #running = 0;

  constructor(ports: Ports, site: () => Site, mask: (text: string) => string) {
    this.#ports = ports;
    this.#site = site;
    this.#mask = mask;
  }

  async ask(request: ProbeRequest): Promise<Probed> {
    const { probe: access } = this.#site();
    if (access === undefined) return { kind: "off", reason: "`GET /probe` is off", advice: "name `modules` below `probe:`, and `networks` or a `token`" };
    if (access.token === null && access.networks.length === 0) return { kind: "off", reason: "`GET /probe` answers nobody yet", advice: "write `token` or `networks` below `probe:`" };
    if (access.token !== null && !timingSafeEqual(digest(access.token), digest(request.token ?? ""))) return { kind: "stranger", reason: "the token is missing or wrong", advice: "send it as `Authorization: Bearer TOKEN`" };
    const name = request.module === "" ? DEFAULT_MODULE : request.module;
    const module = access.modules.find((one) => one.name === name);
    const probe = probes.find(({ type }) => type === module?.type);
    if (module === undefined || probe === undefined) return { kind: "wrong", text: `Unknown module ${JSON.stringify(name.slice(0, 100))}` };
    if (request.target === "") return { kind: "wrong", text: "Target parameter is missing" };
    if (mappingOf(module.options["proxy"])["host"] !== undefined && access.token === null) return { kind: "off", reason: "a module with a proxy leads anywhere", advice: "write a `token` below `probe:`" };
    const own = hostOf(module);
    if (module.type === "http" && own !== "" && request.hostname !== "" && own !== request.hostname) return { kind: "wrong", text: `host header defined both in module configuration (${own}) and with URL-parameter 'hostname' (${request.hostname})` };
    if (this.#running >= AT_ONCE) return { kind: "busy" };
    this.#running += 1;
    try {
      return await this.#run(request, module, probe, access.networks);
    } finally {
      this.#running -= 1;
    }
  }

  async #run(request: ProbeRequest, module: ProbeModule, probe: AnyProbe, networks: readonly string[]): Promise<Probed> {
    const { clock } = this.#ports;
    const most = (request.waitsMs ?? TIMEOUT_MS) - OFFSET_MS;
    const timeoutMs = Math.max(SHORTEST_MS, module.timeoutMs !== null && (module.timeoutMs < most || most < 0) ? module.timeoutMs : most);
    const read = optionsOf(module, probe, request, timeoutMs);
    const fence = new Fence(networks, this.#ports);
    const begun = clock.monotonic();
    const { outcome, late } = read.kind === "wrong" ? { outcome: failed("protocol", read.wrong), late: false } : await this.#once(probe, module, read.options, fence, timeoutMs, request.signal);
    if (fence.refused !== null) return { kind: "off", reason: `${fence.refused} may not be asked`, advice: "name its network in `probe: {networks: [...]}`" };
    const facts: Facts = { ...outcome.material, ...outcome.facts, latency: clock.monotonic() - begun, phase: outcome.phases };
    const unmet = outcome.verdict === "up" || outcome.verdict === "degraded" ? firstUnmet(module.expect, facts, matcherOf(this.#ports.patterns)) : null;
    const success = unmet === null && (outcome.verdict === "up" || outcome.verdict === "degraded");
    const options = read.kind === "wrong" ? {} : read.options;
    const figures = figuresOf({ type: module.type, outcome, success, unmet, durationMs: clock.monotonic() - begun, timeoutMs, lookup: lookupOf(fence, outcome), late, asked: askedOf(module.type, options) });
    return { kind: "probed", text: request.debug ? this.#debug(module, outcome, unmet?.reason ?? outcome.sentence, figures) : figures };
  }

  async #once(probe: AnyProbe, module: ProbeModule, options: Options, fence: Fence, timeoutMs: number, gone: AbortSignal): Promise<{ readonly outcome: Outcome; readonly late: boolean }> {
    const { clock, random, processes, patterns, host, log } = this.#ports;
    const deadline = new AbortController();
    const timer = clock.timer(timeoutMs, () => deadline.abort());
    const wants = new Set([...wantedFacts(module.expect), ...(WANTED[module.type] ?? [])]);
    try {
      const outcome = await probe.run(options, { signal: AbortSignal.any([deadline.signal, gone]), clock, random, network: fence.network, pinger: fence.pinger, processes, patterns, host, log, wants });
      return { outcome, late: deadline.signal.aborted };
    } catch (error) {
      log.error("a probe failed by itself; this is a bug in Tocsin", { type: probe.type, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      return { outcome: failed("bug", `the ${probe.type} probe failed by itself; this is a bug in Tocsin`), late: false };
    } finally {
      timer.cancel();
    }
  }

  /** What blackbox_exporter shows a person, in its three parts. */
  #debug(module: ProbeModule, outcome: Outcome, sentence: string, figures: string): string {
    const { name, type, options, timeoutMs } = module;
    const log = [sentence, ...outcome.evidence.map(({ label, text }) => `${label}: ${text}`)].join("\n");
    return this.#mask(`Logs for the probe:\n${log}\n\n\n\nMetrics that would have been returned:\n${figures}\n\n\nModule configuration:\n${JSON.stringify({ [name]: { type, timeout: timeoutMs === null ? null : `${timeoutMs}ms`, ...options } }, null, 2)}\n`);
  }
}

/** A module's options with the target and the name that come with the request. */
function optionsOf(module: ProbeModule, probe: AnyProbe, { target, hostname }: ProbeRequest, timeoutMs: number): { readonly kind: "read"; readonly options: Options } | { readonly kind: "wrong"; readonly wrong: string } {
  const { type, options } = module;
  const keys = targetKeys(type, target);
  if (keys.kind === "wrong") return keys;
  const wait = type === "icmp" && options["wait"] === undefined ? { wait: `${Math.max(10, Math.ceil(timeoutMs))}ms` } : {};
  const read = probe.options.safeParse({ ...wait, ...options, ...keys.keys, ...named(module, hostname) });
  if (!read.success) return { kind: "wrong", wrong: read.error.issues[0]?.message ?? "the target does not fit" };
  const problem = probe.check?.(read.data) ?? null;
  return problem === null ? { kind: "read", options: mappingOf(read.data) } : { kind: "wrong", wrong: problem.wrong };
}

/** The field Host of a module; empty: none. */
function hostOf({ options }: ProbeModule): string {
  const [, value] = Object.entries(mappingOf(options["headers"])).find(([name]) => name.toLowerCase() === "host") ?? [];
  return typeof value === "string" ? value : "";
}

/** Another name to ask for than the target's: in the field Host, and under TLS. */
function named(module: ProbeModule, hostname: string): Options {
  const { type, options } = module;
  const name = type === "http" ? hostname || hostOf(module) : type === "tcp" && options["tls"] !== undefined ? hostname : "";
  if (name === "") return {};
  const tls = { servername: name, ...mappingOf(options["tls"]) };
  return type === "http" ? { headers: { Host: name, ...mappingOf(options["headers"]) }, tls } : { tls };
}

/** The address that answered, else the first of those that were found. */
function lookupOf({ lookup }: Fence, { facts }: Outcome): Seen["lookup"] {
  if (lookup === null) return null;
  const answered = facts["address"];
  return { ms: lookup.ms, ip: typeof answered === "string" ? answered : (lookup.addresses[0]?.ip ?? null) };
}

function askedOf(type: string, options: Options): Seen["asked"] {
  const talks = Array.isArray(options["dialogue"]) && options["dialogue"].length > 0;
  return { dialogue: type === "websocket" ? options["answer"] !== null : talks, soa: options["record"] === "SOA", verify: mappingOf(options["tls"])["verify"] !== false };
}
