import { renderMessage } from "../src/alert/message.ts";
import { inOwnWords } from "../src/alert/words.ts";
import type { CheckDefinition, Site } from "../src/config/site.ts";
import { freshState } from "../src/core/draft.ts";
import { Bench, parentView } from "../src/core/ground.ts";
import type { Alert, Policy } from "../src/core/types.ts";
import { World } from "../src/run/ground.ts";
import { type Files, load } from "./import/disk.ts";

/** Snippets of other systems' configurations, read by their importers: what is judged is what a user of theirs gets. */

/** The site that a snippet becomes. */
export async function siteOf(format: string, path: string, files: Files): Promise<Site> {
  const loading = await load(path, format, files, false);
  if (loading.kind !== "loaded") throw new Error(`the snippet is refused: ${JSON.stringify(loading.problems)}`);
  return loading.site;
}

/** Fletchck's checks, with the actions ops and boss. */
export function fletchck(checks: { readonly [name: string]: object }): Promise<Site> {
  const actions = { ops: { type: "log" }, boss: { type: "log" } };
  return siteOf("fletchck", "site.json", { "site.json": JSON.stringify({ actions, checks, mqtt: { hostname: "mqtt.example.com" } }) });
}

/** monsta's [Test_t] with the checks a and b, and the notifications ops, log, boss and sms. */
export function monsta(test: string, checks = "a b"): Promise<Site> {
  const mails = ["ops", "log", "boss"].map((name) => `[Notification_${name}]\ntype=smtp\nrecipient=${name}@example.com\nsender=monsta@example.com\n`);
  const sms = "[Notification_sms]\ntype=sms_clickatell\napi_id=1\nusername=u\npassword=p\nrecipient=15550100\n";
  const asked = ["a", "b"].map((name) => `[Check_${name}]\ntype=portconnect\nhost=${name}.example.com\nport=80\n`);
  return siteOf("monsta", "monsta.conf", { "monsta.conf": `${mails.join("")}${sms}${asked.join("")}[Test_t]\nchecks=${checks}\n${test}\n` });
}

export function checkOf(site: Site, name: string): CheckDefinition {
  const found = site.checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`the snippet has no check ${name}`);
  return found;
}

/** One check of a snippet under the judge. */
export function benchOf(policy: Policy): Bench {
  const bench = new Bench();
  bench.policy = policy;
  bench.state = freshState(policy, bench.now);
  bench.parents = policy.parents.map((check) => parentView({ check }));
  return bench;
}

/** All checks of a snippet under the engine: their answers are made up, and what they are asked is not. */
export async function worldOf({ checks }: Site): Promise<World> {
  const world = await World.open();
  world.put(checks.map((check) => ({ ...check, type: check.policy.group === null ? "fake" : "group", options: { name: check.name, within: 0 }, expect: [], traced: null })));
  return world;
}

/** What the snippet's channel says of an alert. */
export function wordsOf({ channels, checks }: Site, alert: Alert): { readonly subject: string; readonly text: string } {
  const channel = channels.find(({ name }) => name === alert.channel);
  if (channel === undefined) throw new Error(`the snippet has no channel ${alert.channel}`);
  const site = { name: "Example", vantage: "here", url: null, timezone: "UTC" };
  const message = renderMessage({ key: "k", recipient: alert.recipient, alerts: [alert], site, asOf: alert.at, alsoTold: [], unrecorded: false });
  const { message: own, problem } = inOwnWords(channel.templates, message, { site, asOf: alert.at, check: (name) => checks.find((check) => check.name === name) ?? null, act: () => null });
  if (problem !== null) throw new Error(problem);
  return { subject: own.subject, text: own.text };
}
