import { describe, expect, it } from "vitest";
import { realPatterns } from "../sys/patterns.ts";
import { type Filled, fillStep } from "./http-fill.ts";
import { redirectsOf, stepSchema } from "./http-step.ts";
import { httpSteps } from "./http-steps.ts";
import { take, takeValue } from "./http-take.ts";

const url = "https://shop.example.com/login";
const problems = (...steps: readonly object[]): string => {
  const parsed = httpSteps.options.safeParse({ steps });
  return parsed.success ? "" : parsed.error.issues.map(({ path, message }) => `${path.slice(1).join(".")}: ${message}`).join("\n");
};

describe("options", () => {
  const taking = { url, take: { csrf: "body /a(b)/" } };
  it("takes a log-in as one would write it", () => {
    expect(problems(taking, { name: "sign in", url, form: { user: "probe", csrf: "{{csrf}}", stay: true }, expect: { status: 302 } }, { url: "/account", auth: { token: "{{csrf}}" }, headers: { A: "{{ csrf }}" }, expect: { body: "/Signed in/", status: null } })).toBe("");
    expect(httpSteps.target(httpSteps.options.parse({ steps: [{ url: "http://[::1]:8080/" }] }))).toBe("[::1]:8080");
  });
  it("tells values that are not there, or not written as such", () => {
    expect(problems({ url: `${url}?a={{csrf}}`, take: { csrf: "url" } })).toBe("0.url: no step before this one takes `csrf`");
    expect(problems(taking, { url, body: "{{csrv}}" })).toBe("1.body: no step before this one takes `csrv`");
    expect(problems(taking, { url, headers: { A: "{{ a b }}" } })).toBe("1.headers.A: `{{ a b }}` is no name of a carried value");
    expect(problems(taking, { url, form: { a: "x{{csrf" } })).toBe("1.form.a: `{{` begins a carried value and is not closed");
    expect(problems(taking, { url, auth: { user: "{{}}", password: "p" } })).toBe("1.auth.user: `{{}}` is no name of a carried value");
    expect(problems(taking, { url, body: '{"a":{"b":"{{csrf}}"}}' })).toBe("");
  });
  it("tells addresses that name no host of their own", () => {
    for (const wrong of ["/login", "{{x}}", "login", "ftp://a.test", "https://u:p@a.test"]) expect(problems({ url: wrong })).toMatch(/^0\.url: /);
    for (const right of ["/a", "?a=1", "{{csrf}}", "/{{csrf}}", "https://other.test/{{csrf}}", "https://other.test?a={{csrf}}"]) expect(problems(taking, { url: right })).toBe("");
    for (const wrong of ["https://{{csrf}}/", "https://shop.{{csrf}}", "https://a.test{{csrf}}", "https://{{csrf}}@a.test/", "http://a.test:{{csrf}}/"]) expect(problems(taking, { url: wrong })).toBe("1.url: a carried value cannot be a part of the host");
    for (const wrong of ["//a.test/", "a.test"]) expect(problems(taking, { url: wrong })).toMatch(/^1\.url: .* is no web address$/);
  });
  it("tells where no value can stand, and what cannot be expected", () => {
    for (const wrong of ["", "/x/", "body.text", "status", "header", "cookies.a", "body /(/", "body x", "url.host"]) expect(problems({ url, take: { a: wrong } })).toMatch(/^0\.take\.a: /);
    for (const right of ["body", "body.json", "body.json[0].id", "body.json.a /(x)/i", "header.Location /[?&]code=([^&]+)/", "cookie.sid", "url"]) expect(problems({ url, take: { a: right } })).toBe("");
    expect(problems({ url, take: { "a.b": "body" } })).toMatch(/^0\.take\.a\.b: /);
    expect(problems({ url, expect: { body: ["/a/", "!/b/"], status: [200] } })).toBe("");
    expect(problems({ url, expect: { body: ["/a/", "/(/"] } })).toMatch(/^0\.expect\.body: `\/\(\/` is no regular expression/);
    expect(problems({ url, expect: { status: "2xx", latency: 800, body: null } })).toMatch(/^0\.expect\.status: `status` is a number, and never `2xx`\n0\.expect\.latency: `latency` is measured, and hardly ever exactly 800 ms\n0\.expect\.body: `body` says no condition$/);
    expect(problems({ url, expect: { statsu: 200, body: "/(/", latency: "< 1s", "cookie.sid": "exists", "body.json.a[0]": 1 } })).toMatch(/^0\.expect\.statsu: an answer has no fact `statsu`\n0\.expect\.body: `\/\(\/` is no regular expression/);
  });
  it("tells what cannot stand together, and has limits", () => {
    expect(problems({ name: "a", url }, { name: "a", url })).toBe("1.name: two steps are called `a`");
    expect(problems({ url }, { name: "step 1", url })).toBe("1.name: two steps are called `step 1`");
    expect(problems({ url, form: {}, body: "x" })).toBe("0.form: `form` and `body` stand side by side");
    expect(problems({ url, method: "GET", form: { a: "b" } })).toBe("0.method: a form is no part of a GET request");
    expect(problems({ url, headers: { "Content-Length": "3" } })).toBe("0.headers.Content-Length: `Content-Length` is filled in by itself");
    expect(problems()).not.toBe("");
    expect(problems(...Array.from({ length: 31 }, () => ({ url })))).not.toBe("");
    expect(problems({ url, take: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`v${index}`, "url"])) })).toMatch(/21 values are taken/);
  });
});

