import type { Evidence, Incident, Instant } from "../core/types.ts";
import { momentsIn, span } from "./moment.ts";

/** An incident of the time that a report is about, and who was told of it. */
export interface Reported {
  readonly incident: Incident;
  /** The group that its check belongs to; null for none. */
  readonly group: string | null;
  /** It reached somebody, or still may. */
  readonly told: boolean;
}

export interface ReportInput {
  readonly from: Instant;
  readonly to: Instant;
  readonly incidents: readonly Reported[];
  /** Messages of the channel that were given up in that time. */
  readonly undelivered: number;
  /** How long nothing ran and nothing was seen. */
  readonly awayMs: number;
  /** IANA zone of the times in it. */
  readonly timezone: string;
}

const WORDS: { readonly [kind in Incident["kind"]]: string } = { down: "down", degraded: "degraded", unchecked: "unchecked" };
const UNGROUPED = "Checks";
/** A message shows so many parts of its evidence, and so many lines of each: groups beyond them are told together. */
const GROUPS_MAX = 6;
const LINES_MAX = 15;

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/** What of an incident lies within the time, in ms. */
const lasted = ({ incident }: Reported, { from, to }: ReportInput): number => Math.max(0, Math.min(incident.closed ?? to, to) - Math.max(incident.firstSign, from));

const sum = (incidents: readonly Reported[], input: ReportInput): number => incidents.reduce((ms, one) => ms + lasted(one, input), 0);

/** `shop: down 2 times, 1 h 20 min in all, not over, since 03:12; nobody was told of 1`. */
function lineOf(check: string, incidents: readonly Reported[], input: ReportInput): string {
  const kinds = [...Map.groupBy(incidents, ({ incident }) => incident.kind)].map(([kind, of]) => `${WORDS[kind]} ${times(of.length)}, ${span(sum(of, input))} in all`);
  const open = incidents.find(({ incident }) => incident.closed === null || incident.closed > input.to);
  const since = open === undefined ? "" : `, not over, since ${momentsIn(input.timezone, input.to).short(open.incident.firstSign)}`;
  const untold = incidents.filter(({ told }) => !told).length;
  return `${check}: ${kinds.join("; ")}${since}${untold === 0 ? "" : `; nobody was told of ${untold === incidents.length ? "it" : untold}`}`;
}

/** What was wrong in that time, check by check, the longest first; a part for each group. */
export function reportOf(input: ReportInput): { readonly sentence: string; readonly evidence: Evidence } {
  const { incidents, from, to, undelivered, awayMs } = input;
  const over = span(to - from);
  const lost = undelivered === 0 ? "" : `; ${undelivered === 1 ? "one message" : `${undelivered} messages`} could not be delivered`;
  const end = awayMs === 0 ? lost : `; Tocsin did not run for ${span(awayMs)} of that time${lost}`;
  if (incidents.length === 0) return { sentence: `nothing was wrong in ${over}${end}`, evidence: [] };
  const longest = (of: readonly Reported[]): number => -sum(of, input);
  const sorted = [...Map.groupBy(incidents, ({ group }) => group ?? UNGROUPED)].sort(([, one], [, other]) => longest(one) - longest(other));
  const others = sorted.slice(GROUPS_MAX - 1);
  const groups = others.length < 2 ? sorted : [...sorted.slice(0, GROUPS_MAX - 1), [`${others.length} other groups`, others.flatMap(([, of]) => of)] as const];
  const evidence = groups.map(([label, of]) => {
    const checks = [...Map.groupBy(of, ({ incident }) => incident.check)].sort(([, one], [, other]) => longest(one) - longest(other));
    const shown = checks.length > LINES_MAX ? checks.slice(0, LINES_MAX - 1) : checks;
    const rest = checks.length > shown.length ? [`and ${checks.length - shown.length} more checks`] : [];
    return { label, text: [...shown.map(([check, own]) => lineOf(check, own, input)), ...rest].join("\n") };
  });
  const checks = new Set(incidents.map(({ incident }) => incident.check)).size;
  const open = incidents.filter(({ incident }) => incident.closed === null || incident.closed > to).length;
  const sentence = `${incidents.length === 1 ? "one incident" : `${incidents.length} incidents`} of ${checks === 1 ? "one check" : `${checks} checks`} in ${over}, ${span(sum(incidents, input))} in all${open === 0 ? "" : `, ${open} not over`}${end}`;
  return { sentence, evidence };
}
