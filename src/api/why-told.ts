import { formatDuration } from "../core/time.ts";
import type { CheckName } from "../core/types.ts";
import type { AlertRow, MessageStory, Store, Try } from "../store/store.ts";
import { closing, SAID, saidBy, whom } from "./story.ts";
import type { WhyLine } from "./types.ts";

/** Who was to be told, and how each try went. Pure. */

type Story = NonNullable<Awaited<ReturnType<Store["incident"]>>>;

const line = (at: number, kind: WhyLine["kind"], text: string): WhyLine => ({ at, until: null, kind, verdict: null, text });

/** What an incident told, try by try, and how it ended. */
export function toldLines({ incident, alerts, attempts }: Story, messages: readonly MessageStory[]): readonly WhyLine[] {
  const pairs = new Map<string, { readonly to: string; readonly ofMessage: readonly Try[] }>();
  for (const { alert, message } of alerts) if (message !== null) pairs.set(message, { to: whom(alert), ofMessage: attempts.filter((one) => one.message === message) });
  const lines = [...alerts.map((row) => alertLine(row, messages.find(({ id }) => id === row.message))), ...[...pairs.values()].flatMap(({ to, ofMessage }) => ofMessage.map((one) => tryLine(to, one)))];
  if (incident.closed !== null) lines.push(line(incident.closed, "closed", closing(incident, incident.closed)));
  return lines;
}

function alertLine({ alert, status }: AlertRow, message: MessageStory | undefined): WhyLine {
  const instead = alert.insteadOf === undefined ? "" : `, instead of ${alert.insteadOf}, which did not work`;
  const withdrawn = status === "withdrawn" ? "; withdrawn: its beginning was not delivered" : "";
  const failed = status === "failed" && message?.attempts.length === 0 ? `; given up: ${message.lastReason}` : "";
  return line(alert.at, "told", `For ${whom(alert)}: ${saidBy(alert)}${instead}${withdrawn}${failed}`);
}

const OUTCOME: { readonly [outcome in Try["outcome"]]: string } = { sent: "Sent to", retry: "Not sent, tried again later, to", refused: "Not sent, given up, to", lost: "No answer, it may have arrived, from" };

function tryLine(to: string, { at, tookMs, outcome, reason }: Try): WhyLine {
  const said = outcome === "sent" || reason === "" ? "" : `: ${reason}`;
  return line(at, "try", `${OUTCOME[outcome]} ${to}${said} (${formatDuration(tookMs)})`);
}

/** Messages whose alerts are in no story that is told: every run told, no longer flapping, incidents further back. `known`: the alerts told already. */
export function messageLines(check: CheckName, messages: readonly MessageStory[], known: ReadonlySet<string>): readonly WhyLine[] {
  const others = messages.filter(({ alerts, status }) => status !== "superseded" && !alerts.some((id) => known.has(id)));
  return others.flatMap((message) => {
    const said = new Set(message.tells.flatMap(({ check: of, kind }) => (of === check ? [SAID[kind]] : [])));
    const tries = message.attempts.map((one) => tryLine(whom(message), one));
    return [line(message.formedAt, "told", `For ${whom(message)}: ${[...said].join(", then ")}`)].concat(tries);
  });
}
