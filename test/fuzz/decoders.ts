import { CookieJar } from "../../src/dial/http-cookies.ts";
import { digestAuthorization } from "../../src/dial/http-digest.ts";
import { parsePing } from "../../src/sys/icmp/command.ts";
import { berElements, berFrame, integerOf } from "../../src/wire/ber.ts";
import { readName } from "../../src/wire/dns-names.ts";
import { RECORD_TYPES, readData, typeCode } from "../../src/wire/dns-records.ts";
import { decodeMessage } from "../../src/wire/dns.ts";
import { type FtpReply, addFtpLine, featuresOf, shownFtpReply } from "../../src/wire/ftp.ts";
import { isWholeGreeting, readGreeting } from "../../src/wire/greeting.ts";
import { decodeHealthAnswer, grpcWords } from "../../src/wire/grpc.ts";
import { decodeReferences } from "../../src/wire/html.ts";
import { decodeEcho, describeError, hasToken, internetChecksum, ip4Payload } from "../../src/wire/icmp.ts";
import { literalLength, parseImapResponse, searchedNumbers, statusNumbers } from "../../src/wire/imap.ts";
import { parseIp4, parseIp6 } from "../../src/wire/ip.ts";
import { decodeLdap } from "../../src/wire/ldap.ts";
import { parseMemcachedLine } from "../../src/wire/memcached.ts";
import { decodeMqtt, mqttFrame } from "../../src/wire/mqtt.ts";
import { decodeMysql, decodeMysqlGreeting } from "../../src/wire/mysql.ts";
import { parseGroup, parseNntpReply } from "../../src/wire/nntp.ts";
import { decodeNotes, notesLength } from "../../src/wire/notes.ts";
import { decodeNtp, kissCode, referenceName } from "../../src/wire/ntp.ts";
import { parseNutLine } from "../../src/wire/nut.ts";
import { type Protection, decodeServerReset } from "../../src/wire/openvpn.ts";
import { parseRange, parsePluginOutput } from "../../src/wire/perfdata.ts";
import { apopTimestamp, parsePop3Status, parseStat, unstuffedLine } from "../../src/wire/pop3.ts";
import { decodePostgres, zeroEndedList } from "../../src/wire/postgres.ts";
import { chapPassword, decodeRadius, hiddenPassword } from "../../src/wire/radius.ts";
import { parseRegistration, serverFor } from "../../src/wire/rdap.ts";
import { Reader } from "../../src/wire/reader.ts";
import { parseInfo, parseReplicas, parseRespHead } from "../../src/wire/resp.ts";
import { type RipAuthentication, decodeRip, encodeResponse } from "../../src/wire/rip.ts";
import { scramChallenge, scramVerified } from "../../src/wire/scram.ts";
import { contentLength, listedIn, parseSipDatagram, retryAfter, strayAnswer } from "../../src/wire/sip.ts";
import { decodeNegotiated, frameLength, sessionRefusal } from "../../src/wire/smb.ts";
import { type SmtpReply, addReplyLine, capabilitiesOf, deniesRelay, putsOff, shownReply } from "../../src/wire/smtp.ts";
import { decodeReply, replyLength } from "../../src/wire/socks5.ts";
import { parseTemperature, readComet } from "../../src/wire/temperature.ts";
import { decodeSegment } from "../../src/wire/tcp.ts";
import { closeReason, decodeHeader } from "../../src/wire/websocket.ts";
import { type XmlEvent, XmlStream } from "../../src/wire/xml-stream.ts";
import { snmpDecoders } from "./decoders-snmp.ts";
import { sshDecoders } from "./decoders-ssh.ts";

/** What reads bytes of strangers, with valid messages to change. A new decoder is one entry here; `fuzz.test.ts` says which file lacks one. */
export interface Decoder {
  readonly name: string;
  /** Files of `src/wire` whose decoders it runs through. */
  readonly files: readonly string[];
  readonly seeds: readonly Uint8Array[];
  /** Reads the bytes and gives all that came of it; must never throw. */
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Units of what it gives (characters, octets, values) per octet that it was given; 8 by default. */
  readonly growth?: number;
}

