import { type Around, familyOf, tlsOf } from "./blackbox-around.ts";
import { textsOf } from "./blackbox-files.ts";
import { credentials } from "./blackbox-http.ts";
import { condition, everyMatches, type Re2 } from "./re2.ts";
import { listOf, mappingOf, textOf, type Mapping } from "./values.ts";

const COMMON = ["preferred_ip_protocol", "ip_protocol_fallback", "source_ip_address"] as const;

const sourceOf = (values: Mapping): string | undefined => textOf(values["source_ip_address"]) || undefined;

/** Settings of TLS where it is spoken: `true` for the usual ones. */
const tlsKey = (values: Mapping, around: Around): true | Mapping | undefined => {
  const settings = tlsOf(values, around);
  return around.flag(values, "tls", false) ? (settings ?? true) : settings;
};

/** What is sent, as a turn of a dialogue says it: a line break behind it, bytes as hexadecimal digits. */
function sending(value: unknown, groups: Re2 | null): Mapping | null {
  if (value instanceof Uint8Array) return { sendHex: [...value, 10].map((byte) => byte.toString(16).padStart(2, "0")).join(" ") };
  const text = textOf(value);
  if (text === "") return null;
  const filled = groups === null ? text : withGroups(text, groups);
  const plain = filled.replaceAll("\\", "\\\\").replaceAll("\r", "\\r").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\0", "\\0");
  return { send: `${plain}\\n` };
}

/** `$1`, `${1}` and `${name}` as `{{1}}`. */
function withGroups(text: string, { source }: Re2): string {
  const names = [...source.matchAll(/(?<!\\)\((?!\?)|\(\?<(\w+)>/g)].map(([, name]) => name);
  return text.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare;
    if (name === undefined) return "$";
    const index = /^\d+$/.test(name) ? Number(name) : names.indexOf(name) + 1;
    return index >= 1 && index <= 9 && index <= names.length ? `{{${index}}}` : "";
  });
}

interface Turn {
  send?: unknown;
  sendHex?: unknown;
  line?: string;
  expect?: string;
  tls?: true;
}

/** `query_response` as a dialogue: there, an entry waits first and sends then. */
function dialogueOf(values: Mapping, around: Around): readonly Turn[] {
  const turns: Turn[] = [];
  const last = (): Turn => {
    const turn = turns.at(-1);
    if (turn !== undefined && turn.line === undefined && turn.expect === undefined && turn.tls === undefined) return turn;
    const made: Turn = {};
    turns.push(made);
    return made;
  };
  let found: Re2 | null = null;
  for (const [index, written] of listOf(values["query_response"]).entries()) {
    const entry = mappingOf(written);
    const key = `query_response.${index}`;
    around.known(entry, ["expect", "expect_bytes", "labels", "send", "starttls"], key);
    if (entry["expect"] !== undefined && entry["expect_bytes"] !== undefined) around.refuse(key, "`expect` and `expect_bytes` exclude each other", "remove one of the two");
    const pattern = textOf(entry["expect"]) === "" ? undefined : around.pattern(`${key}.expect`, entry["expect"]);
    if (pattern !== undefined) last().line = condition(pattern);
    found = pattern ?? null;
    expectBytes(entry["expect_bytes"], key, last, around);
    const sent = sending(entry["send"], found);
    if (sent !== null) turns.push({ ...sent });
    if (entry["starttls"] === true) (turns.at(-1) ?? last()).tls = true;
    if (listOf(entry["labels"]).length > 0) around.left(`${key}.labels`, "what was found is no label here", "the evidence of a run has it");
  }
  return turns;
}

function expectBytes(value: unknown, key: string, last: () => Turn, around: Around): void {
  const text = value instanceof Uint8Array ? String.fromCodePoint(...value.subarray(0, 1000)) : textOf(value);
  if (text === "") return;
  last().expect = text.replaceAll(/[\\/]|[^ -~]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0").slice(-2)}`);
  around.differs(`${key}.expect_bytes`, "it is looked for anywhere in what comes");
}

/** The prober `tcp`, in the options of `tcp`. */
export function tcpKeys(values: Mapping, around: Around): Mapping {
  around.known(values, [...COMMON, "query_response", "tls", "tls_config"]);
  const dialogue = dialogueOf(values, around);
  const starts = dialogue.some(({ tls }) => tls === true);
  if (starts && values["tls"] === true) around.stop("tls", "TLS cannot begin twice");
  const tls = tlsKey(values, around);
  const useless = values["tls"] !== true && !starts;
  return { type: "tcp", dialogue: dialogue.length === 0 ? undefined : dialogue, tls: useless ? undefined : tls, family: familyOf(values, around), source: sourceOf(values) };
}

/** The prober `unix` is looked at, and not taken. */
export function unixKeys(values: Mapping, around: Around): Mapping {
  around.known(values, ["query_response", "tls", "tls_config"]);
  tlsKey(values, around);
  dialogueOf(values, around);
  around.stop("", "a socket of this machine that has a path is not asked", "a check of type `script` can: `nc -U PATH`");
  return {};
}

/** The prober `icmp`: one echo, waited for as long as the module has time. */
export function icmpKeys(values: Mapping, around: Around): Mapping {
  around.known(values, [...COMMON, "payload_size", "dont_fragment", "ttl"]);
  const [size, ttl] = [Number(values["payload_size"] ?? 0), Number(values["ttl"] ?? 64)];
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > 255) around.refuse("ttl", `\`${textOf(values["ttl"])}\` is no number from 0 to 255`, "write 64");
  if (!Number.isInteger(size) || size < 0 || size > 65_500) around.stop("payload_size", `\`${textOf(values["payload_size"])}\` is no size of a packet`);
  // Its own packets hold 28 octets.
  return { type: "icmp", count: 1, size: size === 0 ? 28 : size, ttl: values["ttl"] === undefined || ttl === 0 ? undefined : ttl, dontFragment: around.flag(values, "dont_fragment", false) || undefined, family: familyOf(values, around), source: sourceOf(values) };
}

