import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { wantedFacts } from "../src/core/expect.ts";
import { createMask } from "../src/core/mask.ts";
import { loadConfiguration } from "../src/app/configuration.ts";
import type { Site } from "../src/config/site.ts";
import { probes } from "../src/probes/index.ts";
import { type Bench, type Job, execute } from "../src/run/execute.ts";
import { realProcesses } from "../src/sys/processes.ts";
import { realPorts } from "../src/sys/real.ts";
import { startBind9 } from "../test/servers/bind9.ts";
import { makeCertificates } from "../test/servers/certificates.ts";
import { endAll, freePort, listens, need, startServer, temporaryFolder } from "../test/servers/ground.ts";
import { startNginx } from "../test/servers/nginx.ts";
import { type Figure, type Measure, median } from "./figure.ts";
import { cpuSeconds } from "./world.ts";

/**
 * Checks a CPU second against prometheus-blackbox-exporter, which probes the same target in the same run, both in turns (A B A B, the median of
 * the ratios). The exporter is driven over its /probe on kept connections and counts the whole of its process; ours is a run with conditions and
 * masking, and counts the whole of this process, the loop that starts it included. The servers that are probed are processes of their own.
 */
const PROGRAM = "prometheus-blackbox-exporter";
/** Longer turns say more: the exporter's CPU is counted in hundredths of a second. */
const TURN_RUNS = 6000;
const TURNS = 5;
const AT_ONCE = 8;

type Kind = "tcp" | "http" | "dns" | "tls";
interface Targets {
  readonly http: number;
  readonly https: number;
  readonly dns: number;
  readonly authority: string;
}

const modules = ({ authority }: Targets): string => `modules:
  tcp: {prober: tcp, timeout: 5s}
  http: {prober: http, timeout: 5s, http: {valid_status_codes: [200], fail_if_body_not_matches_regexp: [ok], preferred_ip_protocol: ip4}}
  dns: {prober: dns, timeout: 5s, dns: {query_name: www.example.test, query_type: A, transport_protocol: udp, preferred_ip_protocol: ip4}}
  tls: {prober: tcp, timeout: 5s, tcp: {tls: true, tls_config: {ca_file: ${authority}, server_name: localhost}}}
`;

/** The same questions in our own words. */
const site = ({ http, https, dns, authority }: Targets): string => `name: Bench
defaults: {timeout: 5s, notify: [ops]}
channels: {ops: {type: log}}
checks:
  tcp: {type: tcp, host: 127.0.0.1, port: ${http}}
  http: {type: http, url: "http://127.0.0.1:${http}/ok", expect: {status: 200, body: /ok/}}
  dns: {type: dns, name: www.example.test, server: 127.0.0.1, port: ${dns}}
  tls: {type: tls, host: 127.0.0.1, port: ${https}, tls: {ca: "\${file:${authority}}", servername: localhost}}
`;

const targetOf = (kind: Kind, { http, https, dns }: Targets): string => ({ tcp: `127.0.0.1:${http}`, http: `http://127.0.0.1:${http}/ok`, dns: `127.0.0.1:${dns}`, tls: `127.0.0.1:${https}` })[kind];

/** So many at a time until all are done. */
async function repeat(runs: number, run: () => Promise<void>): Promise<void> {
  let left = runs;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** One answer of the exporter; it must say that the probe succeeded. */
function ask(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => (/^probe_success 1$/m.test(body) ? resolve() : reject(new Error(`${url} failed: ${body.slice(0, 500)}`))));
    }).on("error", reject);
  });
}

function jobs(site: Site): { readonly bench: Bench; readonly job: (kind: Kind) => Job } {
  const mask = createMask(site.secrets);
  const ports = realPorts({ level: "error", mask, resolvers: () => [], processes: realProcesses() });
  const job = (kind: Kind): Job => {
    const definition = site.checks.find(({ name }) => name === kind);
    const probe = probes.find(({ type }) => type === kind);
    if (definition === undefined || probe === undefined) throw new Error(`the bench's own site has no ${kind}`);
    return { definition, probe, wants: wantedFacts([...definition.expect, ...definition.warn]), slot: ports.clock.now(), origin: "scheduled", stop: new AbortController().signal };
  };
  return { bench: { ports, mask, vantage: site.settings.vantage }, job };
}

