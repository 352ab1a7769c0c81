import { type Socket, createServer } from "node:net";
import { TLSSocket, createSecureContext } from "node:tls";
import { beforeAll, expect, it } from "vitest";
import { tcp } from "../../src/probes/tcp.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { atEnd, describeWith, temporaryFolder } from "./ground.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { rawServer } from "./raw.ts";

const HEAD = "HEAD /ok HTTP/1.0\\r\\n\\r\\n";

describeWith(["nginx-light", "openssl"], "tcp against nginx", () => {
  let certificates: Certificates;
  let nginx: Nginx;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    nginx = await startNginx(folder, certificates);
  });

  const ask = (options: object, context: ContextRequest = {}) => tcp.run(tcp.options.parse({ host: "127.0.0.1", ...options }), probeContext(context));
  const line = async (...given: Parameters<typeof ask>): Promise<string> => {
    const { verdict, code, sentence } = await ask(...given);
    return `${verdict} ${code} ${sentence}`;
  };
  const trusted = (more: object = {}): object => ({ ca: certificates.authority, ...more });

  it("connects over both families and by name", async () => {
    expect(await line({ port: nginx.http })).toBe(`up ok connected to 127.0.0.1 port ${nginx.http}`);
    expect(await line({ port: nginx.http, host: "::1" })).toBe(`up ok connected to ::1 port ${nginx.http}`);
    expect(await line({ port: nginx.http, host: "localhost", family: 6 })).toBe(`up ok connected to ::1 port ${nginx.http}`);
    expect(await line({ port: nginx.http, host: "grüße.localhost", family: 4 })).toBe(`up ok connected to 127.0.0.1 port ${nginx.http}`);
  });

  it("talks, plain and under TLS", async () => {
    expect(await line({ port: nginx.http, dialogue: [{ send: HEAD, expect: "/^HTTP\\/1.1 200 OK/" }] })).toMatch(/^up ok/);
    const secured = await ask({ port: nginx.https, host: "localhost", tls: trusted(), dialogue: [{ send: HEAD, expect: "X-Tocsin: yes" }] });
    expect(secured).toMatchObject({ verdict: "up", facts: { certificate: { days: 90 }, tls: { protocol: "TLSv1.3" } } });
    expect(Object.keys(secured.phases)).toEqual(["resolve", "connect", "tls", "dialogue"]);
    expect(await line({ port: nginx.https, tls: trusted() })).toBe(`up ok 127.0.0.1 port ${nginx.https} speaks TLS`);
  });

  it("judges the certificate", async () => {
    expect(await line({ port: nginx.https, tls: true })).toMatch(/^down tls-untrusted /);
    expect(await line({ port: nginx.httpsWith.expired, tls: trusted() })).toMatch(/^down tls-expired /);
    expect(await line({ port: nginx.httpsWith.wrongName, tls: trusted() })).toBe("down tls-name the certificate is not for 127.0.0.1 but for elsewhere.test");
    expect(await line({ port: nginx.httpsWith.wrongName, tls: trusted({ servername: "elsewhere.test" }) })).toMatch(/^up ok/);
    expect(await line({ port: nginx.httpsWith.selfSigned, tls: { verify: false } })).toMatch(/^up ok/);
    expect(await line({ port: nginx.http, tls: true })).toBe("down tls-failed TLS failed: the server does not speak TLS on this port");
    expect(await line({ port: nginx.https, tls: trusted({ minVersion: "TLSv1.3" }) })).toMatch(/^up ok/);
  });

  it("ends at the deadline of a handshake that never comes", async () => {
    const controller = new AbortController();
    const silent = await rawServer((socket) => void socket.once("data", () => controller.abort()));
    expect(await line({ port: silent.port, tls: true }, { signal: controller.signal })).toBe("down timeout the TLS handshake was not done in time");
    await silent.idle();
  });

  it("tells a server that closes in the middle of the handshake", async () => {
    const closing = await rawServer((socket) => void socket.once("data", () => socket.end()));
    expect(await line({ port: closing.port, tls: true })).toBe("down tls-failed the server closed the connection during the TLS handshake");
  });

  it("turns to TLS where the protocol asks for it", async () => {
    const port = await starttlsServer(certificates, "220 mx.test ESMTP\r\n", { "EHLO tocsin.invalid": "250-mx.test\r\n250 STARTTLS\r\n", STARTTLS: "220 go\r\n" });
    const outcome = await ask({ port, starttls: "smtp", tls: trusted(), dialogue: [{ send: "EHLO me\\r\\n", expect: "/^secured EHLO me/" }] });
    expect(outcome).toMatchObject({ verdict: "up", facts: { certificate: { subject: "CN=localhost" } } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "starttls", "tls", "dialogue"]);
    expect(outcome.evidence).toEqual([
      { label: "sent", text: "EHLO tocsin.invalid\r\nSTARTTLS\r\nEHLO me\r\n" },
      { label: "received", text: "220 mx.test ESMTP\r\n250-mx.test\r\n250 STARTTLS\r\n220 go\r\nsecured EHLO me\r\n" },
    ]);
    expect(await line({ port, starttls: "smtp" })).toMatch(/^down tls-untrusted /);
    const lying = await starttlsServer(certificates, "220 mx.test ESMTP\r\n", { "EHLO tocsin.invalid": "250 mx.test\r\n", STARTTLS: "220 go\r\n250 injected\r\n" });
    expect(await line({ port: lying, starttls: "smtp", tls: trusted() })).toMatch(/^down protocol .*CVE-2011-0411/);
  });

  it("turns to TLS where the dialogue says so", async () => {
    const port = await starttlsServer(certificates, "220 hello\r\n", { STARTTLS: "220 go\r\n" });
    const dialogue = [{ line: "/^220/" }, { send: "STARTTLS\n", line: "/^220/", tls: true }, { send: "me\r\n", line: "/^secured me$/" }];
    expect(await ask({ port, tls: trusted(), dialogue })).toMatchObject({ verdict: "up", facts: { tls: { protocol: "TLSv1.3" } } });
    expect(await line({ port, dialogue })).toMatch(/^down tls-untrusted /);
    const lying = await starttlsServer(certificates, "220 hello\r\n", { STARTTLS: "220 go\r\ninjected\r\n" });
    expect(await line({ port: lying, tls: trusted(), dialogue })).toMatch(/^down protocol .*went on in plain text where TLS begins$/);
  });

  it("is refused when the server is gone", async () => {
    await nginx.stop();
    expect(await line({ port: nginx.http })).toBe(`down refused 127.0.0.1 port ${nginx.http} refused the connection`);
  });
});

/** Answers lines from the table; after the answer to STARTTLS it goes on under TLS and echoes. */
async function starttlsServer(certificates: Certificates, greeting: string, answers: { readonly [line: string]: string }): Promise<number> {
  const context = createSecureContext({ cert: certificates.good.cert, key: certificates.good.key });
  const upgrade = (socket: Socket): void => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext: context });
    secured.on("error", () => {});
    secured.on("data", (chunk: Buffer) => secured.write(`secured ${chunk.toString()}`));
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(greeting);
    const talk = (chunk: Buffer): void => {
      const line = chunk.toString().trim();
      if (line === "STARTTLS") socket.off("data", talk);
      socket.write(answers[line] ?? "500 what\r\n", () => {
        if (line === "STARTTLS") upgrade(socket);
      });
    };
    socket.on("data", talk);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
