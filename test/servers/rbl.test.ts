import { beforeAll, describe, expect, it } from "vitest";
import { rbl } from "../../src/probes/rbl.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { fakeUdp, reply } from "./nameserver.ts";
import { type Rbldnsd, startRbldnsd } from "./rbldnsd.ts";
import { type Unbound, startUnbound } from "./unbound.ts";

const ask = (options: object, context: ContextRequest = {}) => rbl.run(rbl.options.parse({ host: "192.0.2.1", lists: "four.test", ...options }), probeContext(context));
const line = async (...given: Parameters<typeof ask>): Promise<string> => {
  const { verdict, code, sentence } = await ask(...given);
  return `${verdict} ${code} ${sentence}`;
};

describeWith(["rbldnsd", "unbound"], "rbl against rbldnsd", () => {
  let lists: Rbldnsd;
  let resolver: Unbound;
  beforeAll(async () => {
    lists = await startRbldnsd(temporaryFolder());
    resolver = await startUnbound(temporaryFolder(), { "four.test": lists.port, "six.test": lists.port });
  });
  const at = (options: object): object => ({ server: "127.0.0.1", port: lists.port, ...options });
  const viaResolver = (): ContextRequest => ({ resolvers: [`127.0.0.1:${resolver.port}`] });

  it("finds an IPv4 address, and the list's reason", async () => {
    expect(await line(at({}))).toBe("up ok in none of 1 list");
    const outcome = await ask(at({ host: "192.0.2.100" }));
    expect(outcome).toMatchObject({ verdict: "down", code: "mismatch", sentence: "192.0.2.100 is listed in four.test (127.0.0.10: Dynamic)" });
    expect(outcome.facts).toEqual({ listed: ["four.test"], codes: ["127.0.0.10"], reasons: ["Dynamic"], addresses: ["192.0.2.100"], unclear: 0 });
    expect(outcome.evidence.map(({ label }) => label)).toEqual(["resolver", "answers"]);
    expect(outcome.evidence[1]?.text).toContain('100.2.0.192.four.test 2100 IN TXT "Dynamic"');
  });

  it("gives every code of an address that is listed twice", async () => {
    const { facts } = await ask(at({ host: "192.0.2.99" }));
    expect(new Set(facts["codes"] as string[])).toEqual(new Set(["127.0.0.2", "127.0.0.10"]));
    expect(String((facts["reasons"] as string[])[0])).toContain("Listed, see https://four.test/?192.0.2.99");
  });

  it("finds an IPv6 address, and IPv4 in its clothes", async () => {
    expect(await line(at({ host: "2001:db8::1", lists: "six.test" }))).toBe("down mismatch 2001:db8::1 is listed in six.test (127.0.0.2: Listed v6 2001:db8::1)");
    expect(await line(at({ host: "2001:db8::2", lists: "six.test" }))).toBe("up ok in none of 1 list");
    expect(await line(at({ host: "::ffff:192.0.2.100" }))).toMatch(/^down mismatch ::ffff:192\.0\.2\.100 is listed in four\.test/);
  });

  it("finds a name", async () => {
    expect(await line(at({ host: "spam.example", lists: "names.test", by: "name", health: true }))).toBe("down mismatch spam.example is listed in names.test (127.0.1.2: Listed name spam.example)");
    expect(await line(at({ host: "ham.example", lists: "names.test", by: "name", health: true }))).toBe("up ok in none of 1 list");
  });

  it("looks up every address of a host in every list, through the resolver of this machine", async () => {
    const outcome = await ask({ host: "listed.local.test", lists: ["four.test", "six.test"] }, viaResolver());
    expect(outcome).toMatchObject({ verdict: "down", sentence: expect.stringMatching(/; 1 more$/) as string, facts: { listed: ["four.test", "six.test"], addresses: ["192.0.2.99", "2001:db8::1"], unclear: 0 } });
    expect((await ask({ host: "listed.local.test", family: 6 }, viaResolver())).facts["addresses"]).toEqual(["2001:db8::1"]);
    expect(await line({ host: "clear.local.test", lists: ["four.test", "six.test"] }, viaResolver())).toBe("up ok in none of 2 lists");
    expect(await line({ host: "no.local.test" }, viaResolver())).toBe("down unresolvable no.local.test does not exist");
  });

  it("asks a list whether it can be believed", async () => {
    expect(await line(at({ health: true }))).toBe("up ok in none of 1 list");
    expect(await line(at({ host: "2001:db8::2", lists: "six.test", health: true }))).toBe("up ok in none of 1 list");
    expect(await line(at({ host: "192.0.2.100", health: true }))).toMatch(/^down mismatch 192\.0\.2\.100 is listed/);
    expect(await line(at({ lists: "all.test" }))).toBe("down mismatch 192.0.2.1 is listed in all.test (127.0.0.2: Everybody)");
    expect(await line(at({ lists: "all.test", health: true }))).toBe("unknown resolver all.test: it has 127.0.0.1, which no list may");
    expect(await line(at({ lists: "none.test", health: true }))).toBe("unknown resolver none.test: it does not have 127.0.0.2, which every list must");
  });

  it("takes no refusal and no parked list for an entry", async () => {
    expect(await line(at({ lists: "refuses.test" }))).toBe("unknown resolver refuses.test: the list refuses to answer (127.255.255.254: it answers no public resolver)");
    expect(await line(at({ lists: "parked.test" }))).toBe("unknown resolver parked.test: the answer 203.0.113.80 is no entry: the list is gone, or the resolver makes up answers");
    expect(await line(at({ lists: "elsewhere.test" }))).toBe("unknown resolver elsewhere.test: the resolver answered REFUSED");
    expect(await line(at({ lists: ["refuses.test", "four.test"] }), { wants: ["unclear"] })).toBe("up ok in none of 2 lists");
    expect(await line(at({ lists: "refuses.test" }), { wants: ["unclear"] })).toMatch(/^unknown resolver/);
    expect(await line(at({ lists: ["refuses.test", "four.test"], host: "192.0.2.100" }))).toMatch(/^down mismatch/);
    expect((await ask(at({ host: "192.0.2.100" }), { wants: ["listed"] })).verdict).toBe("up");
  });

  it("does not know when nobody answers", async () => {
    lists.signal("SIGSTOP");
    expect(await line(at({}), { deadlineMs: 300 })).toBe(`unknown resolver four.test: 127.0.0.1 port ${lists.port} did not answer in time`);
    await lists.stop();
    expect(await line(at({}))).toBe(`unknown resolver four.test: 127.0.0.1 port ${lists.port} refused the connection`);
  });
});

