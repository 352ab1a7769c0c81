import { validateHeaderName, validateHeaderValue } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Message } from "../../src/alert/channels/channel.ts";
import { channels } from "../../src/alert/channels/index.ts";
import { judgeAnswer } from "../../src/alert/providers/answer.ts";
import { catalogue } from "../../src/alert/providers/catalogue.ts";
import { requestOf } from "../../src/alert/providers/engine.ts";
import type { AnyProvider, Call } from "../../src/alert/providers/provider.ts";
import { itemView, messageView } from "../../src/alert/providers/view.ts";
import { optionRows } from "../../src/config/reference.ts";
import { checkName, type IncidentId } from "../../src/core/types.ts";
import { channelContext } from "../channels/message.ts";
import type { Recording } from "./recording.ts";
import { recordings } from "./recordings.ts";
import { ALIAS, KEY, NOW, sample } from "./sample.ts";

/** All findings at once, a line each. */
const none = (found: readonly string[]): void => expect(found.join("\n")).toBe("");
const each = (find: (entry: AnyProvider) => readonly (string | false)[]): void => none(catalogue.flatMap((entry) => find(entry).flatMap((finding) => (finding === false ? [] : [`${entry.type}: ${finding}`]))));
const recorded = (type: string): readonly Recording[] => recordings.filter((recording) => recording.type === type);
const ctx = channelContext();
const schemas = new Map(catalogue.map((entry) => [entry, entry.options()]));
function schemaOf(entry: AnyProvider): ReturnType<AnyProvider["options"]> {
  const schema = schemas.get(entry);
  if (schema === undefined) throw new Error(`${entry.type} is not in the catalogue`);
  return schema;
}

/** Everything that is asked for a message, as the engine would. */
function callsFor(entry: AnyProvider, options: object, message: Message): readonly Call[] {
  const chosen = schemaOf(entry).parse(options);
  const limits = entry.limits ?? {};
  if (!("outage" in entry)) return [entry.say(chosen, messageView(message, limits, ctx))];
  return message.items.slice(0, 20).flatMap((item) => {
    const view = itemView(item, message, limits, ctx);
    const both = [entry.outage(chosen, view), entry.recovery(chosen, view)];
    return entry.reminder === undefined ? both : both.concat(entry.reminder(chosen, view));
  });
}

/** Every text in a request's body. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

const NASTY = '@everyone <!channel> & "quoted" \u202E \u0000 \r\n 😀 {{x}} ${y} ';
const long = (sign: string): string => sign.repeat(6000).slice(0, 6000);
/** Names, sentences and evidence that are long and hard on every form of writing. */
const monsters: readonly Message[] = [NASTY, "&", "<at>", "<users/a", "@a", "😀", "ü", "`", "x"].flatMap((sign) => {
  const hard = { check: checkName(long(sign).slice(0, 200)), sentence: long(sign), evidence: [{ label: sign, text: long(`${sign}\n`) }] };
  const many = Array.from({ length: 300 }, (_, at) => ({ event: "outage", ...hard, check: checkName(`${at} ${sign.repeat(20)}`), incident: String(at) as IncidentId }) as const);
  return [sample("+15550100", [{ event: "outage", ...hard }]), sample("+15550100", many)];
});

