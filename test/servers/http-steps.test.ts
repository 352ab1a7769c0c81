import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadSite } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problems.ts";
import { httpSteps } from "../../src/probes/http-steps.ts";
import { log as logChannel } from "../../src/alert/channels/log.ts";
import type { Outcome } from "../../src/probes/probe.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { rawServer, replies } from "./raw.ts";
import { type Shop, startShop } from "./shop.ts";

const run = (steps: readonly object[], more: object = {}, context: ContextRequest = {}): Promise<Outcome> => httpSteps.run(httpSteps.options.parse({ steps, ...more }), probeContext(context));
const line = async (...given: Parameters<typeof run>): Promise<string> => {
  const { verdict, code, sentence } = await run(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["nginx-light", "openssl"], "http-steps against nginx and a shop of the test's own", () => {
  let certificates: Certificates;
  let nginx: Nginx;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    nginx = await startNginx(folder, certificates);
  });
  const trusted = (): object => ({ tls: { ca: certificates.authority } });
  const plain = (path: string): string => `http://127.0.0.1:${nginx.http}${path}`;
  const secured = (path: string, port = nginx.https): string => `https://localhost:${port}${path}`;

  it("carries a value from an answer into the next addresses and fields, over HTTP/1.1 and HTTP/2", async () => {
    const steps = (base: (path: string) => string): readonly object[] => [
      { name: "status", url: base("/json"), take: { depth: "body.json.queue.depth", kind: "header.content-type /^application.(\\w+)/", second: "body /\"a\",\"(\\w)\"/" } },
      { name: "echo", url: "/echo?depth={{depth}}", headers: { "X-Probe": "{{kind}}-{{depth}}-{{second}}" }, expect: { body: "/\\[json-7-b\\]/", header: "exists" } },
      { name: "end", url: "/ok", expect: { "header.x-tocsin": "yes", body: "/^tocsin ok/" } },
    ];
    const outcome = await run(steps(plain));
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: "all 3 steps passed", facts: { passed: 3, step: { status: { status: 200, address: "127.0.0.1", redirects: 0 }, echo: { status: 200 }, end: { bytes: 10 } } } });
    expect(Object.keys(outcome.phases)).toEqual(["status", "echo", "end"]);
    expect(Object.keys((outcome.facts["step"] as { end: { phase: object } }).end.phase)).toEqual(["connect", "firstByte", "transfer"]);
    const over2 = await run(steps(secured), trusted());
    expect(over2).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 } } });
  });

  it("names the first step that fails, by what its answer was", async () => {
    const fine = { name: "first", url: plain("/ok") };
    expect(await line([fine, { name: "second", url: "/500" }, { url: "/ok" }])).toBe("down status step 2 of 3, second: status is 500, wanted 200-299");
    expect(await run([fine, { name: "second", url: "/500" }, { name: "third", url: "/ok" }])).toMatchObject({ facts: { passed: 1, failed: "second" } });
    expect(await line([fine, { url: "/ok", expect: { body: "/gone/" } }])).toBe("down mismatch step 2 of 2: body is `tocsin ok\n`, wanted /gone/");
    expect(await line([{ ...fine, take: { x: "body /gone(.)/" } }, { url: "/ok" }])).toBe("down mismatch step 1 of 2, first: there is no x to take: body does not match /gone(.)/");
    expect(await line([fine, { url: secured("/ok") }])).toMatch(/^down tls-untrusted step 2 of 2: /);
    expect(await line([fine, { url: secured("/ok", nginx.httpsWith.expired) }], trusted())).toMatch(/^down tls-expired step 2 of 2: /);
    expect(await line([fine, { url: "/loop", redirects: 2 }])).toMatch(/^down redirects step 2 of 2: more than 2 redirects/);
    expect(await line([fine, { url: "http://127.0.0.1:1/" }])).toBe("down refused step 2 of 2: 127.0.0.1 port 1 refused the connection");
    expect(await line([fine, { url: "http://nowhere.invalid/" }], {}, { resolvers: ["127.0.0.1:1"] })).toMatch(/^(unknown resolver|down unresolvable) step 2 of 2: /);
    expect(await line([fine, { url: "/auth" }])).toMatch(/^down status step 2 of 2: status is 401/);
    expect(await line([fine, { url: "/auth", auth: { user: "user", password: "pass" } }])).toBe("up ok all 2 steps passed");
  });

  it("shows its own certificate to the first origin alone", async () => {
    const { cert, key } = certificates.client;
    const steps = [{ url: secured("/echo", nginx.httpsClient), expect: { body: "/CN=client.test/" } }, { url: secured("/echo"), expect: { body: "/ \\[\\] \\[/" } }];
    expect(await line(steps, { tls: { ca: certificates.authority, cert, key } })).toBe("up ok all 2 steps passed");
    expect(await line(steps.toReversed(), { tls: { ca: certificates.authority, cert, key } })).toMatch(/^down status step 2 of 2: status is 400/);
  });

  it("has one deadline for all steps", async () => {
    const fine = { name: "first", url: plain("/ok") };
    const outcome = await run([fine, { name: "slow", url: "/slow" }, { url: "/ok" }], {}, { deadlineMs: 700 });
    expect(outcome).toMatchObject({ verdict: "down", code: "timeout", sentence: "step 2 of 3, slow: no answer to the request came in time", facts: { passed: 1 } });
    expect(Object.keys(outcome.phases)).toEqual(["first", "slow"]);
  });

  it("sees the server go", async () => {
    await nginx.stop();
    expect(await line([{ url: plain("/ok") }, { url: "/ok" }])).toBe(`down refused step 1 of 2: 127.0.0.1 port ${nginx.http} refused the connection`);
  });
});