describe("rbl against faults", () => {
  it("knows a listing without its reason", async () => {
    const port = await fakeUdp((query) => [query.questions[0]?.type === "A" ? reply(query, { answers: [{ name: query.questions[0].name, type: "A", class: 1, ttl: 5, text: "127.0.0.4" }] }) : reply(query, { answers: [], rcode: 2 })]);
    expect(await line({ server: "127.0.0.1", port })).toBe("down mismatch 192.0.2.1 is listed in four.test (127.0.0.4)");
  });

  it("takes 127.0.0.1 for no entry, and garbage for no answer", async () => {
    const port = await fakeUdp((query) => [reply(query, { answers: [{ name: query.questions[0]?.name ?? "", type: "A", class: 1, ttl: 5, text: "127.0.0.1" }] })]);
    expect(await line({ server: "127.0.0.1", port })).toBe("unknown resolver four.test: the answer 127.0.0.1 is no entry");
    const garbage = await fakeUdp(() => [Buffer.from("HTTP/1.1 400 Bad Request")]);
    expect(await line({ server: "127.0.0.1", port: garbage }, { deadlineMs: 300 })).toMatch(/^unknown resolver four\.test: 127\.0\.0\.1 port \d+ sent something that is not a sound DNS message/);
  });

  it("asks sixteen questions at a time, and all of them", async () => {
    const seen = new Set<string>();
    const port = await fakeUdp((query) => {
      seen.add(query.questions[0]?.name ?? "");
      return [reply(query, { answers: [], rcode: 3 })];
    });
    const lists = Array.from({ length: 64 }, (_, index) => `list${index}.test`);
    expect(await line({ server: "127.0.0.1", port, lists })).toBe("up ok in none of 64 lists");
    expect(seen.size).toBe(64);
  });

  it("leaves nothing behind", async () => {
    const waiting: (() => void)[] = [];
    const port = await fakeUdp(() => {
      waiting.shift()?.();
      return [];
    });
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
    const before = sockets();
    for (let run = 0; run < 200; run++) {
      const controller = new AbortController();
      waiting.push(() => controller.abort());
      expect(await line({ server: "127.0.0.1", port }, { signal: controller.signal })).toMatch(/^unknown resolver .* did not answer in time$/);
    }
    await expect.poll(sockets).toBeLessThanOrEqual(before);
  });

  it("refuses at loading what cannot be asked", async () => {
    const wrong = (options: object): string => rbl.check?.(rbl.options.parse({ host: "a.test", lists: ["b.test"], ...options }))?.wrong ?? "";
    expect(wrong({})).toBe("");
    expect(wrong({ lists: ["b..test"] })).toBe("`b..test` is no name of a list");
    expect(wrong({ by: "name", host: "192.0.2.1" })).toBe("`192.0.2.1` is an address, and lists of names have none");
    expect(wrong({ by: "name", host: "a..test" })).toBe("`a..test` has an empty part between its dots");
    expect(rbl.options.safeParse({ host: "a.test", lists: [] }).success).toBe(false);
    expect(rbl.target(rbl.options.parse({ host: "a.test", lists: ["b.test", "c.test"] }))).toBe("a.test in b.test,c.test");
    expect(await line({ host: "192.0.2.1" }, { resolvers: [`127.0.0.1:${await freePort()}`] })).toMatch(/^unknown resolver four\.test: .* refused the connection$/);
  });
});
