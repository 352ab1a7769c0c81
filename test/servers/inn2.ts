import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface News extends RunningServer {
  /** Plain with STARTTLS, on one address. */
  readonly port: number;
}

export interface NewsRequest {
  readonly certificate: Certificates["good"];
  /** TLS from the first byte. */
  readonly tls?: boolean;
  readonly address?: string;
  /** The history lacks its index: nnrpd greets with 400. */
  readonly broken?: boolean;
  /** The user reader, password readerpw, must log in to see any group. */
  readonly closed?: boolean;
}

const PROGRAMS = "/usr/lib/news/bin";
const AS_NEWS = ["--reuid=news", "--regid=news", "--clear-groups"];

/** INN's reader daemon alone, without innd, with the empty group tocsin.test; must be started by root. */
export async function startNews(parent: string, request: NewsRequest): Promise<News> {
  const port = await freePort();
  const folder = join(parent, `news-${port}`);
  for (const name of ["etc", "db", "run", "log", "tmp", "spool/articles", "spool/overview", "spool/incoming", "spool/tmp"]) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o755);
  copyFileSync(request.certificate.certPath, join(folder, "cert.pem"));
  copyFileSync(request.certificate.keyPath, join(folder, "key.pem"));
  chmodSync(join(folder, "key.pem"), 0o640);
  for (const [name, text] of Object.entries(configuration(folder, request.closed ?? false))) writeFileSync(join(folder, name), text);
  execFileSync("chown", ["-R", "news:news", folder]);
  const environment = { INNCONF: join(folder, "etc/inn.conf") };
  if (request.broken !== true) {
    for (const [program, ...args] of [["makedbz", "-i", "-o", "-s", "1000"], ["tdx-util", "-F"]] as const) {
      execFileSync("setpriv", [...AS_NEWS, join(PROGRAMS, program), ...args], { cwd: join(folder, "db"), env: { ...process.env, ...environment }, stdio: "ignore" });
    }
  }
  const address = request.address ?? "127.0.0.1";
  const family = address.includes(":") ? "-6" : "-4";
  const args = [...AS_NEWS, join(PROGRAMS, "nnrpd"), "-D", "-f", "-n", ...(request.tls === true ? ["-S"] : []), family, address, "-p", String(port)];
  const running = await startServer({ name: "nnrpd", command: "setpriv", args, folder, environment, ready: listens(port, address) });
  return { ...running, port };
}

function configuration(folder: string, closed: boolean): { readonly [path: string]: string } {
  const conf = {
    mta: '"/bin/true %s"', organization: "tocsin", domain: "news.test", pathhost: "news.test", hismethod: "hisv6", enableoverview: "true", ovmethod: "tradindexed",
    pathnews: "/usr/lib/news", pathbin: PROGRAMS, pathetc: `${folder}/etc`, pathdb: `${folder}/db`, pathrun: `${folder}/run`, pathlog: `${folder}/log`, pathhttp: `${folder}/log`, pathtmp: `${folder}/tmp`,
    pathspool: `${folder}/spool`, patharticles: `${folder}/spool/articles`, pathoverview: `${folder}/spool/overview`, pathincoming: `${folder}/spool/incoming`,
    tlscertfile: `${folder}/cert.pem`, tlskeyfile: `${folder}/key.pem`, runasuser: "news", runasgroup: "news",
  };
  // The programs that check passwords are told both on standard input.
  const checker = `#!/bin/sh\nwhile read key value; do case "$key$value" in ClientAuthname:*reader*) u=1;; ClientPassword:*readerpw*) p=1;; esac; done\n[ "$u$p" = 11 ] && printf 'User:reader\\r\\n' && exit 0\nexit 1\n`;
  const login = `auth all {\n  auth: "/bin/sh ${folder}/etc/checker"\n}\naccess all {\n  users: "reader*"\n  newsgroups: "*"\n  access: "R"\n}\n`;
  const open = 'auth all {\n  hosts: "*"\n  default: "<anon>"\n}\naccess all {\n  users: "<anon>"\n  newsgroups: "*"\n  access: "R"\n}\n';
  return {
    "etc/inn.conf": Object.entries(conf).map(([name, value]) => `${name}: ${value}\n`).join(""),
    "etc/readers.conf": closed ? login : open,
    "etc/checker": checker,
    "etc/storage.conf": "method tradspool {\n  newsgroups: *\n  class: 0\n}\n",
    "db/active": "control 0000000000 0000000001 n\njunk 0000000000 0000000001 n\ntocsin.test 0000000000 0000000001 y\n",
    "db/active.times": "", "db/newsgroups": "", "db/history": "", "etc/passwd.nntp": "", "etc/inn-secrets.conf": "",
  };
}
