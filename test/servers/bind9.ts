import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Bind9 extends RunningServer {
  /** UDP and TCP on 127.0.0.1 and [::1]. */
  readonly port: number;
  /** DNS over TLS. */
  readonly tlsPort: number;
  /** DNS over HTTPS, at /dns-query. */
  readonly httpsPort: number;
}

export interface Bind9Request {
  /** Which of 127.0.0.1 and ::1 it is on; both unless said. TLS and HTTPS are on the first only. */
  readonly families?: readonly (4 | 6)[];
  /** Of another that is on the other address. */
  readonly port?: number;
  readonly serial?: number;
  /** Address of the zone's second name server. */
  readonly second?: string;
}

const zone = (serial: number, second: string): string => `$TTL 300
@ IN SOA ns1.example.test. hostmaster.example.test. ${serial} 3600 600 86400 300
@ IN NS ns1.example.test.
@ IN NS ns2.example.test.
@ IN MX 10 mail.example.test.
@ IN TXT "v=spf1 -all"
@ IN CAA 0 issue "ca.example"
ns1 IN A 127.0.0.1
ns2 IN ${second.includes(":") ? "AAAA" : "A"} ${second}
www IN A 192.0.2.10
www IN A 192.0.2.11
www IN AAAA 2001:db8::10
mail IN A 127.0.0.1
alias IN CNAME www
far 10 IN CNAME alias
_imaps._tcp IN SRV 0 1 993 mail
xn--bcher-kva IN A 192.0.2.12
odd IN TYPE65400 \\# 3 010203
parts IN TXT "one " "two"
${Array.from({ length: 40 }, (_, index) => `big IN TXT "${index} ${"x".repeat(100)}"`).join("\n")}
`;
const REVERSE = `$TTL 300
@ IN SOA ns1.example.test. hostmaster.example.test. 1 3600 600 86400 300
@ IN NS ns1.example.test.
10 IN PTR www.example.test.
`;

/** A BIND that is authoritative for example.test and 2.0.192.in-addr.arpa and refuses all else. `big.example.test TXT` fits no datagram. */
export async function startBind9(folder: string, certificate: CertificateFiles, { families = [4, 6], port: wanted, serial = 4_294_967_290, second = "127.0.0.1" }: Bind9Request = {}): Promise<Bind9> {
  const port = wanted ?? (await freePort(3));
  const tlsPort = port + 1;
  const httpsPort = port + 2;
  const zones = join(folder, "zones");
  mkdirSync(zones, { recursive: true });
  writeFileSync(join(zones, "example.test"), zone(serial, second));
  writeFileSync(join(zones, "reverse"), REVERSE);
  writeFileSync(
    join(folder, "named.conf"),
    `tls own { cert-file "${certificate.certPath}"; key-file "${certificate.keyPath}"; };
options { directory "${zones}"; pid-file none; session-keyfile none; managed-keys-directory "${zones}"; lock-file none;
  recursion no; dnssec-validation no; notify no; allow-query { any; }; minimal-responses yes;
  listen-on ${families.includes(4) ? `port ${port} { 127.0.0.1; }` : "{ none; }"}; listen-on-v6 ${families.includes(6) ? `port ${port} { ::1; }` : "{ none; }"};
  ${families.includes(4) ? `listen-on port ${tlsPort} tls own { 127.0.0.1; }; listen-on port ${httpsPort} tls own http default { 127.0.0.1; };` : ""} };
controls { };
logging { category default { default_stderr; }; };
zone "example.test" { type primary; file "example.test"; };
zone "2.0.192.in-addr.arpa" { type primary; file "reverse"; };
`,
  );
  const running = await startServer({ name: "named", command: "named", args: ["-f", "-n", "1", "-c", join(folder, "named.conf")], folder, ready: families.includes(4) ? listens(httpsPort) : listens(port, "::1") });
  return { ...running, port, tlsPort, httpsPort };
}
