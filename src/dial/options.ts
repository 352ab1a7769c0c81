import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { domainToASCII } from "node:url";
import { z } from "zod";
import { parseDuration } from "../core/time.ts";
import type { Millis } from "../core/types.ts";
import type { Pattern } from "../sys/ports.ts";

/**
 * Pieces of option schemas that probes, channels and the configuration share. Marks (`z.meta`) drive the reference page, the help, the
 * editor's JSON Schema, masking and forms: `unit`, `secret` (never shown), `hostPower` (changes only in the file), `source`.
 */
declare module "zod" {
  interface GlobalMeta {
    unit?: string;
    secret?: boolean;
    hostPower?: boolean;
    source?: string;
  }
}

/** A duration with unit (`30s`, `5m`, `1h30m`), as milliseconds. */
export const duration = () =>
  z
    .string()
    .transform((text, ctx): Millis => {
      const parsed = parseDuration(text);
      if (parsed.kind === "parsed") return parsed.ms;
      ctx.addIssue({ code: "custom", message: parsed.wrong, params: { right: parsed.right } });
      return z.NEVER;
    })
    .meta({ unit: "duration" });

/** A host name (IDN allowed) or an IPv4 or IPv6 literal, without brackets. */
export const host = () => z.string().trim().min(1).max(253);

export const port = () => z.number().int().min(1).max(65535);

/** A value that is never shown; best written as a reference: `${env:NAME}` or `${file:path}`. */
export const secret = () => z.string().min(1).meta({ secret: true });

/** Which address family is used: one, or whichever answers first (RFC 8305). */
export const family = () =>
  z
    .union([z.literal(4), z.literal(6), z.literal("any")])
    .default("any")
    .describe("Address family: 4, 6, or any (both are tried, IPv6 first, 250 ms apart)")
    .meta({ source: "RFC 8305" });

/** The address of this machine that connections come from. */
export const sourceAddress = () => z.union([z.ipv4(), z.ipv6()]).nullable().default(null).describe("Source address: an address of this machine that the connection comes from");

const SIZES: { readonly [unit: string]: number } = { "": 1, b: 1, kb: 1000, mb: 1e6, kib: 1024, mib: 1_048_576 };
const SIZE_MAX = 16 * 1_048_576;

/** A number of bytes, or a text with a unit (`64KiB`, `1MiB`), at most 16 MiB; as bytes. */
export const size = () =>
  z
    .union([z.number().int(), z.string()])
    .transform((value, ctx): number => {
      const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(value).trim()) ?? [];
      const bytes = Math.round(Number(amount) * (SIZES[unit.toLowerCase()] ?? Number.NaN));
      if (bytes >= 0 && bytes <= SIZE_MAX) return bytes;
      ctx.addIssue({ code: "custom", message: `\`${value}\` is no size up to 16 MiB`, params: { right: "write a number with a unit: 500B, 64KiB, 1MiB" } });
      return z.NEVER;
    })
    .meta({ unit: "bytes" });

/** An http or https address without credentials in it (`instead`: where they belong); as the URL standard writes it (international names as A-labels). */
export const webAddress = (instead = "write auth: {user: NAME, password: ${env:PASSWORD}}") =>
  z.string().transform((text, ctx): string => {
    const wrong = (message: string, right: string): never => {
      ctx.addIssue({ code: "custom", message, params: { right } });
      return z.NEVER;
    };
    if (!URL.canParse(text)) return wrong(`\`${text}\` is no web address`, "write it whole: https://www.example.com/path");
    const url = new URL(text);
    if (url.protocol !== "http:" && url.protocol !== "https:") return wrong(`\`${url.protocol}\` is neither http: nor https:`, "write http:// or https://");
    if (url.username !== "" || url.password !== "") return wrong("credentials do not belong in the address: it is shown everywhere", instead);
    return url.href;
  });

/** A text to be found as it stands, or a regular expression between slashes. */
export type Expected = { readonly kind: "text"; readonly text: string } | { readonly kind: "pattern"; readonly pattern: Pattern };

const ESCAPES: { readonly [letter: string]: string } = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\" };