/** Files of `src/wire` that read no bytes of strangers, with the reason. */
export const NO_DECODERS: { readonly [file: string]: string } = {
  "png.ts": "writes only",
  "serials.ts": "counts with numbers that are decoded already",
  "syslog.ts": "writes only: syslog has no answers",
};

/** Functions of `src/wire` that look like decoders and are not called here, with the reason. */
export const NOT_FED: { readonly [name: string]: string } = {
  decodePdu: "through decodeCommunityMessage and decodeV3",
  parseClientKey: "reads the user's own file",
  parsePerfdata: "through parsePluginOutput",
  parsePluginLine: "through parsePluginOutput",
  parseSip: "through parseSipDatagram",
  parseStaticKey: "reads the user's own file",
  readString: "through every decoder of SSH",
};

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "utf8"));
/** As a dialogue decodes lines. */
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const lines = (bytes: Uint8Array): readonly string[] => text(bytes).split(/\r?\n/);

const KEY = Uint8Array.from({ length: 256 }, (_, index) => index);
const OURS = Uint8Array.from({ length: 8 }, (_, index) => index + 1);
const PROTECTIONS: readonly Protection[] = [
  { kind: "none" },
  { kind: "tls-auth", key: KEY, direction: 1, digest: "SHA256" },
  { kind: "tls-crypt", key: KEY },
  { kind: "tls-crypt-v2", key: KEY, wrapped: OURS },
];
const RIP_AUTHENTICATIONS: readonly RipAuthentication[] = [{ kind: "none" }, { kind: "text", password: "tocsin" }, { kind: "md5", password: "tocsin", keyId: 1 }];
const ROUTES = [{ prefix: "192.0.2.0/24", metric: 1 }, { prefix: "0.0.0.0/0", metric: 16 }];
const RADIUS_REQUEST = { id: 0, authenticator: hex("0f403f94 73978057 bd83d5cb 98f4227a") };
function smtpReplies(bytes: Uint8Array): unknown {
  let reply: SmtpReply | null = null;
  for (const line of lines(bytes)) {
    const added = addReplyLine(reply, line);
    if (added.kind === "wrong") return added;
    reply = added.reply;
  }
  return reply === null ? null : [capabilitiesOf(reply), shownReply(reply).length, deniesRelay(reply), putsOff(reply)];
}

function sipAnswer(bytes: Uint8Array): unknown {
  const message = parseSipDatagram(bytes);
  return message.kind === "response" ? [message, contentLength(message), retryAfter(message), listedIn(message, "allow"), strayAnswer(message, { branch: "z9hG4bKa", callId: "1" })] : message;
}

function smbAnswer(): Uint8Array {
  const bytes = Buffer.alloc(128);
  bytes.write("\xfeSMB", "latin1");
  bytes.writeUInt16LE(64, 4);
  bytes.writeUInt32LE(1, 16);
  bytes.writeUInt16LE(65, 64);
  bytes.writeUInt16LE(0x0311, 68);
  return Uint8Array.from(bytes);
}

function xmlEvents(bytes: Uint8Array): unknown {
  const stream = new XmlStream();
  const events: XmlEvent[] = [];
  for (const byte of bytes) {
    const event = stream.push(byte);
    if (event !== null) events.push(event);
    if (event?.kind === "bad" || event?.kind === "closed") break;
  }
  return events;
}

function cookies(bytes: Uint8Array): unknown {
  const jar = new CookieJar();
  const [from, to] = [new URL("https://a.example.com/x/y"), new URL("https://example.com/")];
  // As node reads header fields.
  for (const setCookie of Buffer.from(bytes).toString("latin1").split("\r\n")) jar.store(from, setCookie, NTP_NOW);
  return [jar.header(from, NTP_NOW), jar.header(to, NTP_NOW), jar.at(from, NTP_NOW), jar.values()];
}

