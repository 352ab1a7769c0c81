import type { Instant } from "../../core/types.ts";
import type { Severity, View } from "./provider.ts";

/** Colours as everywhere in Tocsin; the mark and the word in the first line say the same. */
export const COLOURS: { readonly [severity in Severity]: string } = { critical: "#c4281c", warning: "#a15c00", info: "#16794f" };

/** A value for each severity. */
export const bySeverity = <Of>(view: View, values: { readonly [severity in Severity]: Of }): Of => values[view.severity];

export const iso = (at: Instant): string => new Date(at).toISOString();

/** Text that Markdown shows as it stands. */
export const plainMarkdown = (text: string): string => text.replaceAll(/[\\`*_~|[\]<>]/g, String.raw`\$&`);

/** Text that no chat takes for a mention of people. */
export const calm = (text: string): string => text.replaceAll(/@(?=[\p{L}\p{N}_*])/gu, "@\u200B");

/** Text as it stands between the quotes of JSON. */
export const inJson = (text: string): string => JSON.stringify(text.toWellFormed()).slice(1, -1);

/** A block of text as it stands, in Markdown; nothing when there is none. */
export const fenced = (text: string): string => (text === "" ? "" : `\`\`\`\n${text.replaceAll("```", "'''")}\n\`\`\``);

/** Lines that are there. */
export const lines = (...parts: readonly (string | null)[]): string => parts.filter((part) => part !== null && part !== "").join("\n");

/** What stands below the title, where something has to. */
export const bodyOf = (view: View): string => (view.details === "" ? view.title : view.details);

/** What messages name as their source. */
export const SOURCE = "Tocsin";

/** A sentence is as long as what a check saw; fields of services are not. */
const CAUSE_MOST = 1000;

/** What is known, as fields that services show and route by. */
export const facts = ({ alert, site }: View): { readonly [name: string]: string } => ({ check: alert.check, state: alert.status, code: alert.code, cause: alert.sentence.slice(0, CAUSE_MOST), since: iso(alert.since), site: site.name, seenFrom: site.vantage });
