import { z } from "zod";
import { parseDuration } from "../core/time.ts";
import type { Millis } from "../core/types.ts";

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
