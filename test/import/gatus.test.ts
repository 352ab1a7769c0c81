import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openForeignConfiguration, readForeign } from "../../src/app/foreign.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { writeDocument } from "../../src/import/write.ts";
import { header, hook, service } from "../e2e/receivers.ts";
import { ask, Place } from "../e2e/world.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { atEnd, describeWith, freePort, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("Gatus against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

const written = (text: string): string => {
  const path = join(temporaryFolder(), "config.yaml");
  writeFileSync(path, text);
  return path;
};

test("10,000 endpoints come over", async () => {
  const endpoints = Array.from({ length: 10_000 }, (_, index) => `  - name: web ${index}\n    group: group ${index % 10}\n    url: https://host${index}.example.com/\n    conditions: ["[STATUS] == 200", "[RESPONSE_TIME] < ${index + 1}"]\n    alerts: [{type: slack}]\n`);
  const foreign = await readForeign(written(`alerting: {slack: {webhook-url: "https://hooks.slack.com/services/A/B/C"}}\nendpoints:\n${endpoints.join("")}`), { from: null, keepGoing: false });
  const checks = Object.entries(foreign?.document["checks"] ?? {});
  expect(checks).toHaveLength(10_000);
  expect(Object.fromEntries(checks)["group 9/web 9999"]).toMatchObject({ type: "http", url: "https://host9999.example.com/", tags: ["group 9"], expect: { status: 200, latency: "< 10000ms" }, failAfter: 3, notify: ["slack"] });
  expect(foreign?.problems).toEqual([]);
});

test("a body of two megabytes is written as it stands", async () => {
  const body = `\${a} "b" \\ ${"ä x".repeat(700_000)}`;
  const path = written(`endpoints:\n  - name: web\n    url: https://www.example.com/\n    body: ${JSON.stringify(body.replace("$", () => "$$"))}\n    conditions: ["[STATUS] == 200"]\n`);
  const opened = await openForeignConfiguration(path, null);
  if (opened.kind !== "opened") throw new Error(`${path} could not be opened`);
  const parsed = parseYaml(writeDocument(opened.imported, opened.format, path));
  const { checks = {} } = parsed.kind === "parsed" ? (parsed.value as { readonly checks?: { readonly [name: string]: { readonly body: string } } }) : {};
  // In a tocsin.yaml `$${` are the characters themselves; a difference of two megabytes is nothing to print.
  expect(checks["web"]?.body === body.replace("$", () => "$$")).toBe(true);
});

