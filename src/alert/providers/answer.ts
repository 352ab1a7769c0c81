import type { Mask } from "../../core/mask.ts";
import type { Instant } from "../../core/types.ts";
import type { Sending } from "../channels/channel.ts";
import { type HttpReply, judgeReply, retryAfterMs } from "../channels/http-status.ts";

/** A place in a JSON answer (`messages.*.status`; `*`: every element; empty: the whole body as text) and the values that count there. */
export interface Place {
  readonly at: string;
  readonly is: readonly (string | number | boolean | RegExp)[];
}

/** For answers that are empty or of little meaning: anything but a page for people. */
export const NO_PAGE: Place = { at: "", is: [/^(?!<)/] };

/** What a provider's answers mean beside the shared table of statuses. */
export interface Answer {
  /** Statuses that mean something else here. */
  readonly statuses?: { readonly [status: number]: Sending["kind"] };
  /** With a good status: every value in each of these places must say that the message was taken. A body without the first place, and a page in place of a text, is not the provider's. */
  readonly taken?: Place | readonly Place[];
  /** Where a failure is told when it is told in a place of its own. */
  readonly failing?: string;
  /** What makes a failure one that passes with time, in any of these places. */
  readonly passing?: Place | readonly Place[];
  /** Where it says that it has this message already, from a try whose answer was lost. */
  readonly already?: Place | readonly Place[];
  /** Where the body says how long to wait, and in what unit. */
  readonly wait?: { readonly at: string; readonly unitMs: number };
}

const QUOTED_MAX = 200;
/** What a network says in between that wants people to sign in. */
const PAGE = /^\s*<(!doctype html|html)\b/i;
const NONE: readonly unknown[] = [];
const NONE_OF_THEM: readonly Place[] = [];

function valuesAt(body: unknown, path: readonly string[]): readonly unknown[] {
  const [step, ...rest] = path;
  if (step === undefined) return [body];
  if (typeof body !== "object" || body === null) return NONE;
  if (step === "*") return Array.isArray(body) ? body.flatMap((part: unknown) => valuesAt(part, rest)) : NONE;
  return Object.hasOwn(body, step) ? valuesAt((body as { readonly [key: string]: unknown })[step], rest) : NONE;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function found(place: Pick<Place, "at">, { body }: HttpReply): readonly unknown[] {
  return place.at === "" ? [body.trim()] : valuesAt(parse(body), place.at.split("."));
}

const counts = (value: unknown, is: Place["is"]): boolean => is.some((one) => (one instanceof RegExp ? one.test(String(value)) : one === value));

function holds(place: Place, reply: HttpReply): boolean {
  const values = found(place, reply);
  return values.length > 0 && values.every((value) => counts(value, place.is));
}

/** Whether any value in any of the places counts. */
const tells = (places: Answer["passing"], reply: HttpReply): boolean => [places ?? NONE_OF_THEM].flat().some((place) => found(place, reply).some((value) => counts(value, place.is)));

function waitMs(wait: Answer["wait"], reply: HttpReply): number | undefined {
  if (wait === undefined) return undefined;
  const [value] = found(wait, reply);
  const wanted = Number(value) * wait.unitMs;
  return value !== null && Number.isFinite(wanted) && wanted >= 0 ? Math.ceil(wanted) : undefined;
}

/** Masked before it is cut: half a secret is one too. */
function masked(reply: HttpReply, mask: Mask): HttpReply {
  const { location } = reply.headers;
  return { ...reply, reason: mask(reply.reason), body: mask(reply.body), headers: location === undefined ? reply.headers : { ...reply.headers, location: mask(location) } };
}

/** Status and body together. The receiver answered, so nothing is in doubt but a good status with a body that is not the provider's. */
export function judgeAnswer(answer: Answer, reply: HttpReply, now: Instant, mask: Mask): Sending {
  const { statuses, taken, failing, passing, already, wait } = answer;
  const byStatus = judgeReply(masked(reply, mask), now);
  const said = byStatus.kind === "sent" ? byStatus.detail : byStatus.reason;
  const meant = statuses?.[reply.status];
  if (meant === "sent" || tells(already, reply)) return { kind: "sent", detail: said };
  if (meant === "refused") return { kind: "refused", reason: said };
  const isGood = byStatus.kind === "sent" && meant === undefined;
  const places = taken === undefined ? [] : [taken].flat();
  if (isGood && places.every((place) => holds(place, reply))) return byStatus;
  const passes = meant === "retry" || byStatus.kind === "retry" || tells(passing, reply);
  const [first] = places;
  const isTold = failing !== undefined && found({ at: failing }, reply).length > 0;
  const strange = isGood && !isTold && first !== undefined && (found(first, reply).length === 0 || PAGE.test(reply.body));
  if (!passes && !strange) return { kind: "refused", reason: said };
  const afterMs = waitMs(wait, reply) ?? retryAfterMs(reply.headers["retry-after"], now);
  const reason = strange && !passes ? `${said.slice(0, QUOTED_MAX)}; this answer is not the provider's` : said;
  return { kind: "retry", reason, doubt: strange && !passes, ...(afterMs === undefined ? {} : { afterMs }) };
}
