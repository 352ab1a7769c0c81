/** A probe against a server that hangs. */
export interface Subject {
  readonly type: string;
  /** What stands beside the probe, where there are several of one type. */
  readonly way: string;
  /** Its options against 127.0.0.1 and the server's port, which is the same for TCP and UDP. */
  readonly options: (port: number) => object;
  /** How an answer begins: what the server says at once before it falls silent; over UDP, its whole answer. */
  readonly half: Uint8Array;
}

/** Types that are not here, with the reason. */
export const NO_SUBJECT: { readonly [type: string]: string } = {
  channel: "asks nobody: it looks at the outbox",
  cpu: "asks this machine",
  disk: "asks this machine",
  group: "asks nobody: it joins checks",
  icmp: "the kernel answers, not a server that could hang",
  memory: "asks this machine",
  push: "asks nobody: it waits to be told",
  script: "asks a program of this machine",
  trace: "routers and the kernel answer, not a server that could hang",
};

const HOST = "127.0.0.1";
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const at = (more: object = {}) => (port: number): object => ({ host: HOST, port, ...more });
const plain = (type: string, half: Uint8Array, more: object = {}, way = ""): Subject => ({ type, way, options: at(more), half });
const url = (port: number, path = "/"): string => `http://${HOST}:${port}${path}`;

const HTTP_HALF = octets("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf");
const HELLO_HALF = hex("16 0303 007a 02 000076 0303");
/** An answer to no question of ours. */
const DNS_HALF = hex("0000 8180 0001 0001 0000 0000 03");
const SETTINGS = hex("000000 04 00 00000000 000004");
const SSH_HALF = octets("SSH-2.0-OpenSSH_9.2p1\r\n\0\0\x01");
const XMPP_HALF = octets("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='a' version='1.0'><stream:fea");
const LOGIN = { user: "probe", password: "probepw" };

function mailflow(type: "imap" | "pop3", half: Uint8Array): Subject {
  const server = (port: number): object => ({ host: HOST, port, starttls: "off", ...LOGIN });
  return { type: "mailflow", way: type, options: (port) => ({ smtp: server(port), mailbox: { ...server(port), type }, sender: "a@mail.test", recipient: "a@mail.test" }), half };
}

/** Every probe that talks over a network, in the order of their types. */
export const subjects: readonly Subject[] = [
  { type: "dns", way: "udp", options: (port) => ({ name: "www.example.test", server: HOST, port }), half: DNS_HALF },
  { type: "dns", way: "tcp", options: (port) => ({ name: "www.example.test", server: HOST, port, transport: "tcp" }), half: hex("0040 0000 8180") },
  { type: "dns", way: "tls", options: (port) => ({ name: "www.example.test", server: HOST, port, transport: "tls" }), half: HELLO_HALF },
  { type: "dns-serial", way: "", options: (port) => ({ zone: "example.test", server: HOST, port }), half: DNS_HALF },
  plain("docker", HTTP_HALF, { container: "web" }),
  { type: "domain", way: "", options: (port) => ({ name: "example.test", server: url(port) }), half: HTTP_HALF },
  plain("ftp", octets("220-wel")),
  plain("grpc", SETTINGS),
  { type: "http", way: "", options: (port) => ({ url: url(port) }), half: HTTP_HALF },
  { type: "http", way: "tls", options: (port) => ({ url: url(port).replace("http", "https") }), half: HELLO_HALF },
  { type: "http-steps", way: "", options: (port) => ({ steps: [{ url: url(port) }, { url: "/a" }] }), half: HTTP_HALF },
  plain("imap", octets("* OK ready\r\n* CAPABILITY {10}\r\nIM")),
  plain("ldap", hex("300c 0201 01 6107")),
  mailflow("imap", octets("* OK ready\r\n* CAPABILITY {10}\r\nIM")),
  mailflow("pop3", octets("+OK\r\n+OK\r\n.\r\n+OK\r\n+OK\r\n+OK 2 20\r\n+OK\r\nX-Tocsin")),
  plain("memcached", octets("VERSION 1.6")),
  plain("mqtt", hex("2002")),
  plain("mysql", hex("4a000000 0a 382e30")),
  plain("nntp", octets("200 ready\r\n101 list\r\nREADER\r\n.")),
  plain("notes", hex("3a00 0000")),
  plain("openvpn", hex("40"), {}, "udp"),
  plain("openvpn", hex("001a 40"), { transport: "tcp" }, "tcp"),
  plain("pop3", octets("+OK\r\n+OK capabilities\r\nUIDL\r\n.")),
  { type: "ports", way: "", options: (port) => ({ host: HOST, ports: port }), half: octets("220-half") },
  plain("postgres", octets("R\0\0\0")),
  plain("radius", hex("02000026"), { secret: "shared" }),
  { type: "rbl", way: "", options: (port) => ({ host: "192.0.2.99", lists: ["one.test", "two.test"], server: HOST, port }), half: DNS_HALF },
  plain("redis", octets("+PO")),
  plain("remote", hex("20"), { topic: "t" }),
  plain("rip", hex("0202 0000")),
  plain("sip", octets("SIP/2.0 200 OK\r\nVia: SIP"), {}, "udp"),
  plain("sip", octets("SIP/2.0 200 OK\r\nVia: SIP"), { transport: "tcp" }, "tcp"),
  plain("smb", hex("00000080 fe534d42")),
  plain("smtp", octets("220-half\r\n22")),
  plain("snmp", hex("3029 0201")),
  plain("snmp", hex("3029 0201"), { version: 3, user: "probe", authPassword: "authsecret" }, "3"),
  plain("sntp", hex("240206e8")),
  plain("socks5", hex("0500 0500"), { connect: "127.0.0.1:80" }),
  plain("ssh", SSH_HALF),
  plain("ssh", SSH_HALF, { ...LOGIN, hostKey: "learn", command: "true" }, "login"),
  plain("tcp", octets("22"), { dialogue: [{ expect: "/^220/" }] }),
  plain("temperature", HTTP_HALF, { via: "web" }, "web"),
  plain("temperature", hex("3029 0201"), { via: "snmp", oid: "1.3.6.1.4.1.99999.0" }, "snmp"),
  plain("tls", HELLO_HALF),
  plain("tls", octets("220-half\r\n22"), { starttls: "smtp" }, "starttls"),
  plain("ups", octets("BEGIN LIST VAR ups\n")),
  plain("uptimes", HTTP_HALF, { key: "0123456789abcdef", version: "4.2" }),
  { type: "websocket", way: "", options: (port) => ({ url: url(port).replace("http", "ws") }), half: octets("HTTP/1.1 101 Switching Protocols\r\n") },
  plain("xmpp", XMPP_HALF, { domain: "example.test" }),
];
