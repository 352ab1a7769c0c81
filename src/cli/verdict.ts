import type { FactValue, Result, Verdict } from "../core/types.ts";
import { formatPluginLine, type Perfdatum } from "../wire/perfdata.ts";

interface Once {
  readonly result: Result;
  readonly members: readonly Result[];
}

const PLUGIN_WORDS: { readonly [verdict in Verdict]: string } = { up: "OK", degraded: "WARNING", down: "CRITICAL", unknown: "UNKNOWN" };

const seconds = (label: string, ms: number): Perfdatum => ({ label, value: ms / 1000, unit: "s", warn: null, critical: null, min: 0, max: null });

/** What a plugin measured, by label; units and limits are the plugin's own and stay in the evidence. */
function measured(value: FactValue | undefined): readonly Perfdatum[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([label, of]: [string, FactValue]) => (typeof of === "number" ? [{ label, value: of, unit: "", warn: null, critical: null, min: null, max: null }] : []));
}

const rounded = (ms: number): string => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0));

/** The result as a Nagios plugin prints it: the verdict with perfdata on the first line, phases, members and evidence below. */
export function resultText({ result, members }: Once, type: string): string {
  const { verdict, sentence, latencyMs, phases, facts, evidence, tries } = result;
  const perfdata = [seconds("time", latencyMs), ...Object.entries(phases).map(([phase, ms]) => seconds(phase, ms)), ...measured(facts["perfdata"])];
  const lines = [formatPluginLine(`${type.toUpperCase()} ${PLUGIN_WORDS[verdict]} - ${sentence}`, perfdata)];
  const timed = Object.entries(phases).map(([phase, ms]) => `${phase} ${rounded(ms)} ms`);
  lines.push(`${rounded(latencyMs)} ms${timed.length === 0 ? "" : `: ${timed.join(", ")}`}${tries > 1 ? `; ${tries} tries` : ""}`);
  for (const member of members) lines.push(`${member.check}: ${PLUGIN_WORDS[member.verdict]} - ${member.sentence}`);
  // A bar would begin more perfdata.
  for (const { label, text } of evidence) lines.push(`${label}:`, ...text.replaceAll("|", "¦").split(/\r?\n/).map((line) => `  ${line}`));
  return `${lines.join("\n")}\n`;
}

/** The result as JSON. */
export function resultJson({ result, members }: Once, type: string): string {
  const plain = ({ check, ...rest }: Result): object => ({ name: check, ...rest });
  const { check: _, slot: __, vantage: ___, ...rest } = result;
  return `${JSON.stringify({ type, ...rest, ...(members.length === 0 ? {} : { members: members.map(plain) }) }, null, 2)}\n`;
}
