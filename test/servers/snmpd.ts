import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SNMP_AUTH_PROTOCOLS, type SnmpAuthProtocol } from "../../src/wire/snmp-usm.ts";
import { type RunningServer, bound, freePort, startServer } from "./ground.ts";

export interface Snmpd extends RunningServer {
  /** UDP on 127.0.0.1 and ::1. */
  readonly port: number;
}

export const SNMP_PASSWORDS = { authPassword: "authsecret", privacyPassword: "privsecret" } as const;

/** An object of the agent's own, served by a script: type and value as snmpd.conf(5) has them for `pass`. */
export type PassedValues = { readonly [oid: string]: readonly [type: string, value: string] };

const AUTH_NAMES: { readonly [protocol in SnmpAuthProtocol]: string } = { md5: "MD5", sha1: "SHA", sha224: "SHA-224", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

/**
 * Net-SNMP's agent for 127.0.0.1 and ::1: community `public` for all, `system` for the system group alone; users `plain` (unsigned), one for each
 * digest by its name (signed, AES), `des` (MD5, DES), and `sealed`, who must encrypt. 127.0.0.9 is let in nowhere.
 */
export async function startSnmpd(parent: string, passed: PassedValues = {}): Promise<Snmpd> {
  const port = await freePort();
  const folder = join(parent, `snmpd-${port}`);
  mkdirSync(join(folder, "persist"), { recursive: true });
  const { authPassword, privacyPassword } = SNMP_PASSWORDS;
  const user = (name: string, auth: string, privacy: string, level: string): string => `createUser ${name} ${auth} ${authPassword} ${privacy} ${privacyPassword}\nrouser ${name} ${level}`;
  const lines = [
    `agentAddress udp:127.0.0.1:${port},udp6:[::1]:${port}`,
    "rocommunity public 127.0.0.1",
    "rocommunity6 public ::1",
    "rocommunity system 127.0.0.1 -V system",
    "view system included .1.3.6.1.2.1.1",
    "createUser plain\nrouser plain noauth",
    ...SNMP_AUTH_PROTOCOLS.map((protocol) => user(protocol, AUTH_NAMES[protocol], "AES", "auth")),
    user("des", "MD5", "DES", "priv"),
    user("sealed", "SHA-256", "AES", "priv"),
    "sysName tocsin-test",
    ...Object.keys(passed).map((oid) => `pass .${oid} /bin/sh ${join(folder, "values.sh")}`),
  ];
  writeFileSync(join(folder, "snmpd.conf"), `${lines.join("\n")}\n`);
  const cases = Object.entries(passed).map(([oid, [type, value]]) => `  .${oid}) echo "$2"; echo ${type}; echo '${value}';;`);
  writeFileSync(join(folder, "values.sh"), `case "$1 $2" in\n-g*) case "$2" in\n${cases.join("\n")}\nesac;;\nesac\n`);
  const environment = { SNMP_PERSISTENT_DIR: join(folder, "persist"), SNMPCONFPATH: folder, MIBS: "" };
  const args = ["-f", "-Lo", "-C", "-c", join(folder, "snmpd.conf"), "-I", "-smux", "-p", join(folder, "pid")];
  const running = await startServer({ name: "snmpd", command: "snmpd", args, folder, environment, ready: bound(port) });
  return { ...running, port };
}
