import { describe, expect, test } from "vitest";
import { type Heading, renderJson, renderPlain } from "./render.ts";
import { type Report, type Step, Route, pingStatistics, stepsOf } from "./report.ts";

process.env["TZ"] = "UTC";
const AT = Date.UTC(2018, 0, 1, 12, 59, 59, 250);
const HOST: Report = { name: "google.com", address: "172.217.3.14", ping: null, trace: null, scan: null };
const PING = { min: 3.525257110595703, avg: 4.422152042388916, max: 5.756855010986328, std: 0.47761748430602524, loss: 0 };
const LOST = { min: -1, avg: -1, max: -1, std: -1, loss: 100 };
const TRACE = [null, { address: "10.168.253.8", rttMs: 2.187013626098633 }, { address: "2001:db8::1", rttMs: 4 }];
const SCAN = { http: { rttMs: 59.095, status: 200, server: "gws" }, https: null, mysql: { rttMs: 0.148, version: "5.7.2" } };
const NOTHING = { http: null, https: { rttMs: 98.2385, status: 404, server: "" }, mysql: null };

describe("plain text", () => {
  const f = (report: Partial<Report>, expected: string, heading: Heading = "parentheses", at: number | null = null) => expect(renderPlain({ ...HOST, ...report }, heading, at)).toBe(expected);
  test("the host", () => {
    f({}, "google.com (172.217.3.14)\n");
    f({}, "google.com 172.217.3.14\n", "blank");
    f({ address: "google.com" }, "google.com\n");
    f({ name: "::1", address: "::1" }, "::1\n", "blank");
  });
  test("the time", () => f({ ping: LOST }, "google.com 172.217.3.14\nMon Jan  1 12:59:59 2018\n-1.000\t-1.000\t-1.000\t-1.000\t100.000\n", "blank", AT));
  test("pings", () => {
    f({ ping: PING }, "google.com (172.217.3.14)\n3.525\t4.422\t5.757\t0.478\t0.000\n");
    f({ ping: LOST }, "google.com (172.217.3.14)\n-1.000\t-1.000\t-1.000\t-1.000\t100.000\n");
    f({ ping: { min: 0.0625, avg: 0.1875, max: 12.5, std: 0, loss: 100 / 3 } }, "google.com (172.217.3.14)\n0.062\t0.188\t12.500\t0.000\t33.333\n");
  });
  test("a trace", () => {
    f({ trace: TRACE }, "google.com (172.217.3.14)\n*\n10.168.253.8\t2.187\n2001:db8::1\t4.000\n");
    f({ trace: [] }, "google.com (172.217.3.14)\n");
  });
  test("a scan", () => {
    f({ scan: SCAN }, "google.com (172.217.3.14)\n59.095, 200, gws\tNone\t0.148, 5.7.2\n");
    f({ scan: NOTHING }, "google.com (172.217.3.14)\nNone\t98.239, 404, Unknown\tNone\n");
    f({ scan: { http: null, https: null, mysql: null } }, "google.com (172.217.3.14)\nNone\tNone\tNone\n");
    f({ scan: { http: { rttMs: 1, status: 200, server: "a\tb\u001b[31m" }, https: null, mysql: null } }, "google.com (172.217.3.14)\n1.000, 200, a?b?[31m\tNone\tNone\n");
  });
  test("all of it, in its order", () =>
    f({ ping: PING, trace: TRACE, scan: SCAN }, "google.com (172.217.3.14)\n3.525\t4.422\t5.757\t0.478\t0.000\n*\n10.168.253.8\t2.187\n2001:db8::1\t4.000\n59.095, 200, gws\tNone\t0.148, 5.7.2\n"));
});