/** A web service whose JSON says how it is. */
async function api(): Promise<{ readonly port: number; status: string; asked: number }> {
  const port = await freePort();
  const state = { port, status: "UP", asked: 0 };
  const server = createServer((_, response) => {
    state.asked += 1;
    response.writeHead(200, { connection: "close" }).end(JSON.stringify({ status: state.status }));
  });
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  atEnd(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return state;
}

const configuration = (mail: number, db: number): string => `
alerting:
  email:
    from: gatus@mail.test
    host: 127.0.0.1
    port: ${mail}
    to: probe@mail.test
    default-alert: {description: look at the rack, send-on-resolved: true}
endpoints:
  - name: api
    group: core
    url: http://127.0.0.1:\${API_PORT}/
    interval: 300ms
    conditions: ["[STATUS] == 200", "[BODY].status == UP"]
    alerts: [{type: email}]
  - name: db
    url: tcp://127.0.0.1:${db}
    interval: 300ms
    conditions: ["[CONNECTED] == true"]
    alerts:
      - {type: email, failure-threshold: 1, send-on-resolved: false, description: "", provider-override: {from: boss@mail.test}}
external-endpoints:
  - name: nightly job
    token: potato
    alerts: [{type: email, failure-threshold: 2, success-threshold: 1}]
`;

const hooks = (hook: string, port: number): string => `
alerting:
  custom:
    url: ${hook}/custom
    overrides: [{group: asked, url: "${hook}/asked/[ENDPOINT_NAME]?text=[ALERT_DESCRIPTION] [ALERT_TRIGGERED_OR_RESOLVED]", method: GET}]
    method: PUT
    headers: {X-Key: abc}
    body: '{"text": "[ALERT_TRIGGERED_OR_RESOLVED]: [ENDPOINT_GROUP] - [ENDPOINT_NAME] - [ALERT_DESCRIPTION] - [RESULT_ERRORS]", "url": "[ENDPOINT_URL]"}'
    placeholders: {ALERT_TRIGGERED_OR_RESOLVED: {TRIGGERED: outage}}
  n8n: {webhook-url: ${hook}/n8n, title: "{{ mine }}"}
  zapier: {webhook-url: ${hook}/zapier}
  webex: {webhook-url: ${hook}/webex}
  homeassistant: {url: "${hook}/", token: sesame}
endpoints:
${["group: core", "enabled: true"].map((more) => `  - name: a/b
    ${more}
    url: tcp://127.0.0.1:${port}
    interval: 300ms
    conditions: ["[CONNECTED] == true"]
    alerts:
${["custom", "n8n", "zapier", "webex", "homeassistant"].map((type) => `      - {type: ${type}, failure-threshold: 1, success-threshold: 1, send-on-resolved: true, description: "it's {{ down }}"}\n`).join("")}`).join("")}
  - name: a&b
    group: asked
    url: tcp://127.0.0.1:${port}
    interval: 300ms
    conditions: ["[CONNECTED] == true"]
    alerts: [{type: custom, failure-threshold: 1, success-threshold: 1, send-on-resolved: true, description: is down}]
`;

test("webhooks are called with what Gatus says in them", async () => {
  const [heard, db] = [await hook(), await service(false)];
  const place = new Place("");
  place.config = `${place.folder}/config.yaml`;
  place.write(hooks(heard.url("").replace(/\/$/, ""), db.port), "config.yaml");
  await place.start();
  await place.until("eleven are told", () => heard.calls.length === 11);
  await db.open();
  await place.until("eleven are told of the end", () => heard.calls.length === 22);
  await place.stop();
  const said = (path: string): readonly unknown[] => heard.calls.filter((call) => call.path === path).map(({ body }) => JSON.parse(body) as unknown);
  const refused = expect.stringContaining("refused the connection") as unknown;
  const description = "it's {{ down }}";
  const unordered = (path: string): readonly unknown[] => said(path).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const text = (state: string, group: string): unknown => ({ text: expect.stringContaining(`${state}: ${group} - a/b - ${description} - `) as unknown, url: expect.stringMatching(/^127\.0\.0\.1:/) as unknown });
  expect(unordered("/custom")).toEqual([text("RESOLVED", ""), text("RESOLVED", "core"), text("outage", ""), text("outage", "core")]);
  expect(heard.calls.filter(({ path }) => path === "/custom").map(({ headers }) => headers["x-key"])).toEqual(["abc", "abc", "abc", "abc"]);
  expect(heard.calls.filter(({ path }) => path.startsWith("/asked")).map(({ path }) => path)).toEqual(["/asked/a%26b?text=is%20down%20outage", "/asked/a%26b?text=is%20down%20RESOLVED"]);
  const told = (endpoint: string, group: string, resolved: boolean): unknown => expect.objectContaining({ title: "{{ mine }}", endpoint_name: endpoint, endpoint_group: group, alert_description: description, resolved, condition_results: [{ condition: resolved ? expect.any(String) as unknown : refused, success: resolved }] });
  const n8n = said("/n8n");
  for (const one of [told("a/b", "core", false), told("a/b", "", false), told("a/b", "core", true), told("a/b", "", true)]) expect(n8n).toContainEqual(one);
  expect(said("/zapier")).toContainEqual(expect.objectContaining({ alert_type: "triggered", status: "critical", endpoint: "core/a/b", group: "core", description }));
  expect(said("/api/events/gatus_alert")).toContainEqual({ event_type: "gatus_alert", event_data: { status: "resolved", endpoint: "a/b", description, conditions: [{ condition: expect.any(String) as unknown, success: true }] } });
  expect(heard.calls.filter(({ headers }) => headers.authorization === "Bearer sesame")).toHaveLength(4);
  expect(said("/webex")).toContainEqual({ markdown: expect.stringContaining("core/a/b") as unknown });
});

asRoot(["postfix", "openssl"], "Gatus's configuration, run as it is", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const folder = temporaryFolder();
    postfix = await startPostfix(folder, (await makeCertificates(folder)).good);
  });

  test("outages are told at their thresholds, each once, their ends where that is wanted, and results are pushed as ever", async () => {
    const [web, db] = [await api(), await service()];
    const place = new Place("");
    place.config = `${place.folder}/config.yaml`;
    place.write(configuration(postfix.plain, db.port), "config.yaml");
    await place.start({ API_PORT: String(web.port) });
    const push = (query: string, token = "potato"): Promise<number> => ask({ host: "127.0.0.1", port: place.page.port, method: "POST", path: `/api/v1/endpoints/_nightly-job/external?${query}`, headers: { host: "status.example.com", authorization: `Bearer ${token}` } }).then(({ status }) => status);
    await place.becomes("core/api", "up");
    await place.becomes("db", "up");
    expect(await push("success=true&duration=1.5s")).toBe(200);
    expect(await place.becomes("nightly job", "up")).toMatchObject({ latencyMs: 1500 });

    const askedBefore = web.asked;
    web.status = "DOWN";
    await db.close();
    expect([await push("success=false", "tomato"), await push("success=false&error=no%20space")]).toEqual([401, 200]);
    expect(await place.check("nightly job")).toMatchObject({ state: "up", failing: 1 });
    expect(await push("success=false&error=still%20none")).toBe(200);
    await place.becomes("core/api", "down");
    expect(web.asked - askedBefore).toBeGreaterThanOrEqual(3);
    await place.becomes("db", "down");
    await place.until("all three are told", () => postfix.mails().length === 3);

    web.status = "UP";
    await db.open();
    expect(await push("success=true")).toBe(200);
    await place.becomes("core/api", "up");
    await place.becomes("db", "up");
    const mails = await place.until("two ends are told", () => (postfix.mails().length === 5 ? postfix.mails() : null));
    await place.stop();
    const said = mails.map((mail) => ({ from: header(mail, "From"), subject: header(mail, "Subject"), text: mail.replaceAll(/=\r?\n/g, "") }));
    const about = (word: string, check: string): readonly string[] => said.filter(({ subject }) => subject.includes(`${word} ${check} `)).map(({ from, text }) => `${from} ${text}`);
    const counts = ["core/api", "db", "nightly job"].map((check) => [check, about("DOWN", check).length, about("RECOVERED", check).length]);
    expect(counts).toEqual([["core/api", 1, 1], ["db", 1, 0], ["nightly job", 1, 1]]);
    expect(about("DOWN", "core/api")[0]).toMatch(/^.*gatus@mail\.test[\s\S]*look at the rack[\s\S]*body\.json\.status is \S*DOWN/);
    expect(about("DOWN", "nightly job")[0]).toMatch(/still none/);
    expect(about("DOWN", "db")[0]).toMatch(/^.*boss@mail\.test/);
    expect(about("DOWN", "db")[0]).not.toMatch(/look at the rack/);
    expect(place.run.err).not.toContain("potato");
  });
});
