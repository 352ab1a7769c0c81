import { connect } from "node:net";
import { beforeAll, expect, it } from "vitest";
import { http } from "../../src/probes/http.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type ContextRequest, probeContext } from "./context.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { rawServer } from "./raw.ts";

describeWith(["nginx-light", "openssl"], "http against nginx", () => {
  let certificates: Certificates;
  let nginx: Nginx;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    nginx = await startNginx(folder, certificates);
  });

  const trusted = (): object => ({ ca: certificates.authority });
  const ask = (options: object, context: ContextRequest = {}) => http.run(http.options.parse(options), probeContext({ wants: ["body", "header"], ...context }));
  const plain = (path: string): string => `http://127.0.0.1:${nginx.http}${path}`;
  const secured = (path: string, port = nginx.https, name = "localhost"): string => `https://${name}:${port}${path}`;
  /** Verdict, code and status (or sentence) in one line. */
  const seen = async (options: object, context: ContextRequest = {}): Promise<string> => {
    const { verdict, code, sentence, facts } = await ask(options, context);
    return `${verdict} ${code} ${facts["status"] === undefined ? sentence : JSON.stringify(facts["status"])}`;
  };

  it("takes no half answer for a whole one, under HTTP/1.1 and HTTP/2", async () => {
    for (const http2 of [false, true]) {
      let left = 300_000;
      // What lies between breaks off in the middle of the 2 MiB.
      const between = await rawServer((socket) => {
        const server = connect(nginx.https, "127.0.0.1");
        server.on("error", () => {}).on("end", () => socket.end());
        socket.on("data", (chunk) => server.write(chunk)).on("close", () => server.destroy());
        server.on("data", (chunk: Buffer) => {
          left -= chunk.length;
          if (left > 0) socket.write(chunk);
          else socket.end();
        });
      });
      const said = await seen({ url: secured("/large", between.port), tls: trusted(), http2, bodyLimit: "3MiB" });
      expect(await seen({ url: secured("/large"), tls: trusted(), http2, method: "HEAD" })).toMatch(/^up ok /);
      for (let runs = 0; runs < 20; runs += 1) expect(await seen({ url: secured("/echo"), tls: trusted(), http2 })).toMatch(/^up ok /);
      expect(said, String(http2)).toMatch(/^down (closed the server closed the connection in the middle of its answer, after \d{5,6} bytes|reset )/);
    }
  });

  it("measures a plain answer", async () => {
    const outcome = await ask({ url: plain("/ok") });
    expect(outcome).toMatchObject({ verdict: "up", code: "ok", sentence: "HTTP 200 OK", facts: { status: 200, version: "1.1", bytes: 10, redirects: 0, address: "127.0.0.1" } });
    expect(outcome.material).toMatchObject({ body: "tocsin ok\n", header: { "x-tocsin": "yes", "content-type": "text/plain" } });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "firstByte", "transfer"]);
    expect(outcome.evidence.map(({ label }) => label)).toEqual(["sent", "received"]);
    expect(outcome.evidence[0]?.text).toMatch(/^GET \/ok HTTP\/1.1\r\nHost: 127.0.0.1:\d+\r\n/);
    expect(outcome.evidence[1]?.text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*tocsin ok\n$/);
  });

  it("gives every status as a fact", async () => {
    expect(await seen({ url: plain("/500") })).toBe("up ok 500");
    expect(await seen({ url: plain("/204") })).toBe("up ok 204");
    expect(await seen({ url: plain("/nowhere") })).toBe("up ok 404");
    expect(await seen({ url: plain("/ok"), method: "HEAD" })).toBe("up ok 200");
    expect(await seen({ url: plain("/ok"), method: "DELETE" })).toBe("up ok 200");
  });

  it("speaks IPv4, IPv6 and names", async () => {
    expect(await seen({ url: `http://[::1]:${nginx.http}/ok` })).toBe("up ok 200");
    const named = async (family: string | number) => (await ask({ url: `http://localhost:${nginx.http}/ok`, family })).facts["address"];
    expect(await named(4)).toBe("127.0.0.1");
    expect(await named(6)).toBe("::1");
    expect(["::1", "127.0.0.1"]).toContain(await named("any"));
    expect(await seen({ url: `http://bücher.localhost:${nginx.http}/ok` })).toBe("up ok 200");
    expect((await ask({ url: `http://bücher.localhost:${nginx.http}/echo` })).material?.["body"]).toMatch(/^GET xn--bcher-kva.localhost /);
  });

  it("comes from the source address", async () => {
    expect((await ask({ url: plain("/echo"), source: "127.0.0.9" })).material?.["body"]).toMatch(/\[127.0.0.9\]\n$/);
    expect(await seen({ url: plain("/ok"), source: "192.0.2.77" })).toMatch(/^unknown resources this machine has no such source address/);
  });

  it("follows redirects as far as allowed", async () => {
    expect((await ask({ url: plain("/redirect") })).facts).toMatchObject({ status: 200, redirects: 1, url: plain("/ok") });
    expect(await seen({ url: plain("/redirect"), redirects: 0 })).toBe("up ok 302");
    expect(await seen({ url: plain("/loop"), redirects: 3 })).toMatch(/^down redirects more than 3 redirects, the last to http:.*\/loop$/);
    expect((await ask({ url: secured("/elsewhere"), tls: trusted() })).facts).toMatchObject({ downgraded: true, version: "1.1", status: 200 });
  });

  it("tells credentials to the first origin alone", async () => {
    const auth = { user: "user", password: "pass" };
    expect(await seen({ url: plain("/auth") })).toBe("up ok 401");
    expect(await seen({ url: plain("/auth"), auth })).toBe("up ok 200");
    expect(await seen({ url: plain("/auth"), auth: { ...auth, password: "wrong" } })).toBe("up ok 401");
    expect((await ask({ url: plain("/absolute"), auth, headers: { "X-Probe": "mine" } })).material?.["body"]).toMatch(/\[Basic dXNlcjpwYXNz\].*\[mine\]/);
    expect((await ask({ url: secured("/elsewhere"), tls: trusted(), auth, headers: { "X-Probe": "mine" } })).material?.["body"]).toMatch(/\[\] HTTP\/1.1 \[\] \[\] \[\] /);
    expect((await ask({ url: plain("/echo"), auth: { token: "sesame" } })).material?.["body"]).toMatch(/\[Bearer sesame\]/);
    expect(JSON.stringify((await ask({ url: plain("/auth"), auth })).evidence)).not.toMatch(/dXNlcjpwYXNz/);
  });

  it("agrees on HTTP/2 where it may", async () => {
    const version = async (http2: unknown, port = nginx.https) => (await ask({ url: secured("/ok", port), tls: trusted(), http2 })).facts["version"];
    expect(await version("auto")).toBe("2");
    expect(await version(true)).toBe("2");
    expect(await version(false)).toBe("1.1");
    expect(await version("auto", nginx.httpsWith.expiring)).toBe("1.1");
    expect(await seen({ url: secured("/ok", nginx.httpsWith.expiring), tls: trusted(), http2: true })).toMatch(/^down (protocol the server does not agree to HTTP\/2|tls-failed )/);
    expect(await seen({ url: secured("/echo"), tls: trusted(), method: "POST", body: "x=1" })).toBe("up ok 200");
    expect((await ask({ url: secured("/large"), tls: trusted(), bodyLimit: 1000 })).facts).toMatchObject({ cut: true, bytes: 1000 });
  });

  it("tells what the certificate is", async () => {
    const { facts, phases } = await ask({ url: secured("/ok"), tls: trusted() });
    expect(facts["certificate"]).toMatchObject({ days: 90, subject: "CN=localhost", issuer: "CN=Tocsin test authority", names: ["localhost", "sni.test", "127.0.0.1", "::1"] });
    expect(facts["tls"]).toMatchObject({ protocol: "TLSv1.3" });
    expect(Object.keys(phases)).toEqual(["resolve", "connect", "tls", "firstByte", "transfer"]);
    expect((await ask({ url: secured("/ok", nginx.httpsWith.expiring), tls: trusted() })).facts["certificate"]).toMatchObject({ days: 5 });
    expect((await ask({ url: `https://[::1]:${nginx.https}/ok`, tls: trusted() })).verdict).toBe("up");
  });

  it("says what is wrong with a certificate, and its facts all the same", async () => {
    const wrong = async (kind: keyof Nginx["httpsWith"], more: object = trusted()) => {
      const { code, sentence, verdict, facts } = await ask({ url: secured("/ok", nginx.httpsWith[kind]), tls: more });
      expect(facts["certificate"]).toHaveProperty("days");
      return `${verdict} ${code} ${sentence}`;
    };
    expect(await wrong("expired")).toMatch(/^down tls-expired the certificate expired on .* \(2 days ago\)$/);
    expect(await wrong("notYetValid")).toMatch(/^down tls-untrusted the certificate is not trusted: it is valid only from /);
    expect(await wrong("wrongName")).toBe("down tls-name the certificate is not for localhost but for elsewhere.test");
    expect(await wrong("selfSigned")).toBe("down tls-untrusted the certificate is not trusted: it is self-signed");
    expect(await wrong("expiring", {})).toMatch(/^down tls-untrusted the certificate is not trusted: its issuer is unknown here/);
    // OpenSSL alone would stop at the trust and never see the name.
    expect(await wrong("wrongName", {})).toMatch(/^down tls-untrusted .*; the certificate is not for localhost but for elsewhere.test$/);
    for (const kind of ["expired", "notYetValid", "wrongName", "selfSigned"] as const) expect(await wrong(kind, { verify: false })).toBe("up ok HTTP 200 OK");
  });

  it("asks by name (SNI) and never by address", async () => {
    const tls = { ...trusted(), servername: "b.sni.test" };
    expect((await ask({ url: secured("/ok"), tls })).facts["certificate"]).toMatchObject({ names: ["b.sni.test"] });
    expect((await ask({ url: secured("/echo", nginx.https, "127.0.0.1"), tls: trusted() })).material?.["body"]).toMatch(/HTTP\/2.0 \[\]/);
  });

  it("shows its own certificate", async () => {
    const { cert, key } = certificates.client;
    expect(await seen({ url: secured("/ok", nginx.httpsClient), tls: trusted() })).toBe("up ok 400");
    expect((await ask({ url: secured("/echo", nginx.httpsClient), tls: { ...trusted(), cert, key } })).material?.["body"]).toMatch(/\[CN=client.test\]/);
  });

  it("reads no more of a body than it may", async () => {
    expect((await ask({ url: plain("/large") })).facts).toMatchObject({ status: 200, cut: true, bytes: 1_048_576 });
    expect((await ask({ url: plain("/large"), bodyLimit: "2MiB" })).facts).not.toHaveProperty("cut");
  });

  it("unpacks what was compressed", async () => {
    const outcome = await ask({ url: plain("/gzip"), headers: { "Accept-Encoding": "gzip" } });
    expect(outcome.material).toMatchObject({ body: "tocsin ".repeat(5000), header: { "content-encoding": "gzip" } });
    const cut = await ask({ url: plain("/gzip"), headers: { "Accept-Encoding": "gzip" }, bodyLimit: 3000 });
    expect(cut.facts).toMatchObject({ cut: true });
    expect(cut.material?.["body"]).toBe("tocsin ".repeat(5000).slice(0, 3000));
  });

  it("reads JSON when a condition asks for it", async () => {
    expect((await ask({ url: plain("/json") }, { wants: ["body", "body.json", "body.json.queue"] })).material).toMatchObject({ "body.json": { queue: { depth: 7 } } });
    expect((await ask({ url: plain("/ok") }, { wants: ["body", "body.json"] })).material).not.toHaveProperty("body.json");
    expect((await ask({ url: plain("/json") }, { wants: [] })).material).toEqual({});
  });

  it("ends at the deadline when the server sends a byte a second", async () => {
    expect(await seen({ url: plain("/slow") }, { deadlineMs: 1500 })).toBe("down timeout no answer to the request came in time");
    expect(await seen({ url: secured("/slow"), tls: trusted() }, { deadlineMs: 1500 })).toMatch(/^down timeout (no answer|the answer was not complete)/);
  });

  it("does not take one protocol for the other", async () => {
    expect(await seen({ url: `https://127.0.0.1:${nginx.http}/ok` })).toBe("down tls-failed TLS failed: the server does not speak TLS on this port");
    expect(await seen({ url: `http://127.0.0.1:${nginx.https}/ok` })).toMatch(/^(up ok 400|down protocol .*)/);
    expect(await seen({ url: `http://127.0.0.1:${nginx.http}/ok`, http2: true })).toMatch(/^down (protocol|closed) /);
  });

  it("times out on a server that hangs after the kernel has accepted, and recovers with it", async () => {
    process.kill(-nginx.pid, "SIGSTOP");
    const hanging = await ask({ url: plain("/ok") }, { deadlineMs: 500 });
    process.kill(-nginx.pid, "SIGCONT");
    expect(hanging).toMatchObject({ verdict: "down", code: "timeout", sentence: "no answer to the request came in time" });
    expect(hanging.phases).toHaveProperty("connect");
    expect(await seen({ url: plain("/ok") })).toBe("up ok 200");
  });

  it("is refused when the server is gone", async () => {
    await nginx.stop();
    expect(await seen({ url: plain("/ok") })).toBe(`down refused 127.0.0.1 port ${nginx.http} refused the connection`);
    const both = await ask({ url: `http://localhost:${nginx.http}/ok` });
    expect(both).toMatchObject({ code: "refused" });
  });
});