describe("JSON", () => {
  const f = (report: Partial<Report>, expected: string, at: number | null = null) => {
    const line = renderJson({ ...HOST, ...report }, at);
    expect(line).toBe(`${expected}\n`);
    JSON.parse(line);
  };
  test("the host and the time", () => {
    f({}, '{"addr":"172.217.3.14","name":"google.com"}');
    f({}, '{"addr":"172.217.3.14","name":"google.com","timestamp":1514811599250.0}', AT);
    f({ name: "bücher.example" }, '{"addr":"172.217.3.14","name":"b\\u00fccher.example"}');
  });
  test("pings", () => {
    f({ ping: PING }, '{"addr":"172.217.3.14","name":"google.com","ping":{"min": 3.525257110595703, "avg": 4.422152042388916, "max": 5.756855010986328, "std": 0.47761748430602524, "loss": 0.0}}');
    f({ ping: LOST }, '{"addr":"172.217.3.14","name":"google.com","timestamp":1514811599250.0,"ping":{"min": -1.0, "avg": -1.0, "max": -1.0, "std": -1.0, "loss": 100.0}}', AT);
  });
  test("a trace", () => {
    f({ trace: TRACE }, '{"addr":"172.217.3.14","name":"google.com","trace":[["*"], ["10.168.253.8", 2.187013626098633], ["2001:db8::1", 4.0]]}');
    f({ trace: [] }, '{"addr":"172.217.3.14","name":"google.com","trace":[]}');
  });
  test("a scan", () => {
    f({ scan: SCAN }, '{"addr":"172.217.3.14","name":"google.com","scan":{"http": {"rtt": 59.095, "response code": "200", "server": "gws"}, "https": "None", "mysql": {"rtt": 0.148, "version": "5.7.2"}}}');
    f({ scan: NOTHING }, '{"addr":"172.217.3.14","name":"google.com","scan":{"http": "None", "https": {"rtt": 98.2385, "response code": "404", "server": "Unknown"}, "mysql": "None"}}');
  });
  test("all of it, in its order", () => {
    const members = Object.keys(JSON.parse(renderJson({ ...HOST, ping: PING, trace: TRACE, scan: SCAN }, AT)) as object);
    expect(members).toEqual(["addr", "name", "timestamp", "ping", "trace", "scan"]);
  });
});

describe("statistics", () => {
  const echo = (rttMs: number | null) => (rttMs === null ? null : { rttMs, ttl: null });
  const f = (times: readonly (number | null)[], expected: readonly number[]) => expect(Object.values(pingStatistics(times.map(echo)))).toEqual(expected);
  test("of a sample", () => {
    f([1, 3, 5], [1, 3, 5, 2, 0]);
    f([5], [5, 5, 5, 0, 0]);
    f([5, null, null, null], [5, 5, 5, 0, 75]);
    f([2, 2, null], [2, 2, 2, 0, 100 / 3]);
    f([null, null], [-1, -1, -1, -1, 100]);
  });
});

describe("routes", () => {
  const steps = (text: string): readonly Step[] => text.split("").map((address) => (address === "*" ? null : { address, rttMs: 1 }));
  const hop = (ip: string | null) => ({ ttl: 1, answers: [null, ip === null ? null : { ip, rttMs: 2, report: null }] });
  test("of a trace: as far as the target, or as far as was looked", () => {
    const answer = { kind: "traced" as const, hops: [hop("a"), hop(null), hop("c")], mtu: null };
    expect(stepsOf({ ...answer, reached: true }, 30)).toEqual([{ address: "a", rttMs: 2 }, null, { address: "c", rttMs: 2 }]);
    expect(stepsOf({ ...answer, reached: false }, 5)).toEqual([{ address: "a", rttMs: 2 }, null, { address: "c", rttMs: 2 }, null, null]);
    expect(stepsOf({ ...answer, hops: [], reached: false }, 2)).toEqual([null, null]);
  });
  test("are told when they change; a lost hop is no change", () => {
    const f = (traces: string, expected: string) => {
      const route = new Route();
      expect(traces.split(" ").filter((text) => route.changed(steps(text))).join(" ")).toBe(expected);
    };
    f("abc abc abc", "abc");
    f("abc a*c abc ***", "abc");
    f("a*c abc a*c", "a*c abc");
    f("*** *** abc ***", "*** abc");
    f("abc axc abc", "abc axc abc");
    f("abc ac abc", "abc ac abc");
    f("ab a* ax a* ab", "ab ax ab");
    f("abc ab*** abc", "abc");
    f("abc abcd", "abc abcd");
  });
});