describe("every entry", () => {
  test("is one of at least 60", () => expect(catalogue.length).toBeGreaterThanOrEqual(60));
  test("has a name of its own, in order", () => {
    const types = catalogue.map(({ type }) => type);
    expect(types).toEqual([...new Set(types)].toSorted());
    expect(types.filter((type) => channels.some((channel) => channel.type === type))).toEqual([]);
  });
  test("says what it is", () => each(({ type, about, source }) => [!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(type) && "its type is no plain name", (about === "" || about.length > 160 || about.endsWith(".")) && "about is one sentence without a full stop, of at most 160 characters", !(URL.canParse(source) && source.startsWith("https://")) && "source is the address of the provider's documentation"]));
  test("describes its options", () => each(({ options }) => optionRows(options()).map(({ option, about }) => (option.includes(".") || about !== "" ? false : `${option} is not described`))));
  test("marks its secrets", () => each(({ options }) => optionRows(options()).map(({ option, secret }) => /token|apikey|secret|password|routingkey/i.test(option) && !secret && `${option} sounds secret and is not marked`)));
  test("has a secret, or is a product that one hosts oneself", () => each(({ options }) => [!optionRows(options()).some(({ secret, option }) => secret || option === "url") && "nothing of it is secret"]));
  test("can be sent to another address only when one hosts it oneself", () => each(({ options }) => {
    const rows = optionRows(options());
    const url = rows.find(({ option }) => option === "url");
    return [url !== undefined && !url.secret && !rows.some(({ option }) => option === "tls") && "it has a url and no tls: is it hosted?"];
  }));
  test("was recorded: every event, success, a refusal and a failure that passes", () => {
    each((entry) => {
      const all = recorded(entry.type);
      const events = new Set(all.flatMap(({ asks }) => Object.keys(asks)));
      const means = new Set(all.flatMap(({ replies }) => replies.map(([means]) => means)));
      const wanted = "outage" in entry ? ["outage", "recovery"] : ["outage"];
      return [...wanted.map((event) => !events.has(event) && `no ${event}`), ...(["sent", "refused", "retry"] as const).map((one) => !means.has(one) && `no reply that means ${one}`)];
    });
  });
  test("carries its key where it says so", () => {
    each(({ type, key }) => (key === null ? [] : [!recorded(type).every(({ asks }) => Object.values(asks).every((ask) => [KEY, ALIAS, "shop"].some((id) => JSON.stringify(ask).replaceAll("-", "").includes(id.replaceAll("-", ""))))) && `${key} is not in every request`]));
  });
});

function bodies(type: string, alerts: Parameters<typeof sample>[1]): string {
  const entry = catalogue.find((one) => one.type === type) ?? expect.fail();
  return JSON.stringify(callsFor(entry, recorded(type)[0]?.options ?? {}, sample("", alerts)));
}

test.each([
  ["alertmanager", /"(check|site)":"[^"]+"/g],
  ["alerta", /"resource":"[^"]+"/g],
  ["spike", /"title":"[^"]+"/g],
  ["opsgenie", /"alias":"[^"]+"/g],
] as const)("what began under other names ends under these at %s", (type, identity) => {
  const [began, ended] = [{}, { check: checkName("store"), openedAs: { site: "Example", check: checkName("shop") } }].map((more) => [...new Set(bodies(type, [{ event: "recovery", ...more }]).match(identity))]);
  expect(began).not.toEqual([]);
  expect(ended).toEqual(began);
});

describe("what is of no check, though it bears the site's name", () => {
  const outage = { event: "outage", check: checkName("Example") } as const;
  const cases = [
    ["alertmanager", /"alertname":"\w+"/g],
    ["alerta", /"event":"\w+"/g],
    ["spike", /"title":"[^"]+"/g],
    ["opsgenie", /"alias":"[^"]+"/g],
    ["grafana-oncall", /"alert_uid":"[^"]+"/g],
  ] as const;
  test.each(cases)("a test of %s opens and closes no check's trouble", (type, identity) => {
    const names = (alerts: Parameters<typeof sample>[1]): readonly string[] => [...new Set(bodies(type, alerts).match(identity))];
    const [own, check] = [names([{ event: "test" }]), names([outage])];
    expect([own.length, check.length]).toEqual([1, 1]);
    expect(own).not.toEqual(check);
  });
  test.each(["datadog", "new-relic", "splunk-hec"])("a digest is an event of its own to %s", (type) => {
    const alias = (alerts: Parameters<typeof sample>[1]): string => /tocsin-[0-9a-f]{32}/.exec(bodies(type, alerts))?.[0] ?? "";
    expect(bodies(type, [{ event: "digest" }])).toContain("DIGEST Example");
    expect(alias([{ event: "digest" }])).not.toBe(alias([outage]));
  });
});

