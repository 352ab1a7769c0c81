import type { Message } from "./channel.ts";

/** The document that receivers get: plain words and instants in ISO 8601; `key` and each alert's `id` stay the same when it is sent again. */
export function documentOf(message: Message): { readonly [name: string]: unknown } {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const types = new Map(message.items.map(({ alert, type }) => [alert.check, type]));
  const alerts = message.alerts.map((alert) => ({
    id: alert.id,
    kind: alert.kind,
    check: alert.check,
    type: types.get(alert.check) ?? "",
    incident: alert.incident,
    ends: alert.ends ?? null,
    status: alert.status,
    at: iso(alert.at),
    since: iso(alert.since),
    outageFrom: iso(alert.outageFrom),
    unseenSince: iso(alert.unseenSince ?? null),
    code: alert.code,
    sentence: alert.sentence,
    hides: alert.hides,
    dependents: alert.dependents ?? [],
    evidence: alert.evidence,
  }));
  return { key: message.key, subject: message.subject, text: message.text, site: message.site, alerts };
}
