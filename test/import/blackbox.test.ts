import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readForeign } from "../../src/app/foreign.ts";
import { type Service, service } from "../e2e/receivers.ts";
import { Place, tocsin } from "../e2e/world.ts";
import { type Bind9, startBind9 } from "../servers/bind9.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Nginx, startNginx } from "../servers/nginx.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("blackbox_exporter's modules against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

const MODULES = `modules:
  web: {prober: http, timeout: 900ms, http: {preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: ["^all is well$"]}}
  connect: {prober: tcp, timeout: 900ms}
  names: {prober: dns, timeout: 900ms, dns: {query_name: www.example.test, query_type: A, validate_answer_rrs: {fail_if_none_matches_regexp: ["192.0.2.10"]}}}
  ping: {prober: icmp, timeout: 900ms}
`;
const RULES = `groups:
  - name: probes
    rules:
      - {alert: Down, expr: 'probe_success{job="web"} == 0', for: 2s}
      - {alert: OthersDown, expr: 'probe_success{job!="web"} == 0'}
`;

/** A job for each module, all asked every second. */
const prometheus = (modules: readonly string[]): string => `global: {scrape_interval: 1s, scrape_timeout: 1s}
rule_files: [rules.yml]
scrape_configs:
${modules.map((module) => `  - job_name: ${module}
    metrics_path: /probe
    params: {module: [${module}]}
    file_sd_configs: [{files: [${module}.json]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [room], target_label: instance}
      - {target_label: __address__, replacement: "127.0.0.1:9115"}
`).join("")}`;

test("10,000 targets come over", async () => {
  const folder = temporaryFolder();
  const targets = Array.from({ length: 10_000 }, (_, index) => `https://s${index}.example.com/`);
  writeFileSync(join(folder, "blackbox.yml"), "modules: {http_2xx: {prober: http}}\n");
  writeFileSync(join(folder, "targets.json"), JSON.stringify([{ targets, labels: { env: "prod" } }]));
  writeFileSync(join(folder, "prometheus.yml"), "scrape_configs:\n  - job_name: web\n    metrics_path: /probe\n    params: {module: [http_2xx]}\n    file_sd_configs: [{files: [targets.json]}]\n    relabel_configs: [{source_labels: [__address__], target_label: __param_target}]\n");
  const foreign = await readForeign(folder, { from: null, keepGoing: false });
  const checks = new Map(Object.entries(foreign?.document["checks"] ?? {}));
  expect(checks.size).toBe(10_000);
  expect(checks.get("web https://s9999.example.com/")).toMatchObject({ type: "http", url: "https://s9999.example.com/", tags: ["env=prod"] });
});

asRoot(["nginx-light", "bind9", "postfix", "openssl"], "blackbox.yml and prometheus.yml, run against real services", () => {
  let nginx: Nginx;
  let bind: Bind9;
  let postfix: Postfix;
  let port: Service;
  let authority = "";
  const folder = temporaryFolder();
  beforeAll(async () => {
    for (const name of ["nginx", "bind", "etc"]) mkdirSync(join(folder, name));
    const certificates = await makeCertificates(folder);
    nginx = await startNginx(join(folder, "nginx"), certificates);
    bind = await startBind9(join(folder, "bind"), certificates.good);
    postfix = await startPostfix(temporaryFolder(), certificates.good, { certificates });
    authority = certificates.authorityPath;
    port = await service();
    const targets = { web: `127.0.0.1:${nginx.http}/files/state`, connect: `127.0.0.1:${port.port}`, names: `127.0.0.1:${bind.port}`, ping: "127.0.0.1" };
    writeFileSync(join(folder, "etc/blackbox.yml"), MODULES);
    writeFileSync(join(folder, "etc/rules.yml"), RULES);
    writeFileSync(join(folder, "etc/prometheus.yml"), prometheus(Object.keys(targets)));
    for (const [module, target] of Object.entries(targets)) writeFileSync(join(folder, `etc/${module}.json`), JSON.stringify([{ targets: [target], labels: { room: "cellar" } }]));
  }, 60_000);
  const state = (text: string): void => writeFileSync(join(nginx.files, "state"), text);

  test("as they are: down after the time of their alert rule, and up again", async () => {
    state("all is well");
    const place = new Place("");
    place.config = join(folder, "etc");
    await place.start();
    for (const name of ["web cellar", "connect cellar", "names cellar", "ping cellar"]) await place.becomes(name, "up");
    state("all is lost");
    bind.signal("SIGSTOP");
    await port.close();
    const down = await place.becomes("web cellar", "down");
    // Three runs a second apart lie within two seconds of failing.
    expect(down).toMatchObject({ summary: expect.stringMatching(/^body is /), failing: expect.any(Number) });
    expect(down.failing).toBeGreaterThanOrEqual(3);
    await place.becomes("names cellar", "down");
    await place.becomes("connect cellar", "down");
    state("all is well");
    bind.signal("SIGCONT");
    await port.open();
    for (const name of ["web cellar", "connect cellar", "names cellar", "ping cellar"]) await place.becomes(name, "up");
    expect(await place.incidents("web cellar")).toHaveLength(1);
    expect(await place.incidents("ping cellar")).toEqual([]);
    await place.stop();
  });

  test("written, with somebody to tell: one mail when it is down, one when it is up", async () => {
    state("all is well");
    const place = new Place("");
    const written = join(folder, "written.yaml");
    expect(await tocsin(["import", join(folder, "etc"), "-o", written], folder)).toMatchObject({ exit: 0 });
    const channel = `channels: {ops: {type: email, to: [probe@mail.test], from: tocsin@mail.test, smtp: {host: localhost, port: ${postfix.smtps}, tls: true}, group: off}}\n`;
    place.write(`${readFileSync(written, "utf8").replace("notify: []", "notify: [ops]")}${channel}`);
    await place.start({ NODE_EXTRA_CA_CERTS: authority });
    await place.becomes("web cellar", "up");
    rmSync(join(nginx.files, "state"));
    await place.becomes("web cellar", "down");
    await place.until("the outage is told", () => postfix.mails().length === 1);
    state("all is well");
    await place.becomes("web cellar", "up");
    const mails = await place.until("its end is told", () => (postfix.mails().length === 2 ? postfix.mails() : null));
    await place.stop();
    expect(mails.map((mail) => /_(DOWN|RECOVERED)_(\w+)_/.exec(mail)?.slice(1, 3).join(" ")).map(String).toSorted()).toEqual(["DOWN web_cellar", "RECOVERED web_cellar"]);
  });
});