describe("http-steps in a shop", () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await startShop();
  });
  const at = (path: string): string => `http://127.0.0.1:${shop.port}${path}`;
  const logIn = (password = "hunter22"): readonly object[] => [
    { name: "form", url: at("/login"), take: { csrf: 'body /name="csrf" value="([^"]+)"/' } },
    { name: "sign in", url: "/login", form: { user: "probe", password, csrf: "{{csrf}}" }, expect: { status: 302, "header.location": "/account", "cookie.session": "exists" } },
    { name: "account", url: "/account", expect: { body: "/Signed in/" } },
  ];
  /** All that a run tells, without what it was given. */
  const leaked = (outcome: Outcome): readonly string[] => [...shop.given].filter((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), secret.replaceAll("&", "&amp;"), secret.slice(0, 12)].some((form) => JSON.stringify(outcome).includes(form)));

  it("signs in with a token and cookies, and shows neither", async () => {
    const outcome = await run(logIn());
    expect(outcome).toMatchObject({ verdict: "up", sentence: "all 3 steps passed", facts: { step: { "sign in": { status: 302, redirects: 0 } } } });
    expect(shop.visits.map((visit) => visit.line)).toEqual(["GET /login", "POST /login", "GET /account"]);
    expect(shop.visits.map(({ cookie }) => cookie.replaceAll(/=[^;]+/g, ""))).toEqual(["", "sid; lang", "sid; lang; session"]);
    expect(leaked(outcome)).toEqual([]);
    expect(outcome.evidence[0]).toMatchObject({ label: "steps", text: expect.stringMatching(/^form: GET http:\S+\/login -> 200, \d+ ms\nsign in: POST \S+ -> 302, \d+ ms\naccount: GET \S+ -> 200, \d+ ms$/) as string });
  });
  it("begins anew at each run", async () => {
    expect(await line(logIn())).toMatch(/^up/);
    const [, , account] = logIn();
    expect(await line([{ ...account, url: at("/account") }])).toMatch(/^down mismatch step 1 of 1, account: body /);
  });
  it("follows the redirect of a log-in with the cookie that came with it", async () => {
    const [form, signIn] = logIn();
    expect(await line([form ?? {}, { ...signIn, expect: { body: "/Signed in/", redirects: 1, url: "/account$/" } }])).toBe("up ok all 2 steps passed");
  });
  it("says which step fails, with its evidence, and keeps the token out of it", async () => {
    expect(await line(logIn("wrong"))).toBe("down status step 2 of 3, sign in: status is 403, wanted 302");
    shop.behave({ broken: true });
    const broken = await run(logIn());
    expect(broken).toMatchObject({ verdict: "down", code: "status", sentence: "step 2 of 3, sign in: status is 500, wanted 302", facts: { passed: 1, failed: "sign in", step: { "sign in": { status: 500 } } } });
    expect(broken.evidence.map(({ label }) => label)).toEqual(["steps", "sent", "received"]);
    expect(broken.evidence[1]?.text).toMatch(/^POST \/login HTTP\/1\.1\r\n[^]*\r\n\r\nuser=probe&password=hunter22&csrf=\*\*\*$/);
    expect(broken.evidence[2]?.text).toMatch(/trouble with \*\*\*$/);
    expect(leaked(broken)).toEqual([]);
    const untaken = await run([{ ...logIn()[0], take: { csrf: 'body /name="csrf" value="([^"]+)"/', other: "body /nowhere/" } }]);
    expect(untaken).toMatchObject({ verdict: "down", sentence: "step 1 of 1, form: there is no other to take: body does not match /nowhere/" });
    expect(leaked(untaken)).toEqual([]);
    shop.behave({ noToken: true });
    expect(await line(logIn())).toMatch(/^down mismatch step 1 of 3, form: there is no csrf to take: body does not match /);
  });
  it("ends at its deadline in the middle", async () => {
    shop.behave({ hanging: true });
    const outcome = await run(logIn(), {}, { deadlineMs: 500 });
    expect(outcome).toMatchObject({ verdict: "down", code: "timeout", sentence: "step 3 of 3, account: no answer to the request came in time", facts: { passed: 2 } });
    expect(leaked(outcome)).toEqual([]);
  });
  it("carries a token of JSON into a header, a body and an address", async () => {
    const session = { name: "session", url: at("/api/session"), headers: { "Content-Type": "application/json" }, body: '{"password":"hunter22"}', expect: { status: 201, "body.json.id": 42 }, take: { token: "body.json.token.value", id: "body.json.id", next: "header.location" } };
    const outcome = await run([session, { name: "me", url: "{{next}}&id={{id}}&t={{token}}", auth: { token: "{{token}}" }, expect: { "body.json.name": "probe" } }, { name: "echo", url: "/api/echo", headers: { "Content-Type": "application/json" }, body: '{"t":"{{token}}"}', expect: { "body.json.t": "/\"=$/" } }]);
    expect(outcome).toMatchObject({ verdict: "up" });
    const [, me] = shop.visits;
    const [token = ""] = shop.given;
    expect(me?.line).toBe(`GET /api/me?a=1&id=42&t=${encodeURIComponent(token)}`);
    expect(leaked(outcome)).toEqual([]);
    expect(await line([session, { name: "me", url: at("/api/me"), auth: { token: "{{id}}" } }])).toMatch(/^down status step 2 of 2, me: status is 401/);
  });
  it("takes neither cookies nor credentials to another origin", async () => {
    const other = await startShop("127.0.0.2");
    const away = `http://127.0.0.2:${other.port}/account`;
    shop.behave({ next: away });
    const [form, signIn] = logIn();
    const followed = { ...signIn, auth: { user: "u", password: "p" }, headers: { "X-Key": "k" }, expect: {} };
    expect(await line([form ?? {}, followed])).toMatch(/^up/);
    expect(other.visits[0]).toEqual({ line: "GET /account", cookie: "", authorization: "" });
    expect(other.visits).toHaveLength(2);
    // Only what the configuration names is gone to with what it says.
    const wanting = [form ?? {}, { ...signIn, expect: { status: 302 }, take: { next: "header.location" } }, { name: "next", url: "{{next}}", auth: { user: "u", password: "p" } }];
    expect(await line(wanting)).toBe(`down mismatch step 3 of 3, next: the values taken before lead to http://127.0.0.2:${other.port}, which no step names`);
    expect(other.visits).toHaveLength(2);
    expect(await line([...wanting, { name: "other", url: away }])).toMatch(/^up/);
  });
});

