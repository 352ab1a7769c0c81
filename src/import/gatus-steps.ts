import type { OAuth2 } from "./gatus-client.ts";
import type { Mapping } from "./values.ts";

/** Keys of a check that belong to the step that asks. */
const OF_STEP: ReadonlySet<string> = new Set(["url", "auth", "method", "headers", "body", "redirects"]);

/** A token is asked for first (RFC 6749, section 4.4), then what is checked is, with it. */
export function stepsWithToken({ tokenUrl, id, secret, scopes }: OAuth2, name: string, keys: Mapping, expect: Mapping): Mapping {
  const { type: _, ...all } = keys;
  const own = Object.entries(all).filter(([key]) => OF_STEP.has(key));
  const others = Object.entries(all).filter(([key]) => !OF_STEP.has(key));
  const token = {
    name: "token",
    url: tokenUrl,
    form: { grant_type: "client_credentials", scope: scopes.join(" ") },
    auth: { user: encodeURIComponent(id), password: encodeURIComponent(secret) },
    take: { token: "body.json.access_token" },
  };
  return { type: "http-steps", steps: [token, { name: name === "token" ? "check" : name, ...Object.fromEntries(own), auth: { token: "{{token}}" }, expect }], ...Object.fromEntries(others) };
}
