import type { Evidence, FailureCode } from "../core/types.ts";
import type { Clock, Network } from "../sys/ports.ts";

/** What dialing needs of a probe's or a channel's context. */
export interface DialContext {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly network: Network;
}

/** This place's own troubles: they say nothing about the target. */
const OWN_TROUBLES: ReadonlySet<FailureCode> = new Set(["late", "resolver", "permission", "resources", "stopped", "skipped", "bug"]);

/** `unknown` for a failure that is this place's own, `down` for one of the target. */
export function verdictOf(code: FailureCode): "down" | "unknown" {
  return OWN_TROUBLES.has(code) ? "unknown" : "down";
}

/**
 * Most characters of one part of the evidence: four times what is kept in all. The engine masks secrets in it and only then cuts to what is kept:
 * a secret cut in two would not be found, so the cut here must lie far behind the one there.
 */
export const EVIDENCE_MAX = 16_384;

/** Bytes as text for evidence: line breaks and tabs stay, other control bytes become `\x00`, what is no UTF-8 is read as Latin-1. */
export function printable(bytes: Uint8Array | string): string {
  const text = typeof bytes === "string" ? bytes : decoded(bytes.subarray(0, EVIDENCE_MAX));
  // oxlint-disable-next-line no-control-regex
  return text.slice(0, EVIDENCE_MAX).replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** UTF-8, or Latin-1 when it is none: nothing is lost and patterns work on both. A letter cut off at the end does not count. */
export function decoded(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  const lost = text.indexOf("\ufffd");
  return lost === -1 || lost >= text.length - 1 ? text : buffer.toString("latin1");
}

/** Parts of evidence without the empty ones. */
export function evidenceOf(parts: { readonly [label: string]: string }): Evidence {
  return Object.entries(parts).flatMap(([label, text]) => (text === "" ? [] : [{ label, text: text.slice(0, EVIDENCE_MAX) }]));
}

/** One decimal of a microsecond: what the clock can tell. */
export const tenth = (ms: number): number => Math.round(ms * 1000) / 1000;
