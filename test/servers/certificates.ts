import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const DAY_MS = 86_400_000;

/** A certificate with its key, as PEM texts and as the files they lie in. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
}

export interface Certificates {
  /** The authority that signed all but `selfSigned`; PEM. */
  readonly authority: string;
  readonly authorityPath: string;
  /** For localhost, sni.test, 127.0.0.1 and ::1; 90 days. */
  readonly good: CertificateFiles;
  /** For the second name, b.sni.test; 60 days. */
  readonly second: CertificateFiles;
  readonly expired: CertificateFiles;
  readonly notYetValid: CertificateFiles;
  /** Good for 5 days and some hours more. */
  readonly expiring: CertificateFiles;
  /** For elsewhere.test only. */
  readonly wrongName: CertificateFiles;
  readonly selfSigned: CertificateFiles;
  /** Shows who a client is. */
  readonly client: CertificateFiles;
}

const AUTHORITY_CONFIG = (folder: string) => `[ca]
default_ca = own
[own]
dir = ${folder}
database = ${folder}/index.txt
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
email_in_dn = no
[any]
commonName = supplied
`;

/** Makes an authority and one certificate of each kind in the folder, with the openssl program. About 0.3 s. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const authority = await selfSigned(folder, "authority", "Tocsin test authority", [], ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
  writeFileSync(join(folder, "index.txt"), "");
  writeFileSync(join(folder, "ca.cnf"), AUTHORITY_CONFIG(folder));
  const here = ["DNS:localhost", "DNS:sni.test", "IP:127.0.0.1", "IP:::1"];
  const leaf = (name: string, names: readonly string[], fromDays: number, toDays: number) => signed(folder, name, names, fromDays, toDays);
  // One after the other: the authority's index is one file.
  return {
    authority: authority.cert,
    authorityPath: authority.certPath,
    good: await leaf("good", here, -1, 90.1),
    second: await leaf("second", ["DNS:b.sni.test"], -1, 60.1),
    expired: await leaf("expired", here, -30, -2.1),
    notYetValid: await leaf("not-yet", here, 2, 30),
    expiring: await leaf("expiring", here, -30, 5.2),
    wrongName: await leaf("wrong-name", ["DNS:elsewhere.test"], -1, 90),
    selfSigned: await selfSigned(folder, "self-signed", "localhost", here, []),
    client: await leaf("client", ["DNS:client.test"], -1, 90),
  };
}

/** An authority and a certificate by it for these names, good ten years back and forth. */
export async function makeHostCertificate(folder: string, names: readonly string[]): Promise<{ readonly authority: string; readonly host: CertificateFiles }> {
  const authority = await selfSigned(folder, "authority", "Tocsin test authority", [], ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
  writeFileSync(join(folder, "index.txt"), "");
  writeFileSync(join(folder, "ca.cnf"), AUTHORITY_CONFIG(folder));
  return { authority: authority.cert, host: await signed(folder, "host", names.map((name) => `DNS:${name}`), -3650, 3650) };
}

function files(folder: string, name: string): CertificateFiles {
  const certPath = join(folder, `${name}.pem`);
  const keyPath = join(folder, `${name}.key`);
  return { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8"), certPath, keyPath };
}

const keyArguments = (folder: string, name: string) => ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(folder, `${name}.key`)];

async function selfSigned(folder: string, name: string, subject: string, names: readonly string[], extra: readonly string[]): Promise<CertificateFiles> {
  const alternative = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`];
  await run("openssl", ["req", "-x509", ...keyArguments(folder, name), "-out", join(folder, `${name}.pem`), "-days", "300", "-subj", `/CN=${subject}`, ...alternative, ...extra]);
  return files(folder, name);
}

/** Signed by the authority with `openssl ca`, the only command of every version that takes both dates. */
async function signed(folder: string, name: string, names: readonly string[], fromDays: number, toDays: number): Promise<CertificateFiles> {
  const request = join(folder, `${name}.csr`);
  const subject = (names[0] ?? name).replace(/^\w+:/, "");
  await run("openssl", ["req", "-new", ...keyArguments(folder, name), "-out", request, "-subj", `/CN=${subject}`, "-addext", `subjectAltName=${names.join(",")}`]);
  const dates = ["-startdate", generalizedTime(fromDays), "-enddate", generalizedTime(toDays)];
  await run("openssl", ["ca", "-batch", "-notext", "-config", join(folder, "ca.cnf"), "-cert", join(folder, "authority.pem"), "-keyfile", join(folder, "authority.key"), "-in", request, "-out", join(folder, `${name}.pem`), ...dates]);
  return files(folder, name);
}

function generalizedTime(days: number): string {
  const text = new Date(Date.now() + days * DAY_MS).toISOString();
  return `${text.slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}
