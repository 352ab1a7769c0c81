import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadSite } from "../config/load.ts";
import type { Site } from "../config/site.ts";
import { channels } from "../alert/channels/index.ts";
import { createMask } from "../core/mask.ts";
import { probes } from "../probes/index.ts";
import { realProcesses } from "../sys/processes.ts";
import { realPorts } from "../sys/real.ts";
import { Fence } from "./prober-fence.ts";
import { figuresOf, type Seen } from "./prober-figures.ts";
import { Prober } from "./prober.ts";

const ports = realPorts({ level: "error", mask: (text) => text, resolvers: () => [], processes: realProcesses() });
let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/away") response.writeHead(302, { location: `http://127.0.0.2:${port}/` });
    response.end(request.headers.authorization ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

async function siteOf(probe: object): Promise<Site> {
  const text = JSON.stringify({ checks: {}, probe });
  const loading = await loadSite({ path: "/t/tocsin.yaml", files: { read: async () => ({ kind: "read", text }), list: async () => null }, environment: {}, probes, channels });
  if (loading.kind === "broken") throw new Error(loading.problems.map(({ wrong }) => wrong).join("; "));
  return loading.site;
}

const TOKEN = "0123456789abcdefghij";
const MODULES = { http: { type: "http" }, tcp: { type: "tcp" }, secret: { type: "http", auth: { user: "u", password: "hunter22" } }, proxied: { type: "http", proxy: { host: "127.0.0.1", port: 1 } } };

async function ask(probe: object, request: { readonly module: string; readonly target: string; readonly token?: string; readonly debug?: boolean }): Promise<string> {
  const site = await siteOf({ modules: MODULES, ...probe });
  const prober = new Prober(ports, () => site, createMask(site.secrets));
  const probed = await prober.ask({ hostname: "", debug: false, waitsMs: 10_000, token: null, signal: new AbortController().signal, ...request });
  if (probed.kind === "probed") return request.debug === true ? probed.text : (/^probe_success (\d)$/m.exec(probed.text)?.[0] ?? "");
  return probed.kind === "off" || probed.kind === "stranger" ? `${probed.kind}: ${probed.reason}` : probed.kind;
}

it("answers nobody until it may", async () => {
  const target = `127.0.0.1:${port}`;
  expect(await ask({}, { module: "tcp", target })).toBe("off: `GET /probe` answers nobody yet");
  expect(await ask({ token: TOKEN }, { module: "tcp", target })).toBe("stranger: the token is missing or wrong");
  expect(await ask({ token: TOKEN }, { module: "tcp", target, token: "abd" })).toBe("stranger: the token is missing or wrong");
  expect(await ask({ token: TOKEN }, { module: "tcp", target, token: TOKEN })).toBe("probe_success 1");
  expect(await ask({ networks: ["127.0.0.1"] }, { module: "tcp", target })).toBe("probe_success 1");
  expect(await ask({ networks: ["127.0.0.0/8"], token: TOKEN }, { module: "tcp", target })).toBe("stranger: the token is missing or wrong");
  const { probe: _probe, ...without } = await siteOf({ modules: MODULES });
  const off = await new Prober(ports, () => without, String).ask({ module: "tcp", target, hostname: "", debug: false, waitsMs: null, token: null, signal: new AbortController().signal });
  expect(off).toMatchObject({ kind: "off", reason: "`GET /probe` is off" });
});

it("keeps to its networks, also where a redirect leads", async () => {
  expect(await ask({ networks: ["192.0.2.0/24"] }, { module: "tcp", target: `127.0.0.1:${port}` })).toBe("off: 127.0.0.1 may not be asked");
  expect(await ask({ networks: ["127.0.0.1/32"] }, { module: "http", target: `http://127.0.0.1:${port}/away` })).toBe("probe_success 0");
  expect(await ask({ networks: ["127.0.0.0/8"] }, { module: "http", target: `http://127.0.0.1:${port}/away` })).toBe("probe_success 1");
  expect(await ask({ token: TOKEN }, { module: "http", target: "http://169.254.169.254/latest/meta-data", token: TOKEN })).toBe("off: 169.254.169.254 may not be asked");
  expect(await ask({ token: TOKEN }, { module: "http", target: "http://[::ffff:169.254.169.254]/", token: TOKEN })).toMatch(/^off: .* may not be asked$/);
  expect(await ask({ networks: ["127.0.0.0/8"] }, { module: "proxied", target: "http://192.0.2.1/" })).toBe("off: a module with a proxy leads anywhere");
});

it("asks for one name only", async () => {
  const site = await siteOf({ modules: { own: { type: "http", headers: { Host: "a.example" } } }, networks: ["127.0.0.1"] });
  const f = async (hostname: string): Promise<string> => (await new Prober(ports, () => site, String).ask({ module: "own", target: `127.0.0.1:${port}`, hostname, debug: false, waitsMs: null, token: null, signal: new AbortController().signal })).kind;
  expect([await f(""), await f("a.example"), await f("b.example")]).toEqual(["probed", "probed", "wrong"]);
});

it("shows no secret", async () => {
  const text = await ask({ networks: ["127.0.0.1"] }, { module: "secret", target: `127.0.0.1:${port}`, debug: true });
  expect(text).toContain("Module configuration:");
  expect(text).not.toMatch(/hunter22|dTpodW50ZXIyMg/);
});

it("lets no address through in another dress", async () => {
  const f = async (networks: readonly string[], ip: string, allowed: boolean): Promise<void> => {
    const fence = new Fence(networks, { ...ports, network: { ...ports.network, datagram: async () => ({ kind: "failed", failure: { code: "refused", sentence: "" } }) } });
    const opened = await fence.network.datagram(ip, 1, null);
    expect([opened.kind === "failed" ? opened.failure.code : "", fence.refused], ip).toEqual(allowed ? ["refused", null] : ["unreachable", ip]);
  };
  await f(["192.0.2.0/24"], "192.0.2.255", true);
  await f(["192.0.2.0/24"], "::ffff:192.0.2.1", true);
  await f(["192.0.2.0/24"], "::ffff:192.0.3.1", false);
  await f(["2001:db8::/32"], "2001:db8:1::1", true);
  await f(["2001:db8::/32"], "2001:db9::1", false);
  await f([], "fe80::1%eth0", false);
  await f([], "10.0.0.1", true);
  await f([], "nonsense", false);
});

it("asks the address of a name that it may ask", async () => {
  const fence = new Fence(["192.0.2.0/24"], { ...ports, network: { ...ports.network, connect: async () => ({ kind: "failed", failure: { code: "refused", sentence: "" } }) } });
  const connect = (ip: string): Promise<{ readonly kind: string }> => fence.network.connect({ ip, port: 1, source: null, signal: new AbortController().signal });
  await connect("2001:db8::1");
  expect(fence.refused).toBe("2001:db8::1");
  await connect("192.0.2.1");
  expect(fence.refused).toBeNull();
});

it("hashes addresses as blackbox_exporter does", () => {
  const f = (ip: string, hash: number): void => {
    const seen: Seen = { type: "icmp", outcome: { verdict: "up", code: "ok", sentence: "", phases: {}, facts: {}, evidence: [] }, success: true, unmet: null, durationMs: 1, timeoutMs: 1, lookup: { ms: 0, ip }, late: false, asked: { dialogue: false, soa: false, verify: true } };
    expect(figuresOf(seen), ip).toMatch(RegExp(`^probe_ip_addr_hash ${hash}$`, "m"));
  };
  // FNV-1a, 32 bits, over 4 and 16 octets.
  f("127.0.0.1", 3_668_918_509);
  f("::1", 1_751_717_746);
  f("2001:db8::1", 1_851_458_804);
});
