import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles, Certificates } from "./certificates.ts";
import { freePort, listens, type RunningServer, startServer } from "./ground.ts";

/** A running Postfix on 127.0.0.1 that keeps mail for probe@mail.test and sends nothing anywhere. */
export interface Postfix extends RunningServer {
  /** SMTP with STARTTLS; greylist@mail.test gets 450, busy@mail.test 421, unknown recipients 550. */
  readonly smtp: number;
  /** SMTP over TLS. */
  readonly smtps: number;
  /** Submission (RFC 6409): STARTTLS, and login where `sasl` is given. */
  readonly submission: number;
  /** SMTP with STARTTLS, by the certificate it shows. */
  readonly smtpWith: { readonly [kind in (typeof KINDS)[number]]: number };
  /** SMTP that offers no STARTTLS. */
  readonly plain: number;
  /** SMTP that puts off relaying with 454, as Postfix does by default. */
  readonly deferring: number;
  /** Postscreen: greets in two parts, a second apart. */
  readonly teaser: number;
  /** Its own `sendmail` program, which hands mail to this Postfix. */
  readonly configuration: string;
  /** Whole mails that arrived for probe@mail.test so far. */
  mails(): readonly string[];
}

/** What it works with; without them: its own folder, no login, the same certificate everywhere. */
export interface PostfixRequest {
  /** Where Dovecot takes mail (LMTP) and tells whether a password is right. */
  readonly dovecot?: { readonly lmtp: number; readonly sasl: number };
  readonly certificates?: Certificates;
}

const KINDS = ["expired", "wrongName", "selfSigned"] as const;

const daemons = (): string => ["/usr/lib/postfix/sbin", "/usr/libexec/postfix"].find((path) => existsSync(join(path, "master"))) ?? "/usr/lib/postfix/sbin";

/** Starts Postfix as root (it changes users by itself) in a folder that every user may enter. */
export async function startPostfix(folder: string, certificate: CertificateFiles, { dovecot, certificates }: PostfixRequest = {}): Promise<Postfix> {
  const smtp = await freePort(6 + KINDS.length);
  const ports = { smtp, smtps: smtp + 1, submission: smtp + 2, plain: smtp + 3, deferring: smtp + 4, teaser: smtp + 5 };
  const smtpWith = Object.fromEntries(KINDS.map((kind, index) => [kind, smtp + 6 + index])) as Postfix["smtpWith"];
  const configuration = join(folder, "etc");
  for (const name of ["etc", "queue", "data", "mail"]) mkdirSync(join(folder, name), { recursive: true });
  chownSync(join(folder, "data"), idOf("-u", "postfix"), 0);
  chownSync(join(folder, "mail"), idOf("-u", "mail"), idOf("-g", "mail"));
  writeFileSync(join(configuration, "main.cf"), mainCf(folder, certificate, dovecot));
  const others = KINDS.map((kind) => smtpd(smtpWith[kind], { smtpd_tls_cert_file: (certificates?.[kind] ?? certificate).certPath, smtpd_tls_key_file: (certificates?.[kind] ?? certificate).keyPath }));
  writeFileSync(join(configuration, "master.cf"), masterCf(ports, others, dovecot !== undefined));
  // `postfix check` makes the queue. Its `start-fg` would put the master into a session of its own, where no group signal finds it.
  execFileSync("postfix", ["-c", configuration, "check"], { stdio: "ignore" });
  const server = await startServer({ name: "postfix", command: join(daemons(), "master"), args: ["-c", configuration, "-d"], folder, ready: listens(smtp + 1) });
  const inbox = join(folder, "mail", "mail.test", "probe", "new");
  const mails = (): readonly string[] => (existsSync(inbox) ? readdirSync(inbox).map((name) => readFileSync(join(inbox, name), "utf8")) : []);
  return { ...server, ...ports, smtpWith, configuration, mails };
}

const idOf = (flag: "-u" | "-g", user: string): number => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));

function mainCf(folder: string, certificate: CertificateFiles, dovecot: PostfixRequest["dovecot"]): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
daemon_directory = ${daemons()}
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1, [::1]
inet_protocols = all
myhostname = mail.test
mydestination =
mynetworks =
relay_domains =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = mail.test
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = inline:{ { probe@mail.test = mail.test/probe/ }, { greylist@mail.test = mail.test/grey/ } { hold@mail.test = mail.test/hold/ } { busy@mail.test = mail.test/busy/ } }
virtual_uid_maps = static:${idOf("-u", "mail")}
virtual_gid_maps = static:${idOf("-g", "mail")}
virtual_minimum_uid = 1
default_transport = error:5.1.2 this server relays nothing
relay_transport = error:5.1.2 this server relays nothing
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${certificate.certPath}
smtpd_tls_key_file = ${certificate.keyPath}
smtpd_recipient_restrictions = check_recipient_access inline:{ { greylist@mail.test = 450 4.7.1 greylisted } { busy@mail.test = 421 4.3.2 too busy } { hold@mail.test = HOLD } }, reject_unauth_destination
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_restrictions =
smtpd_peername_lookup = no
recipient_delimiter = +
postscreen_greet_wait = 1s
postscreen_greet_banner = stay on the line
postscreen_cache_map =
${dovecot === undefined ? "" : `virtual_transport = lmtp:inet:127.0.0.1:${dovecot.lmtp}\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = inet:127.0.0.1:${dovecot.sasl}\n`}biff = no
`;
}

/** One way in, with settings of its own. */
function smtpd(port: number, settings: { readonly [name: string]: string }, host = "127.0.0.1"): string {
  return [`${host}:${port} inet n - n - - smtpd`, ...Object.entries(settings).map(([name, value]) => `  -o ${name}=${value}`)].join("\n");
}

function masterCf(ports: { readonly [name in "smtp" | "smtps" | "submission" | "plain" | "deferring" | "teaser"]: number }, others: readonly string[], sasl: boolean): string {
  return `${smtpd(ports.smtp, {})}
${smtpd(ports.smtp, {}, "[::1]")}
${smtpd(ports.smtps, { smtpd_tls_wrappermode: "yes" })}
${smtpd(ports.submission, { smtpd_tls_security_level: "encrypt", smtpd_sasl_auth_enable: sasl ? "yes" : "no", smtpd_relay_restrictions: "permit_sasl_authenticated,reject", smtpd_recipient_restrictions: "" })}
${smtpd(ports.plain, { smtpd_tls_security_level: "none" })}
${smtpd(ports.deferring, { smtpd_recipient_restrictions: "", smtpd_relay_restrictions: "defer_unauth_destination" })}
127.0.0.1:${ports.teaser} inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
${others.join("\n")}
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
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
