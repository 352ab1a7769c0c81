import type { Evidence } from "../core/types.ts";
import type { ActLinks } from "./act-links.ts";

/** A message before it is text or HTML; both say the same. */
export interface Sheet {
  readonly subject: string;
  readonly blocks: readonly Block[];
  readonly notes: readonly string[];
  readonly footer: string;
}

export interface Block {
  readonly headline: string;
  /** 0: well; more: worse. */
  readonly trouble: number;
  readonly rows: readonly (readonly [label: string, text: string])[];
  readonly link: string | null;
  readonly act: ActLinks | null;
  /** Name of the attached picture. */
  readonly picture: string | null;
  readonly evidence: Evidence;
}

const PARTS_MAX = 6;
const LINES_MAX = 15;
const LINE_MAX = 200;

/** A part of evidence, cut to what one reads at three in the morning; the page has all of it. */
function shorten(text: string): readonly string[] {
  const lines = text.replaceAll("\r", "").replaceAll(/[^\P{Cc}\n\t]/gu, "·").trimEnd().split("\n");
  const kept = lines.slice(0, LINES_MAX).map((line) => (line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}…` : line));
  return lines.length > LINES_MAX ? [...kept, `… ${lines.length - LINES_MAX} more lines`] : kept;
}

function textBlock(block: Block, alone: boolean): readonly string[] {
  const lines = alone ? [] : [block.headline];
  for (const [label, text] of block.rows) lines.push(`  ${label}: ${text}`);
  if (block.link !== null) lines.push(`  Look: ${block.link}`);
  if (block.act !== null) lines.push(`  Acknowledge: ${block.act.acknowledge}`, `  Silence: ${block.act.silence}`);
  for (const part of block.evidence.slice(0, PARTS_MAX)) lines.push(`  ${part.label}:`, ...shorten(part.text).map((line) => `    ${line}`));
  return lines;
}

/** One block as plain text: its first line, and below it what else is known. */
export const blockText = (block: Block): string => textBlock(block, false).join("\n");

/** Plain text, complete by itself; its first line is the subject. */
export function asText(sheet: Sheet): string {
  const alone = sheet.blocks.length === 1;
  const parts: string[] = [sheet.subject];
  let list: string[] = [];
  // First lines without details stand together as a list; blocks with details stand apart.
  for (const block of sheet.blocks) {
    const lines = textBlock(block, alone);
    if (lines.length === 1) list.push(...lines);
    else {
      if (list.length > 0) parts.push(list.join("\n"));
      list = [];
      if (lines.length > 0) parts.push(lines.join("\n"));
    }
  }
  if (list.length > 0) parts.push(list.join("\n"));
  return `${[...parts, ...sheet.notes, `-- \n${sheet.footer}`].join("\n\n")}\n`;
}

const ENTITIES: { readonly [character: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

const INK = "#1d1f23";
const SOFT = "#5a5f69";
const LINE = "#e4e1dc";
const colour = (trouble: number): string => (trouble >= 5 ? "#c4281c" : trouble >= 3 ? "#a15c00" : trouble >= 1 ? SOFT : "#16794f");

function htmlBlock(block: Block): string {
  const rows = block.rows.map(([label, text]) => `<tr><td style="color:${SOFT};padding:2px 12px 2px 0;vertical-align:top">${escape(label)}</td><td style="padding:2px 0">${escape(text)}</td></tr>`).join("");
  const links: readonly (readonly [string, string | undefined])[] = [["Look at it", block.link ?? undefined], ["Acknowledge", block.act?.acknowledge], ["Silence", block.act?.silence]];
  const anchors = links.flatMap(([word, to]) => (to === undefined ? [] : [`<a href="${escape(to)}" style="color:#3b4cc0">${word}</a>`]));
  const link = anchors.length === 0 ? "" : `<p style="margin:8px 0 0">${anchors.join(" &nbsp; ")}</p>`;
  const evidence = block.evidence
    .slice(0, PARTS_MAX)
    .map((part) => `<p style="margin:8px 0 2px;color:${SOFT}">${escape(part.label)}</p><pre style="margin:0;font-size:13px;white-space:pre-wrap;background:#faf9f7;padding:8px;border-radius:6px">${escape(shorten(part.text).join("\n"))}</pre>`)
    .join("");
  const picture = block.picture === null ? "" : `<p style="margin:8px 0 0"><img src="cid:${escape(block.picture)}" alt="Latency in the day before" style="max-width:100%;height:auto"></p>`;
  return `<div style="border-left:4px solid ${colour(block.trouble)};padding:4px 0 4px 12px;margin:0 0 16px"><p style="margin:0 0 4px;font-weight:600">${escape(block.headline)}</p><table style="border-collapse:collapse;font-size:15px">${rows}</table>${picture}${link}${evidence}</div>`;
}

/** The same as the text, with colour; styles are inline and nothing is loaded from anywhere. */
export function asHtml(sheet: Sheet): string {
  const blocks = sheet.blocks.map(htmlBlock).join("");
  const sum = sheet.blocks.length === 1 ? "" : `<h1 style="font-size:20px;font-weight:600;margin:0 0 16px">${escape(sheet.subject)}</h1>`;
  const notes = sheet.notes.map((note) => `<p style="margin:0 0 8px">${escape(note)}</p>`).join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(sheet.subject)}</title></head><body style="margin:0;padding:16px;font:15px/22px system-ui,sans-serif;color:${INK};background:#ffffff">${sum}${blocks}${notes}<p style="margin:16px 0 0;padding-top:8px;border-top:1px solid ${LINE};color:${SOFT};font-size:13px">${escape(sheet.footer)}</p></body></html>`;
}