describe("redirects", () => {
  const followed = (step: object): number => redirectsOf(stepSchema.parse({ url, ...step }));
  it("are followed, unless they are what is expected", () => {
    expect(followed({})).toBe(5);
    for (const status of [302, "302", "300-399", "301,302", "== 303"]) expect(followed({ expect: { status } })).toBe(0);
    for (const status of [200, "200-399", "!= 302", "< 400", null]) expect(followed({ expect: { status } })).toBe(5);
    expect(followed({ redirects: 2, expect: { status: 302 } })).toBe(2);
  });
});

describe("taking values", () => {
  const patterns = realPatterns();
  const taken = (from: string, facts: Parameters<typeof takeValue>[2], html = false): string => {
    const got = takeValue("it", take().parse(from), facts, html, patterns);
    return got.kind === "taken" ? got.value : `${got.failure.code} ${got.failure.sentence}`;
  };
  const answer = { body: '<input name="t" value="a&amp;b">', "body.json": { id: 7, on: false, list: [{ name: "x" }], none: null }, header: { location: "/orders/42?a=1" }, cookie: { sid: "s3" }, url: "https://a.test/x" };
  it("takes what stands at a place, or a part of it", () => {
    expect(taken("body.json.id", answer)).toBe("7");
    expect(taken("body.json.on", answer)).toBe("false");
    expect(taken("body.json.list[0].name", answer)).toBe("x");
    expect(taken("body.json.list", answer)).toBe('[{"name":"x"}]');
    expect(taken("header.Location", answer)).toBe("/orders/42?a=1");
    expect(taken("header.location /ORDERS.(\\d+)/i", answer)).toBe("42");
    expect(taken("header.location /\\d+/", answer)).toBe("42");
    expect(taken("cookie.sid", answer)).toBe("s3");
    expect(taken("url", answer)).toBe("https://a.test/x");
  });
  it("reads a document as a browser does", () => {
    expect(taken('body /value="([^"]+)"/', answer, true)).toBe("a&b");
    expect(taken('body /value="([^"]+)"/', answer)).toBe("a&amp;b");
  });
  it("says what is missing, without showing the answer", () => {
    expect(taken("body.json.none", answer)).toBe("mismatch there is no it to take: body.json.none is missing");
    expect(taken("cookie.other", answer)).toBe("mismatch there is no it to take: cookie.other is missing");
    expect(taken("body /nowhere/i", answer)).toBe("mismatch there is no it to take: body does not match /nowhere/i");
    expect(taken("body /b(x?)/", answer)).toBe("mismatch there is no it to take: what stands there is empty");
    expect(taken("body", { body: "x".repeat(8193) })).toBe("mismatch there is no it to take: what stands there is longer than 8 KiB");
    expect(taken("body", { body: "x".repeat(8192) })).toHaveLength(8192);
    expect(taken("body /^(?=(a+)+$)(a|aa)+$/", { body: `${"a".repeat(40)}!` })).toMatch(/^(pattern-slow|mismatch) /);
  });
});