/** The prober `grpc`. */
export function grpcKeys(values: Mapping, around: Around): Mapping {
  around.known(values, ["service", "tls", "tls_config", "ip_protocol_fallback", "preferred_ip_protocol", "metadata"]);
  let token: string | undefined;
  for (const [name, value] of Object.entries(mappingOf(values["metadata"]))) {
    const [, bearer] = /^Bearer (\S+)$/i.exec(textsOf(value)[0] ?? "") ?? [];
    if (name.toLowerCase() === "authorization" && bearer !== undefined) token = bearer;
    else around.left(`metadata.${name}`, "only a bearer token is sent", "");
  }
  const tls = tlsKey(values, around);
  return { type: "grpc", service: textOf(values["service"]) || undefined, token, tls: values["tls"] === true ? tls : undefined, family: familyOf(values, around) };
}

/** The prober `websocket`: a message sent, a message waited for. */
export function websocketKeys(values: Mapping, around: Around): Mapping {
  around.known(values, ["http_config", "headers", "query_response", "preferred_ip_protocol", "ip_protocol_fallback"]);
  const client = mappingOf(values["http_config"]);
  const { headers, auth } = credentials({ ...client, headers: values["headers"] }, around, "http_config.");
  const bearer = mappingOf(auth)["token"];
  const user = mappingOf(auth)["user"];
  const authorization = bearer !== undefined ? `Bearer ${textOf(bearer)}` : user !== undefined ? `Basic ${btoa(`${textOf(user)}:${textOf(mappingOf(auth)["password"])}`.replaceAll(/[^\x20-\x7e]/g, "?"))}` : undefined;
  for (const key of ["proxy_url", "proxy_from_environment"]) if (client[key] !== undefined && client[key] !== false && client[key] !== "") around.stop(`http_config.${key}`, "a WebSocket is opened directly");
  const steps = listOf(values["query_response"]).flatMap((entry, index) => {
    const { expect, send } = mappingOf(entry);
    const pattern = textOf(expect) === "" ? undefined : around.pattern(`query_response.${index}.expect`, expect);
    const waits: readonly ({ readonly wait: string } | { readonly say: string })[] = pattern === undefined ? [] : [{ wait: condition(pattern) }];
    return waits.concat(textOf(send) === "" ? [] : [{ say: textOf(send) }]);
  });
  const [first, second] = steps;
  const says = first !== undefined && "say" in first ? first.say : undefined;
  const waits = says === undefined ? first : second;
  const wait = waits !== undefined && "wait" in waits ? waits.wait : undefined;
  if (steps.length > (says === undefined ? 0 : 1) + (wait === undefined ? 0 : 1)) around.stop("query_response", "a check sends one message and waits for one");
  const fields = { ...mappingOf(headers), ...(authorization === undefined ? {} : { Authorization: authorization }) };
  return { type: "websocket", headers: Object.keys(fields).length === 0 ? undefined : fields, send: says, answer: wait, ping: false, tls: tlsOf(client, around, "tls_config"), family: familyOf(values, around) };
}

const CLASSES: ReadonlySet<string> = new Set(["CS", "CH", "HS", "NONE", "ANY"]);
const SECTIONS = { validate_answer_rrs: "answer", validate_authority_rrs: "authority", validate_additional_rrs: "additional" } as const;
const RULES = ["fail_if_matches_regexp", "fail_if_all_match_regexp", "fail_if_not_matches_regexp", "fail_if_none_matches_regexp"] as const;

