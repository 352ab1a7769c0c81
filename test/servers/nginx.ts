import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles, Certificates } from "./certificates.ts";
import { freePort, listens, type RunningServer, startServer } from "./ground.ts";

/** A running nginx; every port serves the same pages, on 127.0.0.1 and [::1]. */
export interface Nginx extends RunningServer {
  readonly http: number;
  /** HTTPS with HTTP/2; `good` for every name but b.sni.test, which gets `second`. */
  readonly https: number;
  /** HTTPS without HTTP/2, by the certificate it shows. */
  readonly httpsWith: { readonly [kind in "expired" | "notYetValid" | "expiring" | "wrongName" | "selfSigned"]: number };
  /** HTTPS that wants a client certificate of the authority. */
  readonly httpsClient: number;
  /** Where files for `/files/` lie. */
  readonly files: string;
}

const KINDS = ["expired", "notYetValid", "expiring", "wrongName", "selfSigned"] as const;

/**
 * Pages: `/ok` 200, `/500`, `/204`, `/redirect` -> `/ok`, `/loop` -> itself, `/absolute` -> its own origin, `/elsewhere` -> 127.0.0.1 over HTTP,
 * `/auth` (user:pass), `/slow` (1 byte a second), `/echo` (what it was asked), `/large` (2 MiB), `/json`, `/gzip` (compressed when asked to), `/files/`.
 */
export async function startNginx(folder: string, certificates: Certificates): Promise<Nginx> {
  const first = await freePort(3 + KINDS.length);
  const [http, https, httpsClient] = [first, first + 1, first + 2];
  const httpsWith = Object.fromEntries(KINDS.map((kind, index) => [kind, first + 3 + index])) as Nginx["httpsWith"];
  const files = join(folder, "files");
  mkdirSync(files, { recursive: true });
  mkdirSync(join(folder, "tmp"), { recursive: true });
  writeFileSync(join(files, "slow"), "x".repeat(100_000));
  writeFileSync(join(files, "large"), "0123456789abcdef".repeat(131_072));
  writeFileSync(join(files, "gzip.txt"), "tocsin ".repeat(5000));
  const hash = execFileSync("openssl", ["passwd", "-apr1", "pass"], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, "htpasswd"), `user:${hash}\n`);
  writeFileSync(join(folder, "pages"), pages(folder, files, http));
  const servers = [
    server(http, "", null),
    server(https, "ssl http2 default_server", certificates.good),
    server(https, "ssl http2", certificates.second, "server_name b.sni.test;"),
    server(httpsClient, "ssl", certificates.good, `ssl_client_certificate ${certificates.authorityPath}; ssl_verify_client on;`),
    ...KINDS.map((kind) => server(httpsWith[kind], "ssl", certificates[kind])),
  ];
  writeFileSync(join(folder, "nginx.conf"), configuration(folder, servers));
  const args = ["-p", `${folder}/`, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  const running = await startServer({ name: "nginx", command: "nginx", args, folder, ready: listens(https) });
  return { ...running, http, https, httpsClient, httpsWith, files };
}

function server(port: number, flags: string, certificate: CertificateFiles | null, more = ""): string {
  const tls = certificate === null ? "" : `ssl_certificate ${certificate.certPath}; ssl_certificate_key ${certificate.keyPath};`;
  return `server { listen 127.0.0.1:${port} ${flags}; listen [::1]:${port} ${flags}; ${tls} ${more} include pages; }`;
}

function configuration(folder: string, servers: readonly string[]): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/tmp/${name};`);
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `${user} worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log stderr info;
events { worker_connections 512; }
http { access_log off; ${temporary.join(" ")} keepalive_timeout 5s; lingering_timeout 1s; ssl_protocols TLSv1.2 TLSv1.3;
${servers.join("\n")}
}
`;
}

function pages(folder: string, files: string, http: number): string {
  return `root ${files};
default_type text/plain;
location = /ok { add_header X-Tocsin yes; return 200 "tocsin ok\\n"; }
location = /500 { return 500 "broken\\n"; }
location = /204 { return 204; }
location = /redirect { return 302 /ok; }
location = /loop { return 302 /loop; }
location = /absolute { return 301 $scheme://$http_host/echo; }
location = /elsewhere { return 302 http://127.0.0.1:${http}/echo; }
location = /auth { auth_basic "tocsin"; auth_basic_user_file ${folder}/htpasswd; try_files /large =404; }
location = /slow { limit_rate 1; }
location = /large { }
location = /echo { return 200 "$request_method $host $http_host [$http_authorization] $server_protocol [$ssl_server_name] [$ssl_client_s_dn] [$http_x_probe] [$remote_addr]\\n"; }
location = /json { default_type application/json; return 200 '{"status":"ok","queue":{"depth":7,"names":["a","b"]}}'; }
location = /gzip { gzip on; gzip_types text/plain; gzip_min_length 1; try_files /gzip.txt =404; }
location /files/ { alias ${files}/; }
`;
}
