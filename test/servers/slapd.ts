import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Slapd extends RunningServer {
  /** LDAP with StartTLS, on 127.0.0.1 and [::1]. */
  readonly port: number;
  /** LDAPS, on 127.0.0.1. */
  readonly tlsPort: number;
}

const ENTRIES = `dn: dc=example,dc=test
objectClass: top
objectClass: dcObject
objectClass: organization
dc: example
o: Tocsin test

dn: uid=probe,dc=example,dc=test
objectClass: inetOrgPerson
uid: probe
cn: Probe
sn: Grüße
mail: probe@example.test
mail: second@example.test
userPassword: probepw
`;

/** OpenLDAP with dc=example,dc=test, its root cn=admin,dc=example,dc=test / secret and uid=probe,dc=example,dc=test / probepw. */
export async function startSlapd(parent: string, certificate: CertificateFiles, { anonymous = true }: { readonly anonymous?: boolean } = {}): Promise<Slapd> {
  const port = await freePort(2);
  const tlsPort = port + 1;
  const folder = join(parent, `slapd-${port}`);
  mkdirSync(join(folder, "db"), { recursive: true });
  const file = join(folder, "slapd.conf");
  writeFileSync(
    file,
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${certificate.certPath}
TLSCertificateKeyFile ${certificate.keyPath}
${anonymous ? "" : "disallow bind_anon"}
database mdb
maxsize 10485760
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
rootpw secret
directory ${join(folder, "db")}
access to attrs=userPassword by anonymous auth by * none
access to attrs=sn by users read by * none
access to * by * read
`,
  );
  execFileSync("slapadd", ["-q", "-f", file], { input: ENTRIES, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } });
  const urls = `ldap://127.0.0.1:${port}/ ldap://[::1]:${port}/ ldaps://127.0.0.1:${tlsPort}/`;
  // 256: one line on standard error for each operation
  const running = await startServer({ name: "slapd", command: "/usr/sbin/slapd", args: ["-d", "256", "-f", file, "-h", urls], folder, ready: listens(tlsPort) });
  return { ...running, port, tlsPort };
}