async function runOnce(bench: Bench, job: Job): Promise<void> {
  const ran = await execute(bench, job);
  if (ran?.result.verdict !== "up") throw new Error(`${job.definition.name}: ${ran?.result.sentence}`);
}

/** CPU milliseconds of one check, by the exporter and by us. */
async function turn(theirs: { readonly pid: number; readonly run: () => Promise<void> }, ours: () => Promise<void>): Promise<readonly [number, number]> {
  const before = cpuSeconds(theirs.pid);
  await repeat(TURN_RUNS, theirs.run);
  const exporter = (1000 * (cpuSeconds(theirs.pid) - before)) / TURN_RUNS;
  const cpu = process.cpuUsage();
  await repeat(TURN_RUNS, ours);
  const { user, system } = process.cpuUsage(cpu);
  return [exporter, (user + system) / 1000 / TURN_RUNS];
}

async function startTargets(folder: string): Promise<Targets> {
  const certificates = await makeCertificates(folder);
  for (const name of ["nginx", "bind"]) mkdirSync(join(folder, name));
  const nginx = await startNginx(join(folder, "nginx"), certificates);
  const bind = await startBind9(join(folder, "bind"), certificates.good);
  return { http: nginx.http, https: nginx.https, dns: bind.port, authority: certificates.authorityPath };
}

async function measured(say: (text: string) => void): Promise<readonly Figure[]> {
  const folder = temporaryFolder();
  const targets = await startTargets(folder);
  writeFileSync(join(folder, "blackbox.yml"), modules(targets));
  writeFileSync(join(folder, "tocsin.yaml"), site(targets), { mode: 0o600 });
  const loaded = await loadConfiguration(join(folder, "tocsin.yaml"), {}, null);
  if (loaded.kind === "broken") throw new Error(`the bench's own site has errors: ${loaded.problems.map(({ wrong }) => wrong).join("; ")}`);
  const port = await freePort();
  const exporter = await startServer({ name: PROGRAM, command: PROGRAM, args: [`--config.file=${folder}/blackbox.yml`, `--web.listen-address=127.0.0.1:${port}`], folder, ready: listens(port) });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const { bench, job } = jobs(loaded.site);
  const figures: Figure[] = [];
  for (const kind of ["tcp", "http", "dns", "tls"] as const) {
    const url = `http://127.0.0.1:${port}/probe?module=${kind}&target=${encodeURIComponent(targetOf(kind, targets))}`;
    const mine = job(kind);
    const turns: (readonly [number, number])[] = [];
    // The first turn warms both up.
    for (let index = 0; index <= TURNS; index++) {
      const [theirs, ours] = await turn({ pid: exporter.pid, run: () => ask(agent, url) }, () => runOnce(bench, mine));
      if (index > 0) turns.push([theirs, ours]);
      say(`${kind}, turn ${index} of ${TURNS}: exporter ${theirs.toFixed(3)} ms, Tocsin ${ours.toFixed(3)} ms`);
    }
    figures.push(
      { name: `blackbox ${kind}`, value: median(turns.map(([theirs, ours]) => theirs / ours)), unit: "times", goal: 2, atLeast: true },
      { name: `blackbox ${kind} exporter`, value: 1000 / median(turns.map(([theirs]) => theirs)), unit: "/CPU s", goal: null },
      { name: `blackbox ${kind} tocsin`, value: 1000 / median(turns.map(([, ours]) => ours)), unit: "/CPU s", goal: null },
    );
  }
  agent.destroy();
  return figures;
}

/** `tcp`, `http`, `dns` and `tls`, as checks a CPU second of both. */
export const blackbox: Measure = async (say) => {
  const missing = need("prometheus-blackbox-exporter", "nginx-light", "bind9", "openssl");
  if (missing !== null) {
    say(missing);
    return [];
  }
  try {
    return await measured(say);
  } finally {
    await endAll();
  }
};