/** Types that the probe `dns` calls by name. */
const NAMED: ReadonlySet<string> = new Set("A AAAA CAA CNAME DNAME DNSKEY DS HINFO MX NAPTR NS PTR SOA SRV SSHFP TLSA TXT".split(" "));
/** Others that blackbox_exporter knows, with their numbers (IANA, DNS parameters). */
const NUMBERED: ReadonlyMap<string, number> = new Map(
  "MD 3,MF 4,MB 7,MG 8,MR 9,NULL 10,MINFO 14,RP 17,AFSDB 18,X25 19,ISDN 20,RT 21,SIG 24,KEY 25,PX 26,GPOS 27,LOC 29,NXT 30,EID 31,NIMLOC 32,ATMA 34,KX 36,CERT 37,OPT 41,APL 42,IPSECKEY 45,RRSIG 46,NSEC 47,DHCID 49,NSEC3 50,NSEC3PARAM 51,SMIMEA 53,HIP 55,NINFO 56,RKEY 57,TALINK 58,CDS 59,CDNSKEY 60,OPENPGPKEY 61,CSYNC 62,ZONEMD 63,SVCB 64,HTTPS 65,SPF 99,UINFO 100,UID 101,GID 102,UNSPEC 103,NID 104,L32 105,L64 106,LP 107,EUI48 108,EUI64 109,NXNAME 128,TKEY 249,TSIG 250,IXFR 251,AXFR 252,MAILB 253,MAILA 254,ANY 255,URI 256,AVC 258,AMTRELAY 260,TA 32768,DLV 32769"
    .split(",")
    .map((pair) => [pair.replace(/ .*/, ""), Number(pair.replace(/.* /, ""))]),
);

/** A type of a record as the probe takes it; null for one that there is not. */
function recordOf(type: string): string | null {
  if (NAMED.has(type)) return type;
  const number = NUMBERED.get(type);
  return number === undefined ? null : `TYPE${number}`;
}

/** The prober `dns`: the code of the answer, and patterns over whole records. */
export function dnsKeys(values: Mapping, around: Around): Mapping {
  around.known(values, [...COMMON, "dns_over_tls", "tls_config", "transport_protocol", "query_class", "query_name", "query_type", "recursion_desired", "valid_rcodes", ...Object.keys(SECTIONS)]);
  const name = textOf(values["query_name"]);
  if (name === "") around.refuse("query_name", "it is missing", "write the name to look up");
  const inClass = textOf(values["query_class"]) || "IN";
  if (CLASSES.has(inClass)) around.stop("query_class", "names are looked up in the class IN only");
  else if (inClass !== "IN") around.refuse("query_class", `\`${inClass}\` is no class`, "write IN");
  const type = textOf(values["query_type"]) || "ANY";
  const record = recordOf(type);
  if (record === null) around.refuse("query_type", `\`${type}\` is no type of a record`, "write A");
  const transport = textOf(values["transport_protocol"]) || "udp";
  if (transport !== "udp" && transport !== "tcp") around.stop("transport_protocol", `\`${transport}\` is neither udp nor tcp`, "write udp or tcp");
  const overTls = around.flag(values, "dns_over_tls", false);
  if (overTls && transport !== "tcp") around.stop("dns_over_tls", "this needs `transport_protocol: tcp`", "write it");
  const codes = textsOf(values["valid_rcodes"]);
  const expect: { [fact: string]: unknown } = { rcode: codes.length > 1 ? `/^(${codes.map((code) => code.replaceAll(/\W/g, "")).join("|")})$/` : (codes[0] ?? "NOERROR") };
  for (const [key, section] of Object.entries(SECTIONS)) Object.assign(expect, sectionOf(around.part(values, key), key, section, around));
  return {
    type: "dns",
    name: name || ".",
    record: record ?? "A",
    transport: overTls ? "tls" : transport === "tcp" ? "tcp" : undefined,
    recursion: around.flag(values, "recursion_desired", true) ? undefined : false,
    tls: overTls ? tlsOf(values, around) : undefined,
    family: familyOf(values, around),
    source: sourceOf(values),
    expect,
  };
}

function sectionOf(rules: Mapping, key: string, section: string, around: Around): Mapping {
  around.known(rules, RULES, key);
  const patterns = (rule: (typeof RULES)[number]): readonly Re2[] => textsOf(rules[rule]).flatMap((text, index) => around.pattern(`${key}.${rule}.${index}`, text) ?? []);
  const none = patterns("fail_if_none_matches_regexp");
  const every = patterns("fail_if_not_matches_regexp");
  const all = patterns("fail_if_all_match_regexp");
  if (all.length > 0) around.differs(`${key}.fail_if_all_match_regexp`, "it fails unless all match, which is what blackbox_exporter does, whatever the name says");
  const flags = none.map((pattern) => pattern.flags);
  if (new Set(flags).size > 1) around.stop(`${key}.fail_if_none_matches_regexp`, "these patterns cannot be joined, as their flags differ");
  const wanted = [
    ...patterns("fail_if_matches_regexp").map((pattern) => condition(pattern, true)),
    ...[...every, ...all].map(everyMatches),
    ...(none.length === 0 ? [] : [`/${none.map(({ source }) => `(?:${source})`).join("|")}/${flags[0]}`]),
  ];
  return {
    ...(wanted.length === 0 ? {} : { [`records.${section}`]: wanted.length === 1 ? wanted[0] : wanted }),
    ...(every.length === 0 ? {} : { [`records.${section}.length`]: ">= 1" }),
  };
}
