import { z } from "zod";
import { factAt, firstUnmet, matcherOf, wantedFacts } from "../core/expect.ts";
import { createMask } from "../core/mask.ts";
import type { Facts, FactValue, Phases } from "../core/types.ts";
import { CookieJar } from "../dial/http-cookies.ts";
import { tlsElsewhere } from "../dial/http-follow.ts";
import { endpointOf } from "../dial/http.ts";
import { EVIDENCE_MAX, evidenceOf, tenth, verdictOf } from "../dial/outcome.ts";
import { endpoint } from "../dial/service-options.ts";
import type { Failure } from "../sys/ports.ts";
import { type Values, fillStep } from "./http-fill.ts";
import { ask, connectionOptions } from "./http-request.ts";
import { type Step, factsOf, nameOf, originsOf, redirectsOf, stepProblems, stepSchema } from "./http-step.ts";
import { takeValue } from "./http-take.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const STEPS_MAX = 30;
const VALUES_MAX = 20;
/** A shorter value is no secret, and to mask it would eat half of what is shown. */
const MASKED_VALUE_MIN = 4;
const MASKED_COOKIE_MIN = 8;
/** Of the list of steps in the evidence. */
const TRAIL_MAX = 1024;

const options = z.strictObject({
  steps: z
    .array(stepSchema)
    .min(1)
    .max(STEPS_MAX)
    .superRefine((steps, ctx) => {
      for (const { path, wrong, right } of stepProblems(steps)) ctx.addIssue({ code: "custom", path: [...path], message: wrong, params: { right } });
      const values = steps.reduce((sum, step) => sum + Object.keys(step.take).length, 0);
      if (values > VALUES_MAX) ctx.addIssue({ code: "custom", message: `${values} values are taken`, params: { right: `take ${VALUES_MAX} at most` } });
    })
    .describe("Requests, made in this order; the first that fails ends it"),
  ...connectionOptions(),
});
type Options = z.output<typeof options>;

/**
 * Several web requests as one visitor makes them. A type of its own and no option of `http`: there what is expected is about one answer,
 * here each step has its own.
 */
export const httpSteps: Probe<Options> = {
  type: "http-steps",
  about: "Makes several web requests in order, as a visitor does: with one set of cookies, and values of one answer carried into the next requests",
  source: "RFC 9110; RFC 6265 (cookies)",
  options,
  facts: {
    passed: { number: true, about: "Steps that passed" },
    failed: { about: "Name of the step that failed" },
    step: { about: "By the step's name what its answer was: step.NAME.status, .bytes, .redirects, .address, .phase.connect, .phase.firstByte and so on; phase.NAME is the whole time of that step" },
    "certificate.days": { unit: "days", about: "Whole days until the first certificate of any step expires" },
  },
  host: ({ steps: [first] }) => endpointOf(new URL(first?.url ?? "")).host,
  target: ({ steps: [first] }) => {
    const { host, port } = endpointOf(new URL(first?.url ?? ""));
    return endpoint(host, port);
  },
  run,
};

/** What happened so far. */
interface Walk {
  readonly jar: CookieJar;
  readonly values: Map<string, string>;
  readonly trail: string[];
  readonly step: Record<string, FactValue>;
  phases: Phases;
  /** Where the step before ended. */
  at: URL | null;
  days: number | null;
}

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const { steps, ...connection } = chosen;
  const origins = originsOf(steps);
  const walk: Walk = { jar: new CookieJar(), values: new Map(), trail: [], step: {}, phases: {}, at: null, days: null };
  let last: Outcome["evidence"] = [];
  for (const [index, step] of steps.entries()) {
    const stepped = await take(step, nameOf(step, index), walk, { origins, connection }, ctx);
    last = stepped.evidence;
    if (stepped.failure === null) continue;
    const place = `step ${index + 1} of ${steps.length}${step.name === undefined ? "" : `, ${step.name}`}`;
    return outcomeOf(walk, { code: stepped.failure.code, sentence: `${place}: ${stepped.failure.sentence}` }, { passed: index, failed: nameOf(step, index) }, last);
  }
  return outcomeOf(walk, null, { passed: steps.length }, last);
}

/** What all steps stand on. */
interface Ground {
  readonly origins: ReadonlySet<string>;
  readonly connection: Omit<Options, "steps">;
}

interface Stepped {
  readonly failure: Failure | null;
  readonly evidence: Outcome["evidence"];
}

