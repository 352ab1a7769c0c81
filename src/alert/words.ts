import { oneLine } from "../core/one-line.ts";
import type { Alert, CheckName, Instant } from "../core/types.ts";
import { renderTemplate } from "../template/liquid.ts";
import { type AlertVariables, asVariables } from "../template/message.ts";
import type { ActLinks } from "./act-links.ts";
import type { Message } from "./channels/channel.ts";
import { digest, type Item, over } from "./items.ts";
import { linkOf, type SiteFacts } from "./message.ts";
import { type Moments, momentsIn, span } from "./moment.ts";

/** A channel's templates in place of the default texts; null for those. */
export interface Templates {
  readonly subject: string | null;
  readonly text: string | null;
}

/** What templates may say of a check besides what is in its alert. */
export interface CheckFacts {
  readonly type: string;
  readonly target: string;
  readonly description: string;
  readonly tags: readonly string[];
}

export interface WordsInput {
  readonly site: SiteFacts;
  readonly asOf: Instant;
  readonly check: (name: CheckName) => CheckFacts | null;
  readonly act: (alert: Alert) => ActLinks | null;
}

const SUBJECT_MAX = 500;
const TEXT_MAX = 100_000;
const NOBODY: CheckFacts = { type: "", target: "", description: "", tags: [] };

function variablesOf(item: Item, moments: Moments, input: WordsInput): AlertVariables {
  const { alert, opened, word, mark } = item;
  const { from, to } = over(item) ?? { from: alert.since, to: input.asOf };
  const { sentence, code, evidence } = opened ?? alert;
  const iso = (at: Instant): string => new Date(at).toISOString();
  return {
    ...(input.check(alert.check) ?? NOBODY),
    kind: alert.kind,
    word,
    mark,
    check: alert.check,
    status: alert.status,
    since: moments.exact(from),
    sinceIso: iso(from),
    at: moments.exact(alert.at),
    atIso: iso(alert.at),
    duration: span(to - from),
    unseenSince: alert.unseenSince === undefined ? "" : moments.exact(alert.unseenSince),
    sentence,
    code,
    hides: alert.hides,
    dependents: alert.dependents ?? [],
    evidence,
    link: linkOf(alert, input.site) ?? "",
    acknowledgeLink: input.act(alert)?.acknowledge ?? "",
    silenceLink: input.act(alert)?.silence ?? "",
  };
}

/** The message in a channel's own words. A template that fails changes nothing, nor does a text that comes out blank, because somebody must be told: `problem` says why. */
export function inOwnWords(templates: Templates, message: Message, input: WordsInput): { readonly message: Message; readonly problem: string | null } {
  if (templates.subject === null && templates.text === null) return { message, problem: null };
  const moments = momentsIn(input.site.timezone, input.asOf);
  const alerts = digest(message.alerts).map((item) => variablesOf(item, moments, input));
  const [worst] = alerts;
  if (worst === undefined) return { message, problem: null };
  const { name, vantage, url } = message.site;
  const variables = asVariables({ ...worst, subject: message.subject, text: message.text, recipient: message.recipient, site: { name, vantage, url: url ?? "" }, alerts });
  try {
    const subject = templates.subject === null ? message.subject : oneLine(renderTemplate(templates.subject, variables)).slice(0, SUBJECT_MAX);
    const { allNames: _, ...rest } = message;
    const own = subject === "" || subject === message.subject ? message : { ...rest, subject, text: message.text.replace(/^.*/, () => subject) };
    if (templates.text === null) return { message: own, problem: null };
    const text = renderTemplate(templates.text, { ...variables, subject: own.subject }).slice(0, TEXT_MAX);
    if (text.trim() === "") return { message: own, problem: `it says nothing of ${worst.kind}` };
    return { message: { ...own, text, html: null }, problem: null };
  } catch (error) {
    return { message, problem: error instanceof Error ? error.message : String(error) };
  }
}