it("has its mistakes told with their places, and masks what it reads from elsewhere", async () => {
  const load = async (steps: string) => {
    const text = `channels: {log: {type: log}}\ndefaults: {notify: [log]}\nchecks:\n  a:\n    type: http-steps\n    steps:\n${steps}`;
    return loadSite({ path: "t.yaml", files: { read: async () => ({ kind: "read", text }), list: async () => null }, environment: { PW: "hunter22" }, probes: [httpSteps], channels: [logChannel] });
  };
  const told = async (steps: string): Promise<readonly string[]> => {
    const loading = await load(steps);
    return (loading.kind === "loaded" ? loading.warnings : loading.problems).map(formatProblem);
  };
  const first = "      - {url: https://a.test/, take: {csrf: 'body /a(b)/'}}\n";
  expect(await told(`${first}      - {url: /b, form: {password: "\${env:PW}", token: "{{csrf}}"}, headers: {Authorization: "Bearer {{csrf}}"}}\n`)).toEqual([]);
  expect(await told(`${first}      - {url: "/b?a={{csrv}}", expect: {statsu: 200}, take: {x: nowhere}}\n`)).toEqual([
    "t.yaml:8:49: an answer has no fact `statsu`; known are `status`, `version`, `bytes`, `cut`, `redirects`, `url`, `downgraded`, `address`, `body`, `header`, `certificate`, `tls`, `cookie`, `latency`, `phase`",
    "t.yaml:8:65: `nowhere` does not say where a value stands; write `body /id=(\\d+)/`, `body.json.token`, `header.location`, `cookie.session` or `url`, with or without a /pattern/",
  ]);
  expect(await told(`${first}      - {url: "/b?a={{csrv}}"}\n      - {url: "https://{{csrf}}/"}\n`)).toEqual([
    "t.yaml:8:15: no step before this one takes `csrv`; known here are `csrf`",
    "t.yaml:9:15: a carried value cannot be a part of the host; write the host itself and a / after it, or the value alone where it is a whole address",
  ]);
  const loaded = await load(`${first}      - {url: /b, form: {password: "\${env:PW}"}}\n`);
  expect(loaded.kind === "loaded" ? loaded.site.secrets : []).toContain("hunter22");
});

