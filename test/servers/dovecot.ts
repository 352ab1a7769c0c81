import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles, Certificates } from "./certificates.ts";
import { freePort, listens, type RunningServer, startServer } from "./ground.ts";

/** A running Dovecot on 127.0.0.1 and [::1] with the user probe@mail.test, password probepw; `ünï"\code` is the password of odd@mail.test. */
export interface Dovecot extends RunningServer {
  /** IMAP with STARTTLS. */
  readonly imap: number;
  readonly imaps: number;
  /** POP3 with STLS and APOP. */
  readonly pop3: number;
  readonly pop3s: number;
  /** Delivery to mailboxes; probe+Junk@mail.test goes into the folder Junk. */
  readonly lmtp: number;
  /** Where Postfix asks whether a password is right. */
  readonly sasl: number;
  /** Puts a whole mail into probe@mail.test's INBOX, as come at that time. */
  put(mail: string, at: Date): void;
  /** Names of the mails' files in a folder of probe@mail.test: INBOX or another. */
  files(folder?: string): readonly string[];
}

/** Names (SNI) for which a certificate other than the good one is shown. */
export const SHOWN_FOR = { expired: "expired.test", wrongName: "wrong.test", selfSigned: "self.test" } as const;

const idOf = (flag: "-u" | "-g", user: string): number => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
const owner = (): readonly [number, number] => [idOf("-u", "mail"), idOf("-g", "mail")];

/** Starts Dovecot as root (it changes users by itself) in a folder with a short path that every user may enter. */
export async function startDovecot(folder: string, certificates: Certificates): Promise<Dovecot> {
  const first = await freePort(6);
  const [imap, imaps, pop3, pop3s, lmtp, sasl] = [first, first + 1, first + 2, first + 3, first + 4, first + 5];
  for (const name of ["run", "state", "home"]) mkdirSync(join(folder, name), { recursive: true });
  chownSync(join(folder, "home"), ...owner());
  writeFileSync(join(folder, "users"), ["probe@mail.test:{PLAIN}probepw::::::", 'odd@mail.test:{PLAIN}ünï"\\code::::::', ""].join("\n"), { mode: 0o644 });
  const ports = { imap, imaps, pop3, pop3s, lmtp, sasl };
  writeFileSync(join(folder, "dovecot.conf"), configuration(folder, certificates, ports));
  const server = await startServer({ name: "dovecot", command: "dovecot", args: ["-F", "-c", join(folder, "dovecot.conf")], folder, ready: listens(sasl) });
  const home = join(folder, "home", "probe@mail.test", "Maildir");
  let count = 0;
  return {
    ...server,
    ...ports,
    put: (mail, at) => {
      for (const name of ["", "new", "cur", "tmp"]) {
        mkdirSync(join(home, name), { recursive: true });
        chownSync(join(home, name), ...owner());
      }
      chownSync(join(home, ".."), ...owner());
      const path = join(home, "new", `${Math.floor(at.getTime() / 1000)}.put${count++}.mail.test`);
      writeFileSync(path, mail);
      chownSync(path, ...owner());
      execFileSync("touch", ["-d", at.toISOString(), path]);
    },
    files: (name = "INBOX") => ["new", "cur"].flatMap((part) => listed(join(home, name === "INBOX" ? "" : `.${name}`, part))),
  };
}

const listed = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

const pair = ({ certPath, keyPath }: CertificateFiles): string => `ssl_cert = <${certPath}\nssl_key = <${keyPath}`;

function configuration(folder: string, certificates: Certificates, ports: { readonly [name in "imap" | "imaps" | "pop3" | "pop3s" | "lmtp" | "sasl"]: number }): string {
  const listener = (name: string, port: number, more = ""): string => `inet_listener ${name} {\nport = ${port}\n${more}\n}`;
  const shown = Object.entries(SHOWN_FOR).map(([kind, name]) => `local_name ${name} {\n${pair(certificates[kind as keyof typeof SHOWN_FOR])}\n}`);
  return `base_dir = ${folder}/run
state_dir = ${folder}/state
instance_name = tocsin-${ports.imap}
log_path = /dev/stderr
protocols = imap pop3 lmtp
listen = 127.0.0.1, ::1
ssl = yes
${pair(certificates.good)}
${shown.join("\n")}
disable_plaintext_auth = no
auth_mechanisms = plain login apop
auth_failure_delay = 0
first_valid_uid = 1
mail_uid = mail
mail_gid = mail
mail_location = maildir:~/Maildir
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
lda_mailbox_autocreate = yes
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u ${folder}/users
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${folder}/home/%u
}
service imap-login {
${listener("imap", ports.imap)}
${listener("imaps", ports.imaps, "ssl = yes")}
}
service pop3-login {
${listener("pop3", ports.pop3)}
${listener("pop3s", ports.pop3s, "ssl = yes")}
}
# no waiting after a failed login
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service lmtp {
${listener("lmtp", ports.lmtp)}
}
service auth {
${listener("sasl", ports.sasl)}
}
`;
}
