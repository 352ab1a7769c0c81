import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { Place, tocsin } from "../e2e/world.ts";
import { type Bind9, startBind9 } from "./bind9.ts";
import { makeCertificates } from "./certificates.ts";
import { atEnd, describeWith, freePort, listens, startServer, temporaryFolder } from "./ground.ts";
import { type Nginx, startNginx } from "./nginx.ts";

const PROGRAM = "prometheus-blackbox-exporter";
/** Of newer exporters than the one that Debian has. */
const NEWER = /^probe_(timeout_seconds|tls_cipher_info)\b/;
/** What the clock decides: only whether it is there is compared. */
const MEASURED = /_(duration|time)_seconds|^probe_timeout_seconds/;

const modules = (authority: string): string => `modules:
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  stays: {prober: http, timeout: 5s, http: {follow_redirects: false, valid_status_codes: [302]}}
  body: {prober: http, timeout: 5s, http: {fail_if_body_not_matches_regexp: ["^tocsin ok"]}}
  no-body: {prober: http, timeout: 5s, http: {fail_if_body_matches_regexp: ["(?i)OK"]}}
  header: {prober: http, timeout: 5s, http: {fail_if_header_not_matches: [{header: X-Missing, regexp: a}]}}
  post: {prober: http, timeout: 5s, http: {method: POST, body: hello, headers: {X-One: "1"}, fail_if_body_not_matches_regexp: [hello]}}
  access: {prober: http, timeout: 5s, http: {basic_auth: {username: user, password: pass}}}
  plain: {prober: http, timeout: 5s, http: {fail_if_ssl: true, tls_config: {insecure_skip_verify: true}}}
  trusting: {prober: http, timeout: 5s, http: {fail_if_not_ssl: true, tls_config: {insecure_skip_verify: true}}}
  verifying: {prober: http, timeout: 5s, http: {tls_config: {ca_file: ${authority}, server_name: localhost}}}
  one: {prober: http, timeout: 5s, http: {enable_http2: false, valid_http_versions: [HTTP/1.1], tls_config: {ca_file: ${authority}, server_name: localhost}}}
  tcp: {prober: tcp, timeout: 5s}
  tls: {prober: tcp, timeout: 5s, tcp: {tls: true, tls_config: {ca_file: ${authority}, server_name: localhost}}}
  distrusting: {prober: tcp, timeout: 5s, tcp: {tls: true}}
  banner: {prober: tcp, timeout: 5s, tcp: {query_response: [{expect: "^hello ([a-z]+)$", send: "I am \${1}"}, {expect: "^you are world$"}]}}
  silent: {prober: tcp, timeout: 5s, tcp: {query_response: [{expect: "^good bye$"}]}}
  a: {prober: dns, timeout: 5s, dns: {query_name: www.example.test, query_type: A, validate_answer_rrs: {fail_if_not_matches_regexp: ["www.example.test.\\t300\\tIN\\tA\\t192.0.2.1[01]"]}}}
  not-a: {prober: dns, timeout: 5s, dns: {query_name: www.example.test, query_type: A, validate_answer_rrs: {fail_if_matches_regexp: ["192.0.2.10"]}}}
  soa: {prober: dns, timeout: 5s, dns: {query_name: example.test, query_type: SOA, transport_protocol: tcp, recursion_desired: false}}
  absent: {prober: dns, timeout: 5s, dns: {query_name: absent.example.test, query_type: SOA}}
  absent-well: {prober: dns, timeout: 5s, dns: {query_name: absent.example.test, query_type: A, valid_rcodes: [NXDOMAIN]}}
  icmp: {prober: icmp, timeout: 5s}
  icmp-from: {prober: icmp, timeout: 5s, icmp: {source_ip_address: 192.0.2.9}}
`;

/** Every sample by its name and labels, with its value. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

const familiesOf = (text: string): readonly string[] => text.split("\n").filter((line) => line.startsWith("#"));

/** Greets, and tells whoever answers who that is. */
async function greeter(): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined).write("hello world\n");
    socket.once("data", (chunk) => socket.end(chunk.toString().replace("I am", "you are")));
  });
  const closer = createServer((socket) => socket.on("error", () => undefined).end("hello world\n"));
  const port = await freePort(2);
  for (const [one, at] of [[server, port], [closer, port + 1]] as const) {
    await new Promise<void>((resolve) => one.listen(at, "127.0.0.1", resolve));
    atEnd(async () => void one.close());
  }
  return port;
}