/** Replaces `\r`, `\n`, `\t`, `\0`, `\\` and `\x1f`; null when another letter follows a backslash. */
export function unescaped(text: string): string | null {
  let wrong = false;
  const plain = text.replaceAll(/\\(x[0-9a-fA-F]{2}|.?)/gs, (_, escape: string) => {
    if (escape.length === 3) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    const meant = ESCAPES[escape];
    wrong ||= meant === undefined;
    return meant ?? "";
  });
  return wrong ? null : plain;
}

/** A user's pattern, compiled once while loading to find its mistakes. */
export function patternOf(source: string, flags: string): { readonly kind: "pattern"; readonly pattern: Pattern } | { readonly kind: "wrong"; readonly reason: string; readonly right: string } {
  try {
    return { kind: "pattern", pattern: { source: new RegExp(source, flags).source, flags } };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : "";
    return { kind: "wrong", reason, right: "put a backslash before signs that stand for themselves" };
  }
}

/** `text` or `/pattern/flags`. */
export const expected = () =>
  z
    .string()
    .min(1)
    .transform((text, ctx): Expected => {
      const [, source, flags = ""] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
      if (source === undefined) return { kind: "text", text: unescaped(text) ?? text };
      const compiled = patternOf(source, flags);
      if (compiled.kind === "pattern") return compiled;
      ctx.addIssue({ code: "custom", message: `\`${text}\` is no regular expression (${compiled.reason})`, params: { right: compiled.right } });
      return z.NEVER;
    });

/** How TLS is spoken and what the certificate must be. */
export interface TlsSettings {
  readonly verify: boolean;
  /** PEM; null: the authorities that come with the runtime. */
  readonly ca: string | null;
  readonly servername: string | null;
  readonly minVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** PEM of our own certificate and key. */
  readonly cert: string | null;
  readonly key: string | null;
}

/** Settings of TLS as a strict object; `{}` fills every default. */
export const tlsSettings = () =>
  z
    .strictObject({
      verify: z.boolean().default(true).describe("Whether an expired, untrusted or misnamed certificate makes the check fail; its facts are there either way"),
      ca: z.string().nullable().default(null).describe("Certificates of the authorities to trust instead of the usual ones, as PEM text: ${file:ca.pem}"),
      servername: z.string().min(1).max(253).nullable().default(null).describe("Name to ask for (SNI) and to find in the certificate; the host by default").meta({ source: "RFC 6066, section 3; RFC 9525" }),
      minVersion: z.enum(["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]).default("TLSv1.2").describe("Oldest version of TLS that is accepted"),
      cert: z.string().nullable().default(null).describe("Own certificate to show (mutual TLS), as PEM text: ${file:client.pem}"),
      key: z.string().nullable().default(null).describe("Key of the own certificate, as PEM text: ${file:client.key}").meta({ secret: true }),
    })
    .superRefine((tls, ctx) => {
      const wrong = (path: string, message: string, right: string): void => ctx.addIssue({ code: "custom", path: [path], message, params: { right } });
      if (tls.ca !== null && !isCertificate(tls.ca)) wrong("ca", "this is no certificate in PEM form", "write ca: ${file:/path/to/ca.pem}");
      if (tls.cert !== null && !isCertificate(tls.cert)) wrong("cert", "this is no certificate in PEM form", "write cert: ${file:/path/to/client.pem}");
      else if ((tls.cert === null) !== (tls.key === null)) wrong(tls.cert === null ? "cert" : "key", "an own certificate needs both `cert` and `key`", "write both, or neither");
      else if (tls.cert !== null && tls.key !== null && !fit(tls.cert, tls.key)) wrong("key", "this key does not belong to `cert`", "write key: ${file:/path/to/client.key}, the key that the certificate was made with");
      if (tls.servername !== null && domainToASCII(tls.servername) === "") wrong("servername", `\`${tls.servername}\` is no host name`, "write a name as in a certificate: www.example.com");
    });

/** As nothing is said of TLS. */
export const DEFAULT_TLS: TlsSettings = tlsSettings().parse({});

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined && pem.includes("-----BEGIN");
  } catch {
    return false;
  }
}

function fit(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