const NTP_NOW = 1_795_000_000_000;
const DNS_ANSWER = "abcd 8500 0001 0002 0000 0001 05616c696173 076578616d706c65 0474657374 00 0001 0001 c00c 0005 0001 0000012c 0006 03777777 c012 c030 0001 0001 0000012c 0004 c000020a 00 0029 04d0 00000000 000a 000f 0006 0006 626f6775";

/** Every decoder, in the order of their files. */
export const decoders: readonly Decoder[] = [
  {
    name: "ber",
    files: ["ber.ts"],
    seeds: [hex("300c 020101 6107 0a0100 0400 0400"), hex("2b06010401947801"), hex("308400000010 020101")],
    decode: (bytes) => [berFrame(bytes), berElements(bytes), integerOf(bytes)],
  },
  { name: "dns", files: ["dns.ts", "dns-names.ts", "dns-records.ts", "reader.ts"], seeds: [hex(DNS_ANSWER), hex("0001 8003 0000 0000 0000 0000")], decode: decodeMessage, growth: 128 },
  { name: "dns-names", files: ["dns-names.ts"], seeds: [hex("03 777777 02 6465 00"), hex("026465000377777700")], decode: (bytes) => readName(new Reader(bytes)) },
  {
    name: "dns-records",
    files: ["dns-records.ts"],
    seeds: [hex("06 000a 046d61696c 00"), hex("00 c0000201"), hex("03 0561626364 65")],
    decode: (bytes) => readData(new Reader(bytes, 1), typeCode(RECORD_TYPES[(bytes[0] ?? 0) % (RECORD_TYPES.length + 1)] ?? "TYPE65") ?? 0),
  },
  {
    name: "ftp",
    files: ["ftp.ts"],
    seeds: [octets("220-hello\r\n230 inside\r\n220 ready\r\n"), octets("211-Features:\r\n EPSV\r\n211 End\r\n")],
    decode: (bytes) => {
      let soFar: FtpReply | null = null;
      const read: unknown[] = [];
      for (const line of lines(bytes)) {
        const added = addFtpLine(soFar, line);
        soFar = added.kind === "more" ? added.reply : null;
        if (added.kind === "whole") read.push([added.reply, featuresOf(added.reply), shownFtpReply(added.reply)]);
      }
      return read;
    },
  },
  { name: "grpc", files: ["grpc.ts"], seeds: [hex("0000000002 0801"), hex("0000000016 1001 1a026162 2100000000000000ff 2d000000ff 0801"), octets("not%20here %zz")], decode: (bytes) => [decodeHealthAnswer(bytes), grpcWords(text(bytes))] },
  { name: "html", files: ["html.ts"], seeds: [octets("a&amp;b&#38;c&#x1F514;&quot;&lt;")], decode: (bytes) => decodeReferences(text(bytes)) },
  { name: "http-cookies", files: [], seeds: [octets("sid=abc; Domain=example.com; Path=/x; Secure; HttpOnly; Max-Age=60\na=b; Expires=Wed, 09-Jun-2027 10:18:14 GMT"), octets('b="c d"; path=/; domain=.example.com')], decode: cookies },
  { name: "http-digest", files: [], seeds: [octets('Digest realm="a", nonce="b", qop="auth", algorithm=SHA-256, opaque="c", Basic realm="d"')], decode: (bytes) => digestAuthorization(text(bytes), { user: "u", password: "p", method: "GET", path: "/", cnonce: "0a" }), growth: 16 },
  {
    name: "greeting",
    files: ["greeting.ts"],
    seeds: [octets("220-mail.example.com ESMTP\r\n220 ready\r\n"), octets("SSH-2.0-OpenSSH_9.2p1\r\n"), octets("* OK [CAPABILITY IMAP4rev1] ready\r\n"), hex("3a000000 0a 382e3000 05000000 6162636465666768 00 fff7 2d 0200 ff81 15 00000000000000000000 696a6b6c6d6e6f7071727374 00 6d7900"), hex("fffd18fffd20")],
    decode: (bytes) => [isWholeGreeting(bytes), readGreeting(bytes, 21)],
  },
  {
    name: "icmp",
    files: ["icmp.ts"],
    seeds: [hex("0000 0000 1234 0001 0102030405060708 fffe"), hex("8100 0000 1234 0001"), hex("45000024 00000000 40010000 7f000001 7f000001 0000 0000 1234 0001 0102030405060708")],
    decode: (bytes) => {
      const inner = ip4Payload(bytes) ?? bytes;
      return [decodeEcho(4, inner), decodeEcho(6, inner), hasToken(inner, OURS, 8), internetChecksum(inner), describeError(4, bytes[0] ?? 0, bytes[1] ?? 0, 0), describeError(6, bytes[0] ?? 0, bytes[1] ?? 0, 0)];
    },
    growth: 64,
  },
  {
    name: "imap",
    files: ["imap.ts"],
    seeds: [octets('* STATUS "a b" (MESSAGES 3 UNSEEN 1)'), octets("* SEARCH 3 5"), octets("a1 OK [CAPABILITY IMAP4rev1] done"), octets("* 1 FETCH (BODY[] {3}\r\nabc FLAGS (\\Seen))")],
    decode: (bytes) => {
      const pieces = lines(bytes);
      const response = parseImapResponse(pieces);
      return [response, pieces.map(literalLength), response === null ? null : [searchedNumbers(response), statusNumbers(response)]];
    },
  },
  { name: "ip", files: ["ip.ts"], seeds: [octets("192.0.2.1"), octets("2001:db8::1"), octets("::ffff:192.0.2.1")], decode: (bytes) => [parseIp4(text(bytes)), parseIp6(text(bytes))], growth: 16 },
  { name: "ldap", files: ["ldap.ts", "ber.ts"], seeds: [hex("300c 020101 6107 0a0100 0400 0400"), hex("302b 020102 6426 0400 3022 3020 040e 6e616d696e67436f6e7465787473 310e 040c 64633d6578616d706c652c64")], decode: decodeLdap, growth: 16 },
  { name: "memcached", files: ["memcached.ts"], seeds: [octets("VERSION 1.6.18"), octets("STAT curr_items 5"), octets("SERVER_ERROR out of memory")], decode: (bytes) => parseMemcachedLine(text(bytes)) },
  { name: "nntp", files: ["nntp.ts"], seeds: [octets("201 ready"), octets("1234 3000234 3002322 misc.test")], decode: (bytes) => [parseNntpReply(text(bytes)), parseGroup(text(bytes))] },
  {
    name: "mqtt",
    files: ["mqtt.ts"],
    seeds: [hex("20020000"), hex("20090000 06 22000a 210014"), hex("9004 0001 00 00"), hex("3208 0001 61 0007 00 6869"), hex("e002 8b 00")],
    decode: (bytes) => [mqttFrame(bytes), decodeMqtt(bytes, "3.1.1"), decodeMqtt(bytes, "5")],
    growth: 16,
  },
  {
    name: "mysql",
    files: ["mysql.ts"],
    seeds: [hex("0a 382e3000 05000000 6162636465666768 00 fff7 2d 0200 ff81 15 00000000000000000000 696a6b6c6d6e6f7071727374 00 6d7900"), hex("ff 1504 233238303030 6e6f"), hex("fe 6d7900 616263"), hex("01 03")],
    decode: (bytes) => [decodeMysqlGreeting(bytes), decodeMysql(bytes)],
  },
  { name: "notes", files: ["notes.ts"], seeds: [Buffer.concat([hex("3a00 00002f000000020000400f0005003d0501020304"), octets("\0CN=Mail01/OU=IT/O=Acme\0")])], decode: (bytes) => [decodeNotes(bytes), notesLength(bytes)] },
  {
    name: "ntp",
    files: ["ntp.ts"],
    seeds: [hex(`240206e80000800000010000c0000201 ${"eeaa0c0080000000".repeat(4)}`), hex(`e40003e80000000000000000 52415445 ${"00".repeat(32)}`)],
    decode: (bytes) => {
      const packet = decodeNtp(bytes, NTP_NOW);
      return packet.kind === "bad" ? packet : [packet, kissCode(packet), referenceName(packet)];
    },
  },
  { name: "nut", files: ["nut.ts"], seeds: [octets('VAR ups ups.status "OL \\"x\\" CHRG"'), octets("BEGIN LIST VAR ups"), octets("ERR UNKNOWN-UPS")], decode: (bytes) => parseNutLine(text(bytes)) },
  {
    name: "openvpn",
    files: ["openvpn.ts"],
    seeds: [Buffer.concat([Uint8Array.of(0x40), new Uint8Array(8).fill(9), Uint8Array.of(1, 0, 0, 0, 0), OURS, new Uint8Array(4)]), Buffer.concat([Uint8Array.of(0x40), new Uint8Array(60)])],
    decode: (bytes) => PROTECTIONS.map((protection) => decodeServerReset(bytes, protection, OURS)),
    growth: 16,
  },
  { name: "perfdata", files: ["perfdata.ts"], seeds: [octets("DISK OK - free 3 | /=2643MB;5948;5958;0;5968 'a b'=1%;@1:2;~:3\nmore | c=5s\n")], decode: (bytes) => [parsePluginOutput(text(bytes)), parseRange(text(bytes))], growth: 64 },
  { name: "ping", files: [], seeds: [octets("64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.031 ms\nFrom 192.0.2.1 icmp_seq=2 Destination Host Unreachable\n")], decode: (bytes) => parsePing(text(bytes), 5) },
  {
    name: "radius",
    files: ["radius.ts"],
    // The exchange of RFC 2865, section 7.1.
    seeds: [hex("02000026 86fe220e 7624ba2a 1005f6bf 9b55e0b2 0606 00000001 0f06 00000000 0e06 c0a80103"), hex("03000014 00000000 00000000 00000000 00000000")],
    decode: (bytes) => [decodeRadius(bytes, RADIUS_REQUEST, "xyzzy5461"), hiddenPassword(text(bytes).slice(0, 100), RADIUS_REQUEST.authenticator, "s"), chapPassword(1, text(bytes), RADIUS_REQUEST.authenticator)],
    growth: 24,
  },
  { name: "pop3", files: ["pop3.ts"], seeds: [octets("+OK 2 320"), octets("-ERR [AUTH] no <1896.697170952@dbc.mtview.ca.us>"), octets("..")], decode: (bytes) => [parsePop3Status(text(bytes)), unstuffedLine(text(bytes)), parseStat(text(bytes)), apopTimestamp(text(bytes))] },
  {
    name: "postgres",
    files: ["postgres.ts"],
    seeds: [octets("R\0\0\0\nSCRAM-SHA-256\0\0"), octets("ESFATAL\0C28000\0Mno\0\0"), hex("44 0002 00000001 31 ffffffff"), octets("Sserver_version\x0015\0")],
    decode: (bytes) => [decodePostgres(String.fromCharCode(bytes[0] ?? 0), bytes.subarray(1)), zeroEndedList(bytes)],
  },
  {
    name: "rdap",
    files: ["rdap.ts"],
    seeds: [
      octets('{"objectClassName":"domain","ldhName":"example.com","status":["active"],"events":[{"eventAction":"expiration","eventDate":"2027-08-13T04:00:00Z"}],"entities":[{"roles":["registrar"],"vcardArray":["vcard",[["fn",{},"text","A"]]]}],"nameservers":[{"ldhName":"ns1.example.com"}]}'),
      octets('{"version":"1.0","services":[[["com","net"],["https://rdap.example.com/","http://rdap.example.com/"]],[["example.com"],["https://b.example/"]]]}'),
    ],
    decode: (bytes) => [parseRegistration(text(bytes)), serverFor(text(bytes), "www.example.com")],
  },
  {
    name: "resp",
    files: ["resp.ts"],
    seeds: [octets("$13"), octets("-ERR no"), octets("role:master\r\nconnected_slaves:1\r\nslave0:ip=127.0.0.1,port=6380,state=online,offset=14,lag=0\r\nmaster_repl_offset:14\r\n")],
    decode: (bytes) => {
      const info = parseInfo(text(bytes));
      return [parseRespHead(text(bytes)), info, parseReplicas(info)];
    },
    growth: 16,
  },
  { name: "rip", files: ["rip.ts"], seeds: RIP_AUTHENTICATIONS.map((authentication) => encodeResponse(ROUTES, authentication, 5)), decode: (bytes) => RIP_AUTHENTICATIONS.map((authentication) => decodeRip(bytes, authentication)), growth: 16 },
  {
    name: "scram",
    files: ["scram.ts"],
    seeds: [octets("r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1"), octets("r=abcd,s=AA==,i=100001"), octets("v=AAAA")],
    decode: (bytes) => [scramChallenge({ hash: "sha256", user: "u", password: "p", nonce: "abc" }, text(bytes)), scramVerified("v=AAAA", text(bytes))],
  },
  {
    name: "sip",
    files: ["sip.ts"],
    seeds: [
      octets("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport=1\r\nTo: <sip:a>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nAllow: INVITE,\r\n ACK\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\nok"),
      octets("sip/2.0 503\r\nv:SIP/2.0/UDP a;branch=z9hG4bKa\r\ni: 1\r\nCSEQ : 1 OPTIONS\r\nl: 0\r\n\r\n"),
      octets("OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n"),
    ],
    decode: sipAnswer,
    growth: 32,
  },
  { name: "smb", files: ["smb.ts"], seeds: [smbAnswer(), Buffer.concat([hex("ff534d42 72"), new Uint8Array(80)])], decode: (bytes) => [decodeNegotiated(bytes, 0), frameLength(bytes), sessionRefusal(bytes[0] ?? 0, bytes.subarray(1))], growth: 16 },
  { name: "smtp", files: ["smtp.ts"], seeds: [octets("250-mail.example.com\r\n250-SIZE 10240000\r\n250 STARTTLS"), octets("454 4.7.1 <a@b>: Relay access denied")], decode: smtpReplies },
  ...snmpDecoders,
  { name: "socks5", files: ["socks5.ts"], seeds: [hex("05000001 7f000001 0438"), hex("05000003 03 616263 0050"), hex(`05000004 ${"00".repeat(15)}01 0050`)], decode: (bytes) => [replyLength(bytes), decodeReply(bytes)], growth: 16 },
  ...sshDecoders,
  {
    name: "temperature",
    files: ["temperature.ts"],
    seeds: [octets('<?xml version="1.0" encoding="utf-8"?><event><!-- a --><all><vs1>23.4°C</vs1><vs2>45 %RH</vs2></all></event>'), octets("74.1 °F"), octets("<event><all><vs1>21&#176;C</vs1></all></event>")],
    decode: (bytes) => [readComet(bytes, 1), parseTemperature(text(bytes))],
  },
  { name: "tcp", files: ["tcp.ts"], seeds: [hex("01bb1234 00000007 fedcba99 5012"), hex("123401bb fedcba98")], decode: decodeSegment },
  { name: "websocket", files: ["websocket.ts"], seeds: [hex("8105 48656c6c6f"), hex("827e 0100"), hex("827f 0000000000010000"), hex("8802 03e8"), hex("03e8 627965")], decode: (bytes) => [decodeHeader(bytes), closeReason(bytes)] },
  {
    name: "xml-stream",
    files: ["xml-stream.ts"],
    seeds: [octets("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='a'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features></stream:stream>"), octets('<a b="&lt;&#x41;"><c><![CDATA[d]]></c></a>')],
    decode: xmlEvents,
    growth: 32,
  },
];
