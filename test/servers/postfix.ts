import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { freePort, listens, type RunningServer, startServer } from "./ground.ts";

/** A running Postfix on 127.0.0.1 that keeps mail for probe@mail.test and sends nothing anywhere. */
export interface Postfix extends RunningServer {
  /** SMTP with STARTTLS; greylist@mail.test gets 450, unknown recipients 550. */
  readonly smtp: number;
  /** SMTP over TLS. */
  readonly smtps: number;
  /** Its own `sendmail` program, which hands mail to this Postfix. */
  readonly configuration: string;
  /** Whole mails that arrived for probe@mail.test so far. */
  mails(): readonly string[];
}

const daemons = (): string => ["/usr/lib/postfix/sbin", "/usr/libexec/postfix"].find((path) => existsSync(join(path, "master"))) ?? "/usr/lib/postfix/sbin";

/** Starts Postfix as root (it changes users by itself) in a folder that every user may enter. */
export async function startPostfix(folder: string, certificate: CertificateFiles): Promise<Postfix> {
  const smtp = await freePort(2);
  const configuration = join(folder, "etc");
  for (const name of ["etc", "queue", "data", "mail"]) mkdirSync(join(folder, name), { recursive: true });
  chownSync(join(folder, "data"), idOf("-u", "postfix"), 0);
  chownSync(join(folder, "mail"), idOf("-u", "mail"), idOf("-g", "mail"));
  writeFileSync(join(configuration, "main.cf"), mainCf(folder, certificate));
  writeFileSync(join(configuration, "master.cf"), masterCf(smtp));
  // `postfix check` makes the queue. Its `start-fg` would put the master into a session of its own, where no group signal finds it.
  execFileSync("postfix", ["-c", configuration, "check"], { stdio: "ignore" });
  const server = await startServer({ name: "postfix", command: join(daemons(), "master"), args: ["-c", configuration, "-d"], folder, ready: listens(smtp + 1) });
  const inbox = join(folder, "mail", "mail.test", "probe", "new");
  const mails = (): readonly string[] => (existsSync(inbox) ? readdirSync(inbox).map((name) => readFileSync(join(inbox, name), "utf8")) : []);
  return { ...server, smtp, smtps: smtp + 1, configuration, mails };
}

const idOf = (flag: "-u" | "-g", user: string): number => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));

function mainCf(folder: string, certificate: CertificateFiles): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
daemon_directory = ${daemons()}
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.test
mydestination =
mynetworks =
relay_domains =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = mail.test
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = inline:{ { probe@mail.test = mail.test/probe/ }, { greylist@mail.test = mail.test/grey/ } }
virtual_uid_maps = static:${idOf("-u", "mail")}
virtual_gid_maps = static:${idOf("-g", "mail")}
virtual_minimum_uid = 1
default_transport = error:5.1.2 this server relays nothing
relay_transport = error:5.1.2 this server relays nothing
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${certificate.certPath}
smtpd_tls_key_file = ${certificate.keyPath}
smtpd_recipient_restrictions = check_recipient_access inline:{ { greylist@mail.test = 450 4.7.1 greylisted } }, reject_unauth_destination
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_restrictions =
smtpd_peername_lookup = no
biff = no
`;
}

function masterCf(smtp: number): string {
  return `127.0.0.1:${smtp} inet n - n - - smtpd
127.0.0.1:${smtp + 1} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
