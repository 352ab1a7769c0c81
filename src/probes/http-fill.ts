import type { FollowRequest } from "../dial/http-follow.ts";
import type { Failure } from "../sys/ports.ts";
import { FIELD, TOKEN_SIGNS, USER, credentialsOf } from "./http-request.ts";
import type { Step } from "./http-step.ts";

/** What was taken from answers so far, by name. */
export type Values = ReadonlyMap<string, string>;

const CARRIED = /\{\{([^{}]*)\}\}/g;
/** Names that values may have. */
export const VALUE_NAME = /^[A-Za-z][\w-]{0,39}$/;

/** What is wrong with the `{{NAME}}` in a text when only these names are known; null when nothing is. */
export function carriedProblem(text: string, known: ReadonlySet<string>): { readonly wrong: string; readonly right: string } | null {
  for (const [whole, inside = ""] of text.matchAll(CARRIED)) {
    const name = inside.trim();
    if (!VALUE_NAME.test(name)) return { wrong: `\`${whole.slice(0, 60)}\` is no name of a carried value`, right: "write {{NAME}} with a name that a step before takes" };
    if (!known.has(name)) return { wrong: `no step before this one takes \`${name}\``, right: known.size === 0 ? `add \`take: {${name}: ...}\` to a step before` : `known here are ${[...known].map((each) => `\`${each}\``).join(", ")}` };
  }
  return text.replaceAll(CARRIED, "").includes("{{") ? { wrong: "`{{` begins a carried value and is not closed", right: "write {{NAME}}" } : null;
}

/** The text with something harmless for each carried value, to look at the rest. */
export const withoutCarried = (text: string): string => text.replaceAll(CARRIED, "x");

/** The text with its values; `write` says how one stands there, given what stands before it. */
function fill(text: string, values: Values, write: (value: string, before: string) => string = (value) => value): string {
  let out = "";
  let from = 0;
  for (const { 0: whole, 1: inside = "", index } of text.matchAll(CARRIED)) {
    out += text.slice(from, index);
    out += write(values.get(inside.trim()) ?? "", out);
    from = index + whole.length;
  }
  return out + text.slice(from);
}

/** Where a step stands in its journey. */
export interface Around {
  /** Where the step before ended; null for the first. */
  readonly at: URL | null;
  /** The only origins that carried values may lead to: those that the configuration names. */
  readonly origins: ReadonlySet<string>;
  readonly values: Values;
}

export type Filled = { readonly kind: "filled"; readonly request: Pick<FollowRequest, "url" | "method" | "headers" | "body" | "credentials"> } | { readonly kind: "failed"; readonly failure: Failure };

const failed = (sentence: string): { readonly kind: "failed"; readonly failure: Failure } => ({ kind: "failed", failure: { code: "mismatch", sentence } });

/**
 * The request of a step, with the values taken before it, each written as its place wants it: percent-encoded after the `?` of an address and
 * in a form, escaped in a body of JSON, as it stands elsewhere. A value that does not fit, or leads to where no step goes, makes it fail.
 */
export function fillStep(step: Step, { at, origins, values }: Around): Filled {
  const address = fill(step.url, values, (value, before) => (before.includes("?") ? encodeURIComponent(value) : value));
  const url = URL.canParse(address, at?.href) ? new URL(address, at?.href) : null;
  if (url === null || url.username !== "" || url.password !== "") return failed("the values taken before make no web address of `url`");
  if (!origins.has(url.origin)) return failed(`the values taken before lead to ${url.origin}, which no step names`);
  const fields = Object.entries(step.headers).map(([name, text]) => [name, fill(text, values)] as const);
  const unfit = fields.find(([, text]) => !FIELD.test(text));
  if (unfit !== undefined) return failed(`a value taken before cannot stand in the header field ${unfit[0]}`);
  const auth = filledAuth(step.auth, values);
  if (auth === "unfit") return failed("a value taken before cannot stand in `auth`");
  const typed = fields.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const body = filledBody(step, typed ?? "", values);
  const type = step.form === null || typed !== undefined ? {} : { "Content-Type": "application/x-www-form-urlencoded" };
  const method = step.method ?? (body === null ? "GET" : "POST");
  return { kind: "filled", request: { url, method, headers: { ...Object.fromEntries(fields), ...type }, body, credentials: credentialsOf({ auth }) } };
}

function filledBody({ form, body }: Step, type: string, values: Values): string | null {
  if (form !== null) return new URLSearchParams(Object.entries(form).map(([name, text]): [string, string] => [name, fill(text, values)])).toString();
  if (body === null) return null;
  return fill(body, values, (value) => (/json/i.test(type) ? JSON.stringify(value).slice(1, -1) : value));
}

function filledAuth(auth: Step["auth"], values: Values): Step["auth"] | "unfit" {
  if (auth === null) return null;
  if ("token" in auth) {
    const token = fill(auth.token, values);
    return TOKEN_SIGNS.test(token) ? { token } : "unfit";
  }
  const user = fill(auth.user, values);
  return USER.test(user) ? { ...auth, user, password: fill(auth.password, values) } : "unfit";
}
