import { z } from "zod";
import { factAt } from "../core/expect.ts";
import type { FactValue, Facts } from "../core/types.ts";
import { patternOf } from "../dial/options.ts";
import type { Failure, Pattern, Patterns } from "../sys/ports.ts";
import { decodeReferences } from "../wire/html.ts";

/** Where in an answer a value stands that later steps are to have. */
export interface Take {
  /** A fact as conditions name it: `body`, `body.json.token`, `header.location`, `cookie.session`, `url`. */
  readonly fact: string;
  /** Its first group is taken, or all of it that matches. */
  readonly pattern: Pattern | null;
}

/** A token, an address; what is longer is no value but a document. */
const VALUE_MAX = 8192;
const PLACE = /^(body|body\.json(?:[.[]\S+)?|header\.\S+|cookie\.\S+|url)(?:\s+\/(.+)\/([a-z]*))?$/s;

/** `FACT` or `FACT /pattern/`. */
export const take = () =>
  z.string().transform((text, ctx): Take => {
    const wrong = (message: string, right: string): never => {
      ctx.addIssue({ code: "custom", message, params: { right } });
      return z.NEVER;
    };
    const [, fact, source, flags = ""] = PLACE.exec(text.trim()) ?? [];
    if (fact === undefined) return wrong(`\`${text.slice(0, 80)}\` does not say where a value stands`, "write `body /id=(\\d+)/`, `body.json.token`, `header.location`, `cookie.session` or `url`, with or without a /pattern/");
    if (source === undefined) return { fact, pattern: null };
    const compiled = patternOf(source, flags);
    return compiled.kind === "pattern" ? { fact, pattern: compiled.pattern } : wrong(`\`/${source}/${flags}\` is no regular expression (${compiled.reason})`, compiled.right);
  });

export type Taken = { readonly kind: "taken"; readonly value: string } | { readonly kind: "failed"; readonly failure: Failure };

/** The value called `name` out of an answer; `html`: its body is a document in which signs may be written as references. */
export function takeValue(name: string, { fact, pattern }: Take, facts: Facts, html: boolean, patterns: Patterns): Taken {
  const nothing = (why: string): Taken => ({ kind: "failed", failure: { code: "mismatch", sentence: `there is no ${name} to take: ${why}` } });
  const found = factAt(facts, fact);
  if (found === undefined || found === null) return nothing(`${fact} is missing`);
  const text = textOf(found);
  const match = pattern === null ? [text] : patterns.match(pattern, text);
  if (match === "slow") return { kind: "failed", failure: { code: "pattern-slow", sentence: `the pattern /${pattern?.source ?? ""}/ took too long on ${fact}` } };
  if (match === null) return nothing(`${fact} does not match /${pattern?.source ?? ""}/${pattern?.flags ?? ""}`);
  const raw = (match[1] ?? match[0] ?? "").slice(0, VALUE_MAX + 1).toWellFormed();
  if (raw.length > VALUE_MAX) return nothing(`what stands there is longer than ${VALUE_MAX / 1024} KiB`);
  return raw === "" ? nothing(`what stands there is empty`) : { kind: "taken", value: html && fact === "body" ? decodeReferences(raw) : raw };
}

const textOf = (value: FactValue): string => (typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value));
