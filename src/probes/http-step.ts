import { z } from "zod";
import { type Condition, parseCondition } from "../core/expect.ts";
import { unfitForNumber, unitOf } from "../core/number-facts.ts";
import { webAddress } from "../dial/options.ts";
import { VALUE_NAME, carriedProblem, withoutCarried } from "./http-fill.ts";
import { answerFacts, headerProblem, method, redirects, requestOptions } from "./http-request.ts";
import { type Take, take } from "./http-take.ts";

/** A fact of a step's answer and what it must be. */
export interface Expected {
  readonly fact: string;
  readonly condition: Condition;
}

const STATUS: Expected = { fact: "status", condition: { kind: "ranges", ranges: [{ from: 200, to: 299 }] } };
const KNOWN = [...new Set([...Object.keys(answerFacts), "cookie", "latency", "phase"].map((name) => name.split(".")[0] ?? name))];

const oneCondition = [z.string(), z.number(), z.boolean()] as const;
const conditions = () =>
  z
    .record(z.string(), z.union([...oneCondition, z.null(), z.array(z.union(oneCondition)).min(1)]).meta({ unit: "condition (`200-299`, `/text/`, `exists`)" }))
    .default({})
    .transform((written, ctx): readonly Expected[] => {
      const expected: Expected[] = Object.hasOwn(written, "status") ? [] : [STATUS];
      for (const [fact, value] of Object.entries(written)) {
        const wrong = (message: string, right: string): void => ctx.addIssue({ code: "custom", path: [fact], message, params: { right } });
        if (!KNOWN.includes(fact.split(/[.[]/)[0] ?? "")) wrong(`an answer has no fact \`${fact}\``, `known are ${KNOWN.map((name) => `\`${name}\``).join(", ")}`);
        if (value === null) {
          if (fact !== "status") wrong(`\`${fact}\` says no condition`, "write `absent` where it must not be there, `exists` where it must, or a condition");
          continue;
        }
        const unit = unitOf(fact, answerFacts);
        for (const one of Array.isArray(value) ? value : [value]) {
          const parsed = parseCondition(one);
          const unfit = parsed.kind === "wrong" ? parsed : unit === null ? null : unfitForNumber(fact, unit, one, parsed.condition);
          if (unfit !== null) wrong(unfit.wrong, unfit.right);
          if (parsed.kind === "parsed") expected.push({ fact, condition: parsed.condition });
        }
      }
      return expected;
    });

const names = z.string().regex(VALUE_NAME, "a name has letters, digits, _ and -, and begins with a letter");

/** One request of a journey. */
export const stepSchema = z.strictObject({
  name: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} _-]{0,39}$/u, "a name has letters, digits, blanks, _ and -").optional().describe("How it is called in sentences, phases and facts; by default step 1, step 2, ..."),
  url: z.string().min(1).describe("Address to ask for; after the first step also a path, or an address that was taken: it begins where the step before ended"),
  method: method().nullable().default(null).describe("Request method, in capitals; by default GET, with a form or a body POST"),
  form: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .nullable()
    .default(null)
    .describe("Fields of a form to send instead of a body")
    .meta({ secret: true, source: "URL standard, application/x-www-form-urlencoded" }),
  ...requestOptions(),
  redirects: redirects().nullable().default(null).describe("Redirects to follow at most; by default 5, or none where `expect` wants a status of 300 to 399"),
  take: z.record(names, take()).default({}).describe("Values for later steps, by name: where they stand, and if wanted a /pattern/ whose first group is taken: body, body.json.PATH, header.NAME, cookie.NAME, url. Later steps write {{NAME}} in url, headers, form, body and auth"),
  expect: conditions().describe("Conditions on the answer's facts, as a check's; status 200-299 unless it says otherwise"),
});

export type Step = z.output<typeof stepSchema>;

