import { describe, expect, test } from "vitest";
import { GREETING_MAX, isWholeGreeting, readGreeting } from "./greeting.ts";
import { mysqlPacket } from "./mysql.ts";

const octets = (text: string): Uint8Array => Buffer.from(text, "latin1");
const MYSQL = mysqlPacket(0, octets(`\x0a5.5.5-10.11.19-MariaDB\0\x05\0\0\0abcdefgh\0\xff\xf7\x2d\x02\0\xff\x81\x15${"\0".repeat(10)}ijklmnopqrst\0mysql_native_password\0`));

describe("what greets", () => {
  const f = (text: string | Uint8Array, expected: string, port = 9999) => {
    const greeting = readGreeting(typeof text === "string" ? octets(text) : text, port);
    expect(greeting === null ? "nothing" : `${greeting.service} [${greeting.product}] ${greeting.farewell.trim()}`).toBe(expected);
  };
  test("by what it says", () => {
    f("", "nothing");
    f("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "ssh [OpenSSH_9.2p1 Debian-2+deb12u3] ");
    f("SSH-2.0-dropbear\r\n", "ssh [dropbear] ");
    f("220 mail.example.com ESMTP Postfix (Debian/GNU)\r\n", "smtp [ESMTP Postfix (Debian/GNU)] QUIT");
    f("220-teaser.example.com ESMTP\r\n220 teaser.example.com ESMTP\r\n", "smtp [ESMTP] QUIT");
    f("220 mx.example.com Microsoft SMTP MAIL Service ready\r\n", "smtp [mx.example.com Microsoft SMTP MAIL Service ready] QUIT");
    f("554 no service\r\n", "smtp [no service] QUIT");
    f("220 (vsFTPd 3.0.3)\r\n", "ftp [(vsFTPd 3.0.3)] QUIT");
    f("220 ftp.example.com ready\r\n", "ftp [ftp.example.com ready] QUIT");
    f("200 news.example.com InterNetNews NNRP server INN 2.7.1 ready\r\n", "nntp [news.example.com InterNetNews NNRP server INN 2.7.1 ready] QUIT");
    f("+OK Dovecot ready.\r\n", "pop3 [Dovecot ready.] QUIT");
    f("* OK [CAPABILITY IMAP4rev1 SASL-IR] Dovecot ready.\r\n", "imap [Dovecot ready.] a LOGOUT");
    f("* BYE shutting down\r\n", "imap [shutting down] a LOGOUT");
    f('"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n"SIEVE" "fileinto"\r\nOK\r\n', "managesieve [Dovecot Pigeonhole] LOGOUT");
    f("RFB 003.008\n", "vnc [003.008] ");
    f("@RSYNCD: 31.0\n", "rsync [31.0] @RSYNCD: EXIT");
    f("OK MPD 0.23.5\n", "mpd [MPD 0.23.5] close");
    f(":irc.example.com NOTICE AUTH :*** Looking up your hostname\r\n", "irc [*** Looking up your hostname] QUIT");
    f("-DENIED Redis is running in protected mode\r\n", "redis [Redis is running in protected mode] ");
    f(octets("\xff\xfd\x18\xff\xfd\x20"), "telnet [] ");
    f(MYSQL, "mysql [10.11.19-MariaDB] ");
    f(mysqlPacket(0, octets("\xff\x6a\x04Host is not allowed to connect")), "mysql [Host is not allowed to connect] ");
  });
  test("what could be several is told by its usual port, or not at all", () => {
    f("220 ready\r\n", " [220 ready] ");
    f("220 ready\r\n", "ftp [220 ready] QUIT", 21);
    f("220 ready\r\n", "smtp [220 ready] QUIT", 25);
    f("hello\x1b[31m\tthere\r\n", " [hello [31m there] ", 25);
    f("x".repeat(5000), ` [${"x".repeat(200)}] `);
  });
});

describe("whether it is all there", () => {
  const whole = (text: string | Uint8Array, expected: boolean) => expect(isWholeGreeting(typeof text === "string" ? octets(text) : text)).toBe(expected);
  test("lines", () => {
    whole("", false);
    whole("SSH-2.0-x", false);
    whole("SSH-2.0-x\n", true);
    whole("220-a\r\n", false);
    whole("220-a\r\n220-b\r\n220 c", false);
    whole("220-a\r\n220-b\r\n220 c\r\n", true);
    whole("220-a\r\n220\r\n", true);
    whole("x".repeat(GREETING_MAX), true);
  });
  test("packets", () => {
    for (let length = 5; length < MYSQL.length; length++) whole(MYSQL.subarray(0, length), false);
    whole(MYSQL, true);
    whole(octets("\xff\xfd"), false);
    whole(octets("\xff\xfd\x18"), true);
  });
});
