import { z } from "zod";
import { formatDuration, parseDuration } from "../core/time.ts";
import type { Millis } from "../core/types.ts";
import { canonicalZone } from "../core/zone.ts";
import { messageTemplateProblem } from "../template/message.ts";

/** Pieces of schema that only the configuration's own keys need; the shared ones are in `dial/options.ts`. */

type Read<T> = { readonly kind: "read"; readonly value: T } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

/** A text that is read into something else, its mistakes told in the reader's words. */
function text<T>(read: (written: string) => Read<T>): z.ZodType<T, string> {
  return z.string().transform((written, ctx): T => {
    const result = read(written);
    if (result.kind === "read") return result.value;
    ctx.addIssue({ code: "custom", message: result.wrong, params: { right: result.right } });
    return z.NEVER;
  });
}

/** A duration between two bounds, in milliseconds. */
export const durationWithin = (least: number, most: number): z.ZodType<Millis, string> =>
  text((written): Read<Millis> => {
    const parsed = parseDuration(written);
    if (parsed.kind === "wrong") return parsed;
    if (parsed.ms >= least && parsed.ms <= most) return { kind: "read", value: parsed.ms };
    return { kind: "wrong", wrong: `\`${written}\` is too ${parsed.ms < least ? "short" : "long"}`, right: `write ${formatDuration(least)} to ${formatDuration(most)}` };
  }).meta({ unit: "duration" });

const SIZES: { readonly [unit: string]: number } = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };

/** A size with unit (`500MB`, `2GB`, `1GiB`), in bytes. */
export const diskSize = (): z.ZodType<number, string> =>
  text((written): Read<number> => {
    const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i.exec(written.trim()) ?? [];
    const factor = SIZES[unit.toUpperCase()];
    if (factor !== undefined) return { kind: "read", value: Math.round(Number(amount) * factor) };
    return { kind: "wrong", wrong: `\`${written}\` is not a size`, right: "write a number with a unit: 500MB or 2GB" };
  }).meta({ unit: "size" });

/** A zone of the IANA database. */
export const timezone = (): z.ZodType<string, string> =>
  text((written): Read<string> => {
    const zone = canonicalZone(written);
    return zone === null ? { kind: "wrong", wrong: `\`${written}\` is no time zone`, right: "use a name of the IANA database, such as Europe/Berlin" } : { kind: "read", value: zone };
  }).meta({ unit: "IANA time zone" });

/** `HOST:PORT` with an IPv6 host in brackets. */
export const hostAndPort = (): z.ZodType<{ readonly host: string; readonly port: number }, string> =>
  text((written): Read<{ readonly host: string; readonly port: number }> => {
    const [, bracketed, plain, digits = ""] = /^(?:\[([0-9a-f:.%]+)\]|([^\s:[\]/]+)):(\d{1,5})$/i.exec(written.trim()) ?? [];
    const host = bracketed ?? plain;
    if (host !== undefined && Number(digits) <= 65_535) return { kind: "read", value: { host, port: Number(digits) } };
    return { kind: "wrong", wrong: `\`${written}\` is not HOST:PORT`, right: "write 127.0.0.1:2930, [::1]:2930 or off" };
  }).meta({ unit: "HOST:PORT" });

/** A fact and its condition in one text: `latency < 800ms`, `status 200-299`, `body /Welcome/`. */
export const CONDITION_TEXT = /^([^\s<>=!]+)(?:\s+|(?=[<>=!]))(\S.*)$/s;

/** An element of a list of conditions. */
export const conditionText = (): z.ZodType<string, string> =>
  text((written): Read<string> => (CONDITION_TEXT.test(written.trim()) ? { kind: "read", value: written } : { kind: "wrong", wrong: `\`${written}\` is no condition on a fact`, right: "write a fact and its condition, such as `latency < 800ms`, `status 200-299` or `body /Welcome/`" })).meta({ unit: "text such as `latency < 800ms`" });

/** `off`, also as `false`. */
export const off = (): z.ZodType<"off", "off" | false> => z.union([z.literal("off"), z.literal(false)]).transform((): "off" => "off").meta({ unit: "off" });

/** A list of names; a single name may stand without brackets. */
export const names = (): z.ZodType<string[], string | string[]> => z.union([z.array(z.string().min(1)), z.string().min(1).transform((name) => [name])]);

/** A Liquid template over what a message has to say. */
export const messageTemplate = (): z.ZodType<string, string> =>
  z
    .string()
    .superRefine((template, ctx) => {
      const problem = messageTemplateProblem(template);
      if (problem !== null) ctx.addIssue({ code: "custom", message: `this template cannot be filled in: ${problem}`, params: { right: "see \"Words of your own\" in docs/alerting.md for what it may use" } });
    })
    .meta({ unit: "template" });