describe("http-steps against faults", () => {
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  it("survives cookies and values without end", async () => {
    const cookies = `Set-Cookie: a=${"x".repeat(4000)}\r\n`.repeat(15);
    const server = await rawServer(replies(`HTTP/1.1 200 OK\r\n${cookies}Set-Cookie: b=1\r\nContent-Length: 20000\r\n\r\n${"y".repeat(20_000)}`));
    const url = `http://127.0.0.1:${server.port}/`;
    expect(await line([{ url, take: { all: "body" } }, { url }])).toBe("down mismatch step 1 of 2: there is no all to take: what stands there is longer than 8 KiB");
    expect(await line([{ url, take: { some: "body /^(y{8000})/" } }, { url: "/?a={{some}}", expect: { "cookie.b": 1 } }])).toMatch(/^up/);
    const hidden = await run([{ url, take: { some: "body /^(y{50})/" } }, { url: "/?a={{some}}", expect: { status: 404 } }]);
    expect(hidden.evidence.map(({ text }) => text).join("")).not.toMatch(/y{20}/);
  });
  it("tells a broken answer in the middle", async () => {
    let count = 0;
    const server = await rawServer((socket) => replies(++count === 2 ? "SSH-2.0-x\r\n" : OK)(socket));
    expect(await line([{ url: `http://127.0.0.1:${server.port}/` }, { url: "/a" }, { url: "/b" }])).toMatch(/^down protocol step 2 of 3: the answer is not sound HTTP/);
    expect(server.accepted()).toBe(2);
    await server.idle();
  });
  it("leaves nothing behind", async () => {
    expect(await leaks({ run: (port, ctx) => httpSteps.run(httpSteps.options.parse({ steps: [{ url: `http://127.0.0.1:${port}/` }, { url: "/a" }] }), ctx) })).toEqual({ left: [], codes: ["timeout"] });
  });
});
