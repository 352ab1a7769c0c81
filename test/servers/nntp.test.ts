import { beforeAll, describe, expect, it } from "vitest";
import { nntp } from "../../src/probes/nntp.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type News, startNews } from "./inn2.ts";
import { converses } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(nntp);
const LOGIN = { user: "reader", password: "readerpw" };

describeWith(["inn2", "openssl"], "nntp against INN", () => {
  let certificates: Certificates;
  let plain: News;
  let six: News;
  let secured: News;
  let expired: News;
  let wrongName: News;
  let broken: News;
  let closed: News;
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    const certificate = certificates.good;
    [plain, six, secured, expired, wrongName, broken, closed] = await Promise.all([
      startNews(folder, { certificate }),
      startNews(folder, { certificate, address: "::1" }),
      startNews(folder, { certificate, tls: true }),
      startNews(folder, { certificate: certificates.expired }),
      startNews(folder, { certificate: certificates.wrongName }),
      startNews(folder, { certificate, broken: true }),
      startNews(folder, { certificate, closed: true }),
    ]);
  }, 60_000);

  it("greets, turns to TLS, counts a group, and says goodbye", async () => {
    const outcome = await ask({ port: plain.port, tls: trusted(), starttls: "required", group: "tocsin.test" });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: `127.0.0.1 port ${plain.port} serves news, tocsin.test is there` });
    expect(outcome.facts).toMatchObject({ banner: expect.stringContaining("INN"), posting: false, articles: 0, first: 1, last: 0, certificate: { days: 90 }, tls: { protocol: "TLSv1.3" } });
    expect(outcome.facts["capabilities"]).toEqual(expect.arrayContaining(["VERSION 2", "READER"]));
    expect(Object.keys(outcome.phases)).toEqual(["connect", "greeting", "hello", "starttls", "tls", "group"]);
    expect(outcome.evidence[0]?.text).toBe("CAPABILITIES\r\nSTARTTLS\r\nCAPABILITIES\r\nGROUP tocsin.test\r\nQUIT\r\n");
    expect(outcome.evidence[1]?.text).toMatch(/205 .*\r\n$/);
  });

  it("speaks over IPv6, plain, and under TLS from the first byte", async () => {
    expect(await line({ port: six.port, host: "::1", starttls: "off" })).toBe(`up ok ::1 port ${six.port} serves news`);
    expect(await line({ port: secured.port, tls: trusted() })).toMatch(/^up ok/);
    expect(await line({ port: plain.port, tls: true })).toMatch(/^down tls-failed /);
    expect(await line({ port: secured.port }, { deadlineMs: 500 })).toMatch(/^down timeout /);
  });

  it("judges the certificate", async () => {
    expect(await line({ port: plain.port })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: plain.port, tls: { verify: false }, starttls: "required" })).toMatch(/^up ok/);
    expect(await line({ port: expired.port, tls: trusted(), starttls: "required" })).toMatch(/^down tls-expired /);
    expect(await line({ port: wrongName.port, tls: trusted(), starttls: "required" })).toMatch(/^down tls-name /);
  });

  it("tells a group that is not there, and a server that cannot serve", async () => {
    expect(await line({ port: plain.port, starttls: "off", group: "no.such.group" })).toBe(`down mismatch 127.0.0.1 port ${plain.port} has no newsgroup no.such.group`);
    expect(await line({ port: broken.port, starttls: "off" })).toMatch(/^down status .* does not serve now: 400 /);
  });

  it("logs in", async () => {
    const start = { port: closed.port, tls: trusted(), starttls: "required", group: "tocsin.test" };
    const outcome = await ask({ ...start, ...LOGIN });
    expect(outcome).toMatchObject({ verdict: "up", sentence: `127.0.0.1 port ${closed.port} serves news, reader can log in, tocsin.test is there` });
    expect(outcome.evidence[0]?.text).toMatch(/AUTHINFO USER reader\r\nAUTHINFO PASS …\r\nGROUP tocsin\.test\r\nQUIT\r\n$/);
    expect(JSON.stringify(outcome)).not.toContain("readerpw");
    expect(await line({ ...start, user: "reader", password: "wrong" })).toMatch(/^down auth .* refused the login of reader: 481 /);
    expect(await line(start)).toMatch(/^down auth .* refused GROUP tocsin\.test: 480 /);
    expect(await line({ ...start, group: null })).toMatch(/^up ok/);
  });

  it("sees it hang, and go", async () => {
    plain.signal("SIGSTOP");
    expect(await line({ port: plain.port }, { deadlineMs: 300 })).toBe(`down timeout 127.0.0.1 port ${plain.port} sent nothing in time`);
    await plain.stop();
    expect(await line({ port: plain.port })).toBe(`down refused 127.0.0.1 port ${plain.port} refused the connection`);
  });
});