/** One step: its request, its conditions, its values. */
async function take(step: Step, name: string, walk: Walk, { origins, connection }: Ground, ctx: ProbeContext): Promise<Stepped> {
  const filled = fillStep(step, { at: walk.at, origins, values: walk.values });
  if (filled.kind === "failed") return { failure: filled.failure, evidence: [] };
  const { request } = filled;
  const [home] = origins;
  const wants = wantedFacts(factsOf(step));
  const tls = request.url.origin === home ? connection.tls : tlsElsewhere(connection.tls);
  const begun = ctx.clock.monotonic();
  const outcome = await ask({ ...connection, ...request, tls, redirects: redirectsOf(step), cookies: walk.jar }, { ...ctx, wants });
  const tookMs = tenth(ctx.clock.monotonic() - begun);
  const { facts, material = {}, evidence } = outcome;
  note(walk, name, request, outcome, tookMs);
  if (outcome.verdict !== "up") return { failure: outcome, evidence };
  const all: Facts = { ...material, ...facts, ...(walk.at === null || !wants.has("cookie") ? {} : { cookie: walk.jar.at(walk.at, ctx.clock.now()) }), latency: tookMs, phase: outcome.phases };
  const unmet = firstUnmet(step.expect, all, matcherOf(ctx.patterns));
  if (unmet !== null) return { failure: { code: unmet.code, sentence: unmet.reason }, evidence };
  const type = factAt(material, "header.content-type");
  const html = typeof type === "string" && /html/i.test(type);
  for (const [key, from] of Object.entries(step.take)) {
    const taken = takeValue(key, from, all, html, ctx.patterns);
    if (taken.kind === "failed") return { failure: taken.failure, evidence };
    walk.values.set(key, taken.value);
  }
  return { failure: null, evidence };
}

function note(walk: Walk, name: string, { method, url }: { readonly method: string; readonly url: URL }, { facts, phases, code }: Outcome, tookMs: number): void {
  walk.phases = { ...walk.phases, [name]: tookMs };
  const kept = ["status", "bytes", "redirects", "address"].flatMap((fact) => (facts[fact] === undefined ? [] : [[fact, facts[fact]] as const]));
  walk.step[name] = { ...Object.fromEntries(kept), phase: phases };
  walk.trail.push(`${name}: ${method} ${url.origin}${url.pathname} -> ${JSON.stringify(facts["status"]) ?? code}, ${Math.round(tookMs)} ms`);
  if (typeof facts["url"] === "string") walk.at = new URL(facts["url"]);
  const days = daysOf(facts["certificate"]);
  if (days !== null) walk.days = Math.min(walk.days ?? days, days);
}

function daysOf(certificate: FactValue | undefined): number | null {
  const days = typeof certificate === "object" && certificate !== null && "days" in certificate ? certificate["days"] : null;
  return typeof days === "number" ? days : null;
}

function outcomeOf(walk: Walk, failure: Failure | null, counts: Facts, evidence: Outcome["evidence"]): Outcome {
  const hide = maskOf(walk.values, walk.jar);
  const facts: Facts = { ...counts, step: walk.step, ...(walk.days === null ? {} : { certificate: { days: walk.days } }) };
  const shown = evidence.map(({ label, text }) => ({ label, text: hide(text) }));
  const seen = { phases: walk.phases, facts, evidence: [...evidenceOf({ steps: hide(walk.trail.join("\n")).slice(-TRAIL_MAX) }), ...shown] };
  if (failure !== null) return { verdict: verdictOf(failure.code), code: failure.code, sentence: hide(failure.sentence), ...seen };
  const count = walk.trail.length;
  return { verdict: "up", code: "ok", sentence: `${count === 1 ? "the only step" : `all ${count} steps`} passed`, ...seen };
}

/** Hides what came from answers and was carried on: it may be a token. Where long evidence was cut, the half of one may stand at its end: that much goes as well. */
function maskOf(values: Values, jar: CookieJar): (text: string) => string {
  const carried = [...values.values()].filter(({ length }) => length >= MASKED_VALUE_MIN);
  const cookies = jar.values().filter(({ length }) => length >= MASKED_COOKIE_MIN);
  // A document writes some signs of a token in a form of its own (`&#43;`, `\u002b`); letters and digits stay as they are.
  const hidden = [...carried, ...carried.flatMap((value) => value.match(/[\w-]{8,}/g) ?? []), ...cookies];
  if (hidden.length === 0) return (text) => text;
  const mask = createMask(hidden);
  // Twice as long in hexadecimal.
  const longest = Math.max(...hidden.map((value) => Math.max(2 * value.length, encodeURIComponent(value).length)));
  return (text) => (text.length < EVIDENCE_MAX ? mask(text) : mask(text).slice(0, -longest));
}