/** Redirects that a step follows. */
export function redirectsOf({ redirects, expect }: Step): number {
  const wanted = expect.find(({ fact }) => fact === "status")?.condition;
  const moved = (status: number): boolean => status >= 300 && status <= 399;
  const wantsRedirect = wanted?.kind === "ranges" ? wanted.ranges.every(({ from, to }) => moved(from) && moved(to)) : wanted?.kind === "equal" && !wanted.negated && moved(Number(wanted.value));
  return redirects ?? (wantsRedirect ? 0 : 5);
}

/** How a step is called. */
export const nameOf = ({ name }: Step, index: number): string => name ?? `step ${index + 1}`;

interface Problem {
  readonly path: readonly (string | number)[];
  readonly wrong: string;
  readonly right: string;
}

/** Every problem that steps have with each other, with its path below `steps`. */
export function stepProblems(steps: readonly Step[]): readonly Problem[] {
  const problems: Problem[] = [];
  const names = new Set<string>();
  const known = new Set<string>();
  for (const [index, step] of steps.entries()) {
    const tell = (path: Problem["path"], { wrong, right }: Omit<Problem, "path">): void => void problems.push({ path: [index, ...path], wrong, right });
    const name = nameOf(step, index);
    if (names.has(name)) tell(["name"], { wrong: `two steps are called \`${name}\``, right: "give each a name of its own" });
    names.add(name);
    for (const [path, text] of texts(step)) {
      const problem = carriedProblem(text, known);
      if (problem !== null) tell(path, problem);
    }
    const address = addressProblem(step.url, index);
    if (address !== null) tell(["url"], address);
    const header = headerProblem(step);
    if (header !== null) tell(header.path, header);
    if (step.form !== null && step.body !== null) tell(["form"], { wrong: "`form` and `body` stand side by side", right: "remove one of them" });
    if (step.form !== null && /^(GET|HEAD)$/.test(step.method ?? "")) tell(["method"], { wrong: `a form is no part of a ${step.method} request`, right: "write POST, or leave `method` out; the query of an address belongs into `url`" });
    for (const taken of Object.keys(step.take)) known.add(taken);
  }
  return problems;
}

/** Every text of a step that may hold carried values, with its path. */
function texts({ url, headers, form, body, auth }: Step): readonly (readonly [readonly string[], string])[] {
  const below = (key: string, mapping: { readonly [name: string]: string } | null): readonly (readonly [readonly string[], string])[] => Object.entries(mapping ?? {}).map(([name, text]) => [[key, name], text] as const);
  const own = auth === null ? {} : "token" in auth ? { token: auth.token } : { user: auth.user, password: auth.password };
  return [[["url"], url], ...below("headers", headers), ...below("form", form), ...(body === null ? [] : [[["body"], body] as const]), ...below("auth", own)];
}

/** An address must name its host itself, or be a path after another step. */
function addressProblem(text: string, index: number): Omit<Problem, "path"> | null {
  if (index > 0 && /^(\/(?!\/)|\?|\{\{)/.test(text)) return null;
  if (/^https?:\/\/[^/?#]*\{\{/i.test(text)) return { wrong: "a carried value cannot be a part of the host", right: "write the host itself and a / after it, or the value alone where it is a whole address" };
  const parsed = webAddress().safeParse(withoutCarried(text));
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  const right: unknown = issue?.code === "custom" ? issue.params?.["right"] : undefined;
  return { wrong: issue?.message.replace(withoutCarried(text), text) ?? "", right: `${typeof right === "string" ? right : ""}${index === 0 ? "" : ", or as a path of the server before: /path"}` };
}

/** Origins that the configuration names. */
export function originsOf(steps: readonly Step[]): ReadonlySet<string> {
  return new Set(steps.map(({ url }) => withoutCarried(url)).flatMap((url) => (/^https?:/i.test(url) ? [new URL(url).origin] : [])));
}

/** Names of the facts that a step's conditions and values need. */
export const factsOf = ({ expect, take: taken }: Step): readonly { readonly fact: string }[] => [...expect, ...Object.values(taken).flatMap(({ fact }: Take) => (fact === "body" ? [{ fact }, { fact: "header" }] : [{ fact }]))];