describe("filling requests", () => {
  const filled = (step: object, values: { readonly [name: string]: string } = {}, at = "https://shop.example.com/shop/login?x=1"): Filled =>
    fillStep(stepSchema.parse(step), { at: new URL(at), origins: new Set(["https://shop.example.com", "https://sso.example.com"]), values: new Map(Object.entries(values)) });
  const wrong = (...given: Parameters<typeof filled>): string => {
    const result = filled(...given);
    return result.kind === "failed" ? `${result.failure.code} ${result.failure.sentence}` : result.request.url.href;
  };
  it("writes a value as its place in an address wants it", () => {
    expect(wrong({ url: "https://shop.example.com/o/{{id}}?t={{t}}&u={{t}}" }, { id: "a/b", t: "x&y=?ü" })).toBe("https://shop.example.com/o/a/b?t=x%26y%3D%3F%C3%BC&u=x%26y%3D%3F%C3%BC");
    expect(wrong({ url: "{{to}}" }, { to: "/orders/1?a=1&b=2" })).toBe("https://shop.example.com/orders/1?a=1&b=2");
    expect(wrong({ url: "{{to}}" }, { to: "next" })).toBe("https://shop.example.com/shop/next");
    expect(wrong({ url: "{{to}}" }, { to: "https://sso.example.com/a" })).toBe("https://sso.example.com/a");
    expect(wrong({ url: "/x/{{id}}" }, { id: "../../y" })).toBe("https://shop.example.com/y");
  });
  it("goes nowhere that no step names", () => {
    for (const to of ["https://evil.test/", "//evil.test/", "http://shop.example.com/", "https://shop.example.com:444/", "http://169.254.169.254/latest", "\\\\evil.test/"]) expect(wrong({ url: "{{to}}" }, { to })).toMatch(/^mismatch the values taken before lead to \S+, which no step names$/);
    for (const to of ["https://", "https://u:p@shop.example.com/", "https://[", "javascript:alert(1)", "file:///etc/passwd"]) expect(wrong({ url: "{{to}}" }, { to })).toMatch(/^mismatch /);
  });
  it("writes forms, bodies and header fields", () => {
    const request = (...given: Parameters<typeof filled>) => {
      const result = filled(...given);
      return result.kind === "filled" ? result.request : null;
    };
    expect(request({ url: "/a", form: { user: "me", n: 3, t: "{{t}}" } }, { t: "a&b=ü" })).toMatchObject({ method: "POST", body: "user=me&n=3&t=a%26b%3D%C3%BC", headers: { "Content-Type": "application/x-www-form-urlencoded" } });
    expect(request({ url: "/a", method: "PUT", headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" }, form: {} })).toMatchObject({ method: "PUT", headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" } });
    expect(request({ url: "/a", body: '{"t":"{{t}}"}', headers: { "Content-Type": "application/json" } }, { t: 'a"b\n' })?.body).toBe('{"t":"a\\"b\\n"}');
    expect(request({ url: "/a", body: "<t>{{t}}</t>" }, { t: 'a"b' })?.body).toBe('<t>a"b</t>');
    expect(request({ url: "/a", headers: { Authorization: "Token {{ t }}" } }, { t: "x" })?.headers).toEqual({ Authorization: "Token x" });
    expect(request({ url: "/a", auth: { token: "{{t}}" } }, { t: "x" })?.credentials).toEqual({ kind: "bearer", token: "x" });
    expect(request({ url: "/a", auth: { user: "{{t}}", password: "{{t}}" } }, { t: "x" })?.credentials).toEqual({ kind: "basic", user: "x", password: "x" });
    expect(request({ url: "/a" })).toMatchObject({ method: "GET", body: null });
  });
  it("lets no value break out of a header field", () => {
    for (const t of ["a\r\nX: y", "a\nb", "日本"]) expect(wrong({ url: "/a", headers: { "X-T": "{{t}}" } }, { t })).toBe("mismatch a value taken before cannot stand in the header field X-T");
    expect(wrong({ url: "/a", auth: { token: "{{t}}" } }, { t: "a b" })).toBe("mismatch a value taken before cannot stand in `auth`");
    expect(wrong({ url: "/a", auth: { user: "{{t}}", password: "p" } }, { t: "a:b" })).toBe("mismatch a value taken before cannot stand in `auth`");
  });
});