test("a direct status of Mastodon mentions somebody", () => {
  const f = (more: object): boolean => schemaOf(catalogue.find(({ type }) => type === "mastodon") ?? expect.fail()).safeParse({ url: "https://m.example", token: "t", ...more }).success;
  expect([f({}), f({ visibility: "direct" }), f({ mention: "@ops@m.example" }), f({ visibility: "private" })]).toEqual([false, false, true, true]);
});

test("what is counted in bytes of JSON fits", () => {
  const most: { readonly [type: string]: number } = { bark: 4096, feishu: 20 * 1024, matrix: 65_536, teams: 28 * 1024 };
  none(Object.entries(most).flatMap(([type, bytes]) => {
    const entry = catalogue.find((one) => one.type === type) ?? expect.fail();
    const texts = ['{"a": "b"},', String.raw`C:\"`, "\u0001", "é\n"].map((sign) => sample("!a:b", [{ event: "outage", evidence: Array.from({ length: 6 }, (_, at) => ({ label: String(at), text: sign.repeat(600) })) }]));
    const sizes = texts.flatMap((message) => callsFor(entry, recorded(type)[0]?.options ?? {}, message).map((call) => Buffer.byteLength(requestOf(call, {}).body)));
    return Math.max(...sizes) > bytes ? [`${type}: ${Math.max(...sizes)} of ${bytes}`] : [];
  }));
});

describe("whatever is told", () => {
  const options = (type: string): object => recorded(type)[0]?.options ?? {};
  test("addresses, headers and bodies are well formed", () => {
    each((entry) =>
      monsters.flatMap((message) =>
        callsFor(entry, options(entry.type), message).map((call) => {
          const { headers, body } = requestOf(call, {});
          for (const [name, value] of Object.entries(headers)) {
            validateHeaderName(name);
            validateHeaderValue(name, value);
          }
          const bodies = [call.json, call.form, call.text].filter((one) => one !== undefined);
          return (bodies.length > 1 && "more than one body") || (/\\u[dD][89abAB]/.test(body) && "half a character");
        }),
      ),
    );
  });
  test("no text is longer than the provider takes", () => {
    each((entry) => {
      const [{ most = entry.type.startsWith("sms-") ? 160 : undefined, bytes } = {}] = recorded(entry.type);
      if (most === undefined) return [];
      const lengths = monsters.flatMap((message) => callsFor(entry, options(entry.type), message).flatMap(({ json, form, text }) => textsOf([json, form, text]).map((one) => (bytes === true ? Buffer.byteLength(one) : one.length))));
      return [Math.max(...lengths) > most && `${Math.max(...lengths)} of ${most}`];
    });
  });
});

/** Providers that document no answer: whatever comes with a good status is taken for theirs. */
const SILENT: ReadonlySet<string> = new Set(["better-stack", "pagertree", "pumble", "sms-cloudkinnekt", "sms-freemobile", "stackfield"]);

test("a page of the network between is nobody's answer", () => {
  each(({ type, answer = {} }) => {
    const sending = judgeAnswer(answer, { status: 200, reason: "OK", headers: {}, body: "<html>Sign in</html>" }, NOW, (said) => said);
    return [(SILENT.has(type) ? sending.kind !== "sent" : !(sending.kind === "retry" && sending.doubt)) && `it is taken as ${sending.kind}`];
  });
});

test("any answer means one of the three", () => {
  const body = fc.oneof(fc.string(), fc.json(), fc.constantFrom("", "null", "[[[[", '{"messages":[null]}', '{"ok":{"ok":true}}', '{"code":"0"}'));
  fc.assert(
    fc.property(fc.constantFrom(...catalogue), fc.integer({ min: 100, max: 599 }), body, (entry, status, text) => {
      const meant = judgeAnswer(entry.answer ?? {}, { status, reason: "", headers: {}, body: text }, NOW, (said) => said);
      return meant.kind === "sent" ? meant.detail !== "" : meant.reason !== "";
    }),
    { numRuns: 2000 },
  );
});
