import { describe, expect, test } from "vitest";
import { instant } from "../../core/types.ts";
import { type Answer, judgeAnswer, NO_PAGE } from "./answer.ts";

const NOW = instant(0);
const f = (answer: Answer, status: number, body: string | object, headers: { readonly [name: string]: string } = {}): ReturnType<typeof judgeAnswer> =>
  judgeAnswer(answer, { status, reason: "", headers, body: typeof body === "string" ? body : JSON.stringify(body) }, NOW, (text) => text.replaceAll("hush", "***"));

describe("by status", () => {
  test("as everywhere", () => expect([200, 404, 503].map((status) => f({}, status, "").kind)).toEqual(["sent", "refused", "retry"]));
  test("otherwise here", () => expect([409, 402, 429].map((status) => f({ statuses: { 409: "sent", 402: "retry", 429: "refused" } }, status, "").kind)).toEqual(["sent", "retry", "refused"]));
  test("a good status that is none here", () => expect(f({ statuses: { 200: "retry" } }, 200, "")).toMatchObject({ kind: "retry", doubt: false }));
});

describe("by body", () => {
  const ok: Answer = { taken: { at: "ok", is: [true] }, passing: { at: "error", is: ["slow", 7] } };
  test("taken", () => expect(f(ok, 200, { ok: true })).toEqual({ kind: "sent", detail: 'HTTP 200: {"ok":true}' }));
  test("a failure inside of a good status", () => expect(f(ok, 200, { ok: false, error: "no" })).toEqual({ kind: "refused", reason: 'HTTP 200: {"ok":false,"error":"no"}' }));
  test("one that passes", () => expect(f(ok, 200, { ok: false, error: "slow" })).toMatchObject({ kind: "retry", doubt: false }));
  test("one that passes under a bad status", () => expect(f(ok, 400, { error: 7 })).toMatchObject({ kind: "retry", doubt: false }));
  test("values are not alike but the same", () => expect(f(ok, 200, { ok: "true" }).kind).toBe("refused"));
  test("a body that is not the provider's leaves it in doubt", () => expect(f(ok, 200, "<html>")).toMatchObject({ kind: "retry", doubt: true, reason: "HTTP 200: <html>; this answer is not the provider's" }));
  test("nor does a page where a text is looked for, or anything but a page", () => {
    for (const at of [/^ok$/, NO_PAGE.is[0]]) expect(f({ taken: { at: "", is: at === undefined ? [] : [at] } }, 200, "<!DOCTYPE html><p>sign in")).toMatchObject({ kind: "retry", doubt: true });
    expect(["", "Accepted", "{}", "<?xml?>"].map((body) => f({ taken: NO_PAGE }, 200, body).kind)).toEqual(["sent", "sent", "sent", "refused"]);
  });
  test("nor does one without the place", () => expect(f(ok, 200, { fine: 1 })).toMatchObject({ kind: "retry", doubt: true }));
  test("nor null, lists and numbers", () => expect(["null", "[]", "7", '"ok"'].map((body) => f(ok, 200, body).kind)).toEqual(["retry", "retry", "retry", "retry"]));
  test("no name of an object's own", () => expect(f({ taken: { at: "constructor.name", is: ["Object"] } }, 200, {}).kind).toBe("retry"));
  const each: Answer = { taken: { at: "messages.*.status", is: ["0"] }, passing: { at: "messages.*.status", is: ["1"] } };
  test("every element", () => expect(f(each, 200, { messages: [{ status: "0" }, { status: "0" }] }).kind).toBe("sent"));
  test("not all elements", () => expect(f(each, 200, { messages: [{ status: "0" }, { status: "4" }] }).kind).toBe("refused"));
  test("any element that passes", () => expect(f(each, 200, { messages: [{ status: "4" }, { status: "1" }] }).kind).toBe("retry"));
  test("a failure that passes, in one of several places", () => {
    const places: Answer = { taken: { at: "a", is: [1] }, passing: [{ at: "b", is: [2] }, { at: "c.*.d", is: ["3"] }] };
    expect([{ a: 0, b: 2 }, { a: 0, c: [{ d: "3" }] }, { a: 0, b: 3, c: [{ d: 3 }] }].map((body) => f(places, 200, body).kind)).toEqual(["retry", "retry", "refused"]);
  });
  test("a message that is there already", () => {
    const known: Answer = { taken: { at: "code", is: [0] }, already: [{ at: "code", is: [9] }, { at: "", is: [/^9$/] }] };
    expect([f(known, 200, { code: 9 }), f(known, 409, "9"), f(known, 200, { code: 8 })].map(({ kind }) => kind)).toEqual(["sent", "sent", "refused"]);
  });
  test("no element", () => expect(f(each, 200, { messages: [] }).kind).toBe("retry"));
  const both: Answer = { taken: [{ at: "code", is: [0] }, { at: "list.0", is: [/ok/] }] };
  test("several places", () => expect([{ code: 0, list: ["ok"] }, { code: 0, list: ["no"] }, { code: 0, list: [] }, { code: 1, list: ["ok"] }, {}].map((body) => f(both, 200, body).kind)).toEqual(["sent", "refused", "refused", "refused", "retry"]));
  test("a failure in a place of its own", () => expect([{ error: 5 }, { count: 1 }, {}].map((body) => f({ taken: { at: "count", is: [1] }, failing: "error" }, 200, body).kind)).toEqual(["refused", "sent", "retry"]));
  const text: Answer = { taken: { at: "", is: [/^ID: /] }, passing: { at: "", is: [/^ERR: 130/] } };
  test("text", () => expect(["ID: ab\n", "ERR: 001, no", "ERR: 130, slow"].map((body) => f(text, 200, body).kind)).toEqual(["sent", "refused", "retry"]));
});

describe("the wait", () => {
  const answer: Answer = { wait: { at: "retry.after", unitMs: 1000 } };
  test("from the body", () => expect(f(answer, 429, { retry: { after: 1.5 } })).toMatchObject({ afterMs: 1500 }));
  test("from the header", () => expect(f(answer, 429, "", { "retry-after": "3" })).toMatchObject({ afterMs: 3000 }));
  test("nonsense", () => expect(["soon", -1, null, {}].map((after) => Object.hasOwn(f(answer, 429, { retry: { after } }), "afterMs"))).toEqual([false, false, false, false]));
});

describe("secrets", () => {
  test("of the answer", () => expect(JSON.stringify(f({}, 400, "no hush"))).not.toContain("hush"));
  test("masked before it is cut", () => expect(JSON.stringify(f({}, 400, `${"x".repeat(198)}hush`))).not.toContain("hu"));
  test("where a redirect leads", () => expect(JSON.stringify(f({}, 302, "", { location: "https://x/hush" }))).not.toContain("hush"));
  test("the values that count are the real ones", () => expect(f({ taken: { at: "id", is: ["hush"] } }, 200, { id: "hush" }).kind).toBe("sent"));
});