describe("nntp against faults", () => {
  itKnowsFaults(nntp, { greeted: true, half: (socket) => void socket.write("200 ready\r\n101 list\r\nREADER\r\n."), endless: { octets: "200", line: /^down too-large .* sent (a line of more than 8192 bytes|more than 64 KiB)$/ } });

  /** A server that answers commands by their first word, and everything else with 500. */
  const server = (answers: { readonly [word: string]: string }, { greeting = "201 ready\r\n", dripping = false } = {}) =>
    converses(greeting, (said) => answers[said] ?? answers[said.split(" ")[0] ?? ""] ?? (said === "QUIT" ? "205 bye\r\n" : "500 what\r\n"), { dripping });
  const told = (answers: { readonly [word: string]: string }, options: object = {}, greeting = "201 ready\r\n"): Promise<string> => against(server(answers, { greeting }), options);

  it("is understood byte by byte, as transit server too", async () => {
    let reader = false;
    const talk = (said: string): string => {
      if (said === "CAPABILITIES") return reader ? "101 list\r\nVERSION 2\r\nREADER\r\n.\r\n" : "101 list\r\nVERSION 2\r\n..x\r\nMODE-READER\r\n.\r\n";
      reader ||= said === "MODE READER";
      return said === "MODE READER" ? "200 post\r\n" : said === "QUIT" ? "205\r\n" : "211 3 10 12 a.b\r\n";
    };
    expect(await against(converses("201\r\n", talk, { dripping: true }), { group: "a.b" })).toBe("up ok 127.0.0.1 port P serves news, a.b is there");
    expect(reader).toBe(true);
  });
  it("knows servers without CAPABILITIES", async () => expect(await told({})).toBe("up ok 127.0.0.1 port P serves news"));
  it("tells how it is refused", async () => {
    const list = (name: string): { readonly [word: string]: string } => ({ CAPABILITIES: `101 list\r\n${name}\r\n.\r\n` });
    expect(await told({}, {}, "502 go away\r\n")).toBe("down status 127.0.0.1 port P does not serve this machine: 502 go away");
    expect(await told({}, {}, "220 mx ESMTP\r\n")).toBe("down protocol 127.0.0.1 port P does not greet as an NNTP server: 220 mx ESMTP");
    expect(await told({}, {}, "* OK IMAP\r\n")).toBe("down protocol 127.0.0.1 port P sent no answer of NNTP: * OK IMAP");
    expect(await told({ CAPABILITIES: "400 idle\r\n" })).toBe("down status 127.0.0.1 port P refused CAPABILITIES: 400 idle");
    expect(await told(list("READER"), { starttls: "required" })).toBe("down protocol 127.0.0.1 port P offers no STARTTLS");
    expect(await told({ ...list("STARTTLS"), STARTTLS: "580 no key\r\n" })).toBe("down status 127.0.0.1 port P refused STARTTLS: 580 no key");
    expect(await told({ ...list("STARTTLS"), STARTTLS: "382 go\r\n200 x\r\n" })).toMatch(/^down protocol the server sent 7 bytes more before TLS began/);
    expect(await told({ ...list("MODE-READER"), "MODE READER": "502 transit only\r\n" }, { group: "a.b" })).toBe("down status 127.0.0.1 port P refused MODE READER: 502 transit only");
    expect(await told({ ...list("MODE-READER"), "MODE READER": "502 transit only\r\n" })).toMatch(/^up ok/);
    expect(await told({ AUTHINFO: "483 TLS first\r\n" }, { ...LOGIN, starttls: "off" })).toBe("down auth 127.0.0.1 port P refused the login of reader: 483 TLS first");
    expect(await told({ AUTHINFO: "281 in\r\n" }, { ...LOGIN, starttls: "off" })).toBe("up ok 127.0.0.1 port P serves news, reader can log in");
    expect(await told({ GROUP: "211 many\r\n" }, { group: "a.b" })).toBe("down protocol 127.0.0.1 port P answered GROUP without numbers: many");
    expect(await told({ CAPABILITIES: `101 list\r\n${"X\r\n".repeat(200)}` })).toBe("down protocol 127.0.0.1 port P listed more than 100 capabilities");
  });
});