describeWith([PROGRAM, "nginx-light", "bind9", "openssl"], "GET /probe beside blackbox_exporter, with the same blackbox.yml", () => {
  const place = new Place("");
  let exporter = "";
  let nginx: Nginx;
  let bind: Bind9;
  let talks = 0;
  let closed = 0;
  beforeAll(async () => {
    const folder = temporaryFolder();
    for (const name of ["nginx", "bind"]) mkdirSync(join(folder, name));
    const certificates = await makeCertificates(folder);
    nginx = await startNginx(join(folder, "nginx"), certificates);
    bind = await startBind9(join(folder, "bind"), certificates.good);
    talks = await greeter();
    closed = await freePort();
    const port = await freePort();
    writeFileSync(join(folder, "blackbox.yml"), modules(certificates.authorityPath));
    await startServer({ name: PROGRAM, command: PROGRAM, args: [`--config.file=${folder}/blackbox.yml`, `--web.listen-address=127.0.0.1:${port}`], folder, ready: listens(port) });
    exporter = `http://127.0.0.1:${port}`;
    expect(await tocsin(["import", join(folder, "blackbox.yml"), "-o", place.config.replace(".yaml", "-written.yaml")], folder)).toMatchObject({ exit: 0 });
    place.write(readFileSync(place.config.replace(".yaml", "-written.yaml"), "utf8").replace("\nprobe:\n", "\nprobe:\n  networks: [127.0.0.0/8]\n"));
    await place.start();
  }, 60_000);

  const ask = async (base: string, query: { readonly [key: string]: string }, headers: { readonly [name: string]: string } = {}): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await fetch(`${base}/probe?${new URLSearchParams(query).toString()}`, { headers });
    return { status: answer.status, text: await answer.text() };
  };
  const own = (): string => place.page.origin;

  /** Both say the same, and that the target is well or not. */
  async function f(module: string, target: string, success: boolean): Promise<void> {
    const theirs = await ask(exporter, { module, target });
    const answer = await ask(own(), { module, target });
    // A label of newer exporters.
    const ours = { text: answer.text.replace(/serialnumber="[0-9a-f]{2,}",/, "") };
    const [a, b] = [samplesOf(theirs.text), samplesOf(ours.text)];
    const said = `${module} ${target}\n${ours.text}`;
    expect(b.get("probe_success"), said).toBe(success ? 1 : 0);
    const known = (names: Iterable<string>): readonly string[] => [...names].filter((name) => !NEWER.test(name));
    expect(known(b.keys()), said).toEqual([...a.keys()]);
    const values = (samples: ReadonlyMap<string, number>): object => Object.fromEntries([...samples].filter(([name]) => !MEASURED.test(name) && !NEWER.test(name)));
    expect(values(b), said).toEqual(values(a));
    expect(familiesOf(ours.text).filter((line) => !NEWER.test(line.split(" ")[2] ?? "")), said).toEqual(familiesOf(theirs.text));
  }

  it("http", async () => {
    await f("http", `127.0.0.1:${nginx.http}/ok`, true);
    await f("http", `http://127.0.0.1:${nginx.http}/500`, false);
    await f("http", `http://127.0.0.1:${nginx.http}/204`, true);
    await f("http", `http://127.0.0.1:${nginx.http}/redirect`, true);
    await f("stays", `http://127.0.0.1:${nginx.http}/redirect`, true);
    await f("http", `http://127.0.0.1:${nginx.http}/gzip`, true);
    await f("http", `http://127.0.0.1:${nginx.http}/files/gzip.txt`, true);
    await f("body", `http://127.0.0.1:${nginx.http}/ok`, true);
    await f("body", `http://127.0.0.1:${nginx.http}/json`, false);
    await f("no-body", `http://127.0.0.1:${nginx.http}/ok`, false);
    await f("header", `http://127.0.0.1:${nginx.http}/ok`, false);
    await f("access", `http://127.0.0.1:${nginx.http}/auth`, true);
    await f("http", `http://127.0.0.1:${nginx.http}/auth`, false);
    await f("http", `http://127.0.0.1:${closed}/`, false);
  });

  it("http under TLS", async () => {
    await f("trusting", `https://127.0.0.1:${nginx.https}/ok`, true);
    await f("trusting", `http://127.0.0.1:${nginx.http}/ok`, false);
    await f("plain", `https://127.0.0.1:${nginx.https}/ok`, false);
    await f("verifying", `https://127.0.0.1:${nginx.https}/ok`, true);
    await f("one", `https://127.0.0.1:${nginx.https}/ok`, true);
    await f("verifying", `https://127.0.0.1:${nginx.httpsWith.expired}/ok`, false);
    await f("http", `https://127.0.0.1:${nginx.https}/ok`, false);
  });

  it("tcp and TLS", async () => {
    await f("tcp", `127.0.0.1:${nginx.http}`, true);
    await f("tcp", `127.0.0.1:${closed}`, false);
    await f("tcp", "127.0.0.1", false);
    await f("tls", `127.0.0.1:${nginx.https}`, true);
    await f("tls", `127.0.0.1:${nginx.httpsWith.wrongName}`, false);
    await f("distrusting", `127.0.0.1:${nginx.https}`, false);
    await f("banner", `127.0.0.1:${talks}`, true);
    await f("silent", `127.0.0.1:${talks + 1}`, false);
  });

  it("dns", async () => {
    const server = `127.0.0.1:${bind.port}`;
    await f("a", server, true);
    await f("not-a", server, false);
    await f("soa", server, true);
    await f("absent", server, false);
    await f("absent-well", server, true);
    await f("a", `127.0.0.1:${closed}`, false);
  });

  it("icmp", async () => {
    await f("icmp", "127.0.0.1", true);
    await f("icmp-from", "127.0.0.1", false);
  });

  it("waits no longer than Prometheus does, less half a second", async () => {
    const { text } = await ask(own(), { module: "http", target: `http://127.0.0.1:${nginx.http}/slow` }, { "X-Prometheus-Scrape-Timeout-Seconds": "0.8" });
    const samples = samplesOf(text);
    expect([samples.get("probe_success"), samples.get("probe_timeout_seconds")]).toEqual([0, 0.3]);
    expect((await ask(own(), { module: "tcp", target: "127.0.0.1:1" }, { "X-Prometheus-Scrape-Timeout-Seconds": "soon" })).status).toBe(400);
  });

  it("shows a person what it did", async () => {
    const { text } = await ask(own(), { module: "access", target: `http://127.0.0.1:${nginx.http}/auth`, debug: "true" });
    expect(text).toMatch(/^Logs for the probe:\nHTTP 200 OK\n[^]*\nMetrics that would have been returned:\n# HELP probe_dns_lookup_time_seconds [^]*\nModule configuration:\n/);
    expect(text).not.toMatch(/"pass"|dXNlcjpwYXNz/);
  });

  it("takes another name to ask for", async () => {
    const { text } = await ask(own(), { module: "post", target: `http://127.0.0.1:${nginx.http}/echo`, hostname: "shop.test", debug: "true" });
    expect(text).toMatch(/Host: shop\.test/i);
  });

  it("says what is wrong as the exporter does", async () => {
    for (const query of [{ module: "nope", target: "a" }, { module: "tcp" }, { target: "a" }]) expect(await ask(own(), query), JSON.stringify(query)).toEqual(await ask(exporter, query));
  });

  it("takes over what changes while it runs", async () => {
    const text = readFileSync(place.config, "utf8");
    const asked = async (): Promise<number> => (await ask(own(), { module: "tcp", target: `127.0.0.1:${nginx.http}` })).status;
    place.write(text.replace("127.0.0.0/8", "192.0.2.0/24"));
    await place.until("this host may not be asked any more", async () => (await asked()) === 403);
    place.write(text);
    await place.until("this host may be asked again", async () => (await asked()) === 200);
  });

  it("asks nothing that was not allowed", async () => {
    for (const [module, target] of [["tcp", "192.0.2.1:80"], ["http", "http://[::1]/"], ["icmp", "192.0.2.1"], ["a", "192.0.2.1"], ["http", "http://[::ffff:192.0.2.1]/"]] as const) {
      const answer = await ask(own(), { module, target });
      expect([answer.status, answer.text], target).toEqual([403, expect.stringMatching(/may not be asked/)]);
    }
    const led = samplesOf((await ask(own(), { module: "http", target: `http://127.0.0.1:${nginx.http}/ok`, hostname: "x" })).text);
    expect(led.get("probe_success")).toBe(1);
  });
});
