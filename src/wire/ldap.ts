import { BER, type BerElement, ber, berBoolean, berElements, berInteger, berText, integerOf } from "./ber.ts";

/** LDAPv3 messages (RFC 4511) as far as a bind, StartTLS and a base search need them. */

const STARTTLS_OID = "1.3.6.1.4.1.1466.20037";
/** Notice of Disconnection (RFC 4511, section 4.4.1): the server ends the connection and says why. */
export const DISCONNECTION_OID = "1.3.6.1.4.1.1466.20036";

const APPLICATION = { bind: 0x60, bound: 0x61, unbind: 0x42, search: 0x63, entry: 0x64, done: 0x65, reference: 0x73, extended: 0x77, extendedResponse: 0x78 } as const;

/** What a response answers to. */
export type LdapOperation = "bind" | "search" | "extended";

export interface LdapResult {
  readonly kind: "result";
  readonly id: number;
  readonly operation: LdapOperation;
  readonly code: number;
  readonly matchedDn: string;
  /** The server's own words. */
  readonly diagnostic: string;
  /** Of an extended response; empty when there is none. */
  readonly oid: string;
}

export interface LdapEntry {
  readonly kind: "entry";
  readonly id: number;
  readonly dn: string;
  readonly attributes: readonly { readonly name: string; readonly values: readonly Uint8Array[] }[];
}

/** `passed`: a reference to another server, or a message of another kind. */
export type LdapMessage = LdapResult | LdapEntry | { readonly kind: "passed"; readonly id: number } | { readonly kind: "bad"; readonly reason: string };

const message = (id: number, operation: Uint8Array): Uint8Array => ber(BER.sequence, berInteger(id), operation);

/** Section 4.2: version 3, simple; anonymous when both are empty. */
export function encodeBind(id: number, dn: string, password: string): Uint8Array {
  return message(id, ber(APPLICATION.bind, berInteger(3), berText(dn), berText(password, 0x80)));
}

/** Section 4.14.1. */
export function encodeStartTls(id: number): Uint8Array {
  return message(id, ber(APPLICATION.extended, berText(STARTTLS_OID, 0x80)));
}

/** Section 4.3; it has no answer. */
export function encodeUnbind(id: number): Uint8Array {
  return message(id, ber(APPLICATION.unbind));
}

export interface LdapSearch {
  /** The entry to read; empty for the root DSE. */
  readonly base: string;
  /** The entry must have this attribute. */
  readonly present: string;
  /** Attributes to return; none: only that it is there. */
  readonly attributes: readonly string[];
}

/** Section 4.5.1: of the base object alone, aliases not followed, at most one entry. */
export function encodeSearch(id: number, { base, present, attributes }: LdapSearch): Uint8Array {
  const scope = berInteger(0, BER.enumerated);
  const wanted = attributes.length === 0 ? ["1.1"] : attributes;
  const parts = [berText(base), scope, berInteger(0, BER.enumerated), berInteger(1), berInteger(0), berBoolean(false), berText(present, 0x87), ber(BER.sequence, ...wanted.map((name) => berText(name)))];
  return message(id, ber(APPLICATION.search, ...parts));
}

const bad = (reason: string): LdapMessage => ({ kind: "bad", reason });
const text = (element: BerElement | undefined): string | null => (element?.tag === BER.octets ? new TextDecoder().decode(element.content) : null);

/** One whole message, without anything before or behind it. */
export function decodeLdap(bytes: Uint8Array): LdapMessage {
  const [outer, ...rest] = berElements(bytes) ?? [];
  if (outer?.tag !== BER.sequence || rest.length > 0) return bad("no LDAP message");
  // controls may follow the operation
  const [number, operation] = berElements(outer.content) ?? [];
  const id = number?.tag === BER.integer ? integerOf(number.content) : null;
  if (id === null || operation === undefined || id < 0n || id > 0x7fffffffn) return bad("an LDAP message without id or operation");
  const parts = berElements(operation.content);
  if (operation.tag === APPLICATION.bound) return result(Number(id), "bind", parts);
  if (operation.tag === APPLICATION.done) return result(Number(id), "search", parts);
  if (operation.tag === APPLICATION.extendedResponse) return result(Number(id), "extended", parts);
  if (operation.tag === APPLICATION.entry) return entry(Number(id), parts);
  return operation.tag >= 0x60 && operation.tag <= 0x79 ? { kind: "passed", id: Number(id) } : bad("an operation that LDAP does not know");
}

function result(id: number, operation: LdapOperation, parts: readonly BerElement[] | null): LdapMessage {
  const [number, matched, diagnostic, ...rest] = parts ?? [];
  const code = number?.tag === BER.enumerated ? integerOf(number.content) : null;
  const matchedDn = text(matched);
  const said = text(diagnostic);
  if (code === null || code < 0n || code > 0xffffn || matchedDn === null || said === null) return bad("an LDAP result that lacks its parts");
  const oid = rest.find(({ tag }) => tag === 0x8a);
  return { kind: "result", id, operation, code: Number(code), matchedDn, diagnostic: said, oid: operation === "extended" && oid !== undefined ? new TextDecoder().decode(oid.content) : "" };
}

function entry(id: number, parts: readonly BerElement[] | null): LdapMessage {
  const [name, list] = parts ?? [];
  const dn = text(name);
  const pairs = list?.tag === BER.sequence ? berElements(list.content) : null;
  if (dn === null || pairs === null) return bad("an LDAP entry that lacks its parts");
  const attributes: { readonly name: string; readonly values: readonly Uint8Array[] }[] = [];
  for (const pair of pairs) {
    const [type, values] = berElements(pair.content) ?? [];
    const attribute = text(type);
    const contents = values?.tag === BER.set ? berElements(values.content) : null;
    if (attribute === null || contents === null) return bad("an LDAP attribute that lacks its parts");
    attributes.push({ name: attribute, values: contents.map(({ content }) => content) });
  }
  return { kind: "entry", id, dn, attributes };
}

/** Names of result codes (RFC 4511, section 4.1.9 and appendix A). */
const NAMES: { readonly [code: number]: string } = {
  0: "success",
  1: "operationsError",
  2: "protocolError",
  3: "timeLimitExceeded",
  4: "sizeLimitExceeded",
  7: "authMethodNotSupported",
  8: "strongerAuthRequired",
  10: "referral",
  11: "adminLimitExceeded",
  12: "unavailableCriticalExtension",
  13: "confidentialityRequired",
  16: "noSuchAttribute",
  32: "noSuchObject",
  34: "invalidDNSyntax",
  48: "inappropriateAuthentication",
  49: "invalidCredentials",
  50: "insufficientAccessRights",
  51: "busy",
  52: "unavailable",
  53: "unwillingToPerform",
  54: "loopDetect",
  80: "other",
};

export const ldapResultName = (code: number): string => NAMES[code] ?? `result ${code}`;
