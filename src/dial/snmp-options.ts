import { z } from "zod";
import { SNMP_AUTH_PROTOCOLS, SNMP_PRIVACY_PROTOCOLS, type SnmpAuthProtocol, type SnmpPrivacyProtocol } from "../wire/snmp-usm.ts";
import { parseOid } from "../wire/snmp-values.ts";
import { secret } from "./options.ts";

/** How an agent is spoken to. */
export interface SnmpSettings {
  readonly version: 1 | "2c" | 3;
  /** Of versions 1 and 2c; null: `public`. */
  readonly community: string | null;
  /** Of version 3; null: nobody, which only shows that the engine is there. */
  readonly user: string | null;
  readonly authPassword: string | null;
  readonly authProtocol: SnmpAuthProtocol;
  readonly privacyPassword: string | null;
  readonly privacyProtocol: SnmpPrivacyProtocol;
  readonly context: string;
}

const PASSWORD_MIN = 8;
const NAME_OCTETS_MAX = 32;
const COMMUNITY_MAX = 255;

const password = () => secret().min(PASSWORD_MIN, `a password in SNMP has at least ${PASSWORD_MIN} characters`).max(1000).nullable().default(null);
const name = () => z.string().refine((text) => Buffer.byteLength(text) <= NAME_OCTETS_MAX, `it is longer than ${NAME_OCTETS_MAX} bytes`);

/** A numeric OID, without a leading dot. */
export const oid = () =>
  z.string().transform((text, ctx): string => {
    const parsed = parseOid(text);
    if (parsed !== null) return parsed;
    ctx.addIssue({ code: "custom", message: `\`${text}\` is no numeric OID`, params: { right: "write it in numbers, with its index: 1.3.6.1.2.1.1.3.0" } });
    return z.NEVER;
  });

/** Options of an SNMP session: spread them into a strict object, beside host and port. */
export const snmpOptions = () => ({
  version: z.literal([1, "2c", 3]).default("2c").describe("Version of SNMP").meta({ source: "RFC 1157; RFC 1901; RFC 3411" }),
  community: secret().max(COMMUNITY_MAX).nullable().default(null).describe("Versions 1 and 2c: the community, which serves as password; `public` by default"),
  user: name().min(1).nullable().default(null).describe("Version 3: name of the user").meta({ source: "RFC 3414" }),
  authPassword: password().describe("Version 3: password with which messages are signed; without it they are not"),
  authProtocol: z.enum(SNMP_AUTH_PROTOCOLS).default("sha1").describe("Version 3: digest of the signature").meta({ source: "RFC 3414, sections 6 and 7; RFC 7860" }),
  privacyPassword: password().describe("Version 3: password with which messages are encrypted; without it they are not"),
  privacyProtocol: z.enum(SNMP_PRIVACY_PROTOCOLS).default("aes128").describe("Version 3: cipher of the encryption").meta({ source: "RFC 3826; RFC 3414, section 8" }),
  context: name().default("").describe("Version 3: name of the context; empty is the agent's own").meta({ source: "RFC 3411, section 3.3.1" }),
});

type Problem = { readonly path: readonly string[]; readonly wrong: string; readonly right: string };

/** Options of another version, or halves of a login. */
export function snmpProblem({ version, community, user, authPassword, privacyPassword, context }: SnmpSettings): Problem | null {
  const of3 = Object.entries({ user, authPassword, privacyPassword, context: context === "" ? null : context }).find(([, value]) => value !== null)?.[0];
  if (version !== 3) return of3 === undefined ? null : { path: [of3], wrong: `\`${of3}\` is of version 3, and the version is ${version}`, right: `write \`version: 3\`, or leave ${of3} out` };
  if (community !== null) return { path: ["community"], wrong: "there is no community in version 3", right: "write user, authPassword and privacyPassword instead" };
  if (user === null && of3 !== undefined) return { path: [of3], wrong: `\`${of3}\` needs a \`user\``, right: `add user, or leave ${of3} out` };
  if (privacyPassword !== null && authPassword === null) return { path: ["privacyPassword"], wrong: "what is encrypted is signed as well", right: "add authPassword, or leave privacyPassword out" };
  return null;
}
