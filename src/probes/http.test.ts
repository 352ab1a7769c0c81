import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ContextRequest, probeContext } from "../../test/servers/context.ts";
import { drips, rawServer, replies } from "../../test/servers/raw.ts";
import { http } from "./http.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: 1\r\n\r\nhello";

/** Asks a server that answers with these bytes; verdict, code and status (or sentence) in one line. */
async function answered(bytes: string | Uint8Array, options: object = {}, context: ContextRequest = {}) {
  const server = await rawServer(replies(bytes));
  return http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/`, ...options }), probeContext({ wants: ["body", "header"], ...context }));
}
const seen = async (...given: Parameters<typeof answered>): Promise<string> => {
  const { verdict, code, sentence, facts } = await answered(...given);
  return `${verdict} ${code} ${facts["status"] === undefined ? sentence : JSON.stringify(facts["status"])}`;
};

describe("options", () => {
  const problem = (options: object): string => {
    const parsed = http.options.safeParse(options);
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    return http.check?.(parsed.data)?.wrong ?? "";
  };
  const url = "https://example.com/";
  it("names what cannot be", () => {
    expect(problem({ url })).toBe("");
    expect(problem({ url: "example.com" })).toBe("`example.com` is no web address");
    expect(problem({ url: "ftp://example.com" })).toBe("`ftp:` is neither http: nor https:");
    expect(problem({ url: "https://u:p@example.com" })).toMatch(/^credentials do not belong in the address/);
    expect(problem({ url, headers: { "a b": "c" } })).not.toBe("");
    expect(problem({ url, headers: { a: "b\r\nc: d" } })).toMatch(/no line breaks/);
    expect(problem({ url, headers: { "Content-Length": "3" } })).toBe("`Content-Length` is filled in by itself");
    expect(problem({ url, headers: { a: "日本" } })).toMatch(/Latin-1/);
    expect(problem({ url, auth: { user: "a:b", password: "p" } })).toMatch(/colon|Invalid input/);
    expect(problem({ url, auth: { token: "a b" } })).toMatch(/blanks|Invalid input/);
    expect(problem({ url, auth: { token: "t" }, headers: { authorization: "x" } })).toMatch(/given twice/);
    expect(problem({ url, tls: { ca: "nonsense" } })).toBe("this is no certificate in PEM form");
    expect(problem({ url, bodyLimit: "1GB" })).toMatch(/no size up to 16 MiB/);
    expect(problem({ url, method: "CONNECT" })).toMatch(/capitals/);
    expect(problem({ url, redirect: 3 })).toMatch(/redirect/);
  });
  it("shows what is asked, international names as they go over the wire", () => {
    const target = (url: string): string => http.target(http.options.parse({ url }));
    expect(target("https://example.com/a")).toBe("example.com:443");
    expect(target("http://bücher.example")).toBe("xn--bcher-kva.example:80");
    expect(target("http://[::1]:8080/")).toBe("[::1]:8080");
  });
});

describe("answers", () => {
  it("reads what is sound", async () => {
    expect(await seen(OK)).toBe("up ok 200");
    expect(await seen("HTTP/1.0 200 OK\r\n\r\nto the end")).toBe("up ok 200");
    expect(await seen("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")).toBe("up ok 200");
    expect(await seen("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK)).toBe("up ok 200");
    expect((await answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")).material?.["body"]).toBe("abcde");
    expect((await answered("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nVary: x\r\nVary: y\r\nContent-Length: 0\r\n\r\n")).material?.["header"]).toMatchObject({ "set-cookie": "a=1\nb=2", vary: "x, y" });
  });

  it("reads the body by its charset", async () => {
    const latin = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Length: 5\r\n\r\nGr\xfc\xdfe", "latin1");
    expect((await answered(latin)).material?.["body"]).toBe("Grüße");
    expect((await answered("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=nonsense\r\nContent-Length: 7\r\n\r\nGrüße")).material?.["body"]).toBe("Grüße");
  });

  it("tells each kind of broken answer", async () => {
    expect(await seen("")).toBe("down closed the server closed the connection without an answer");
    expect(await seen("HTTP/1.1 200 OK\r\nContent-Le")).toBe("down closed the server closed the connection without an answer");
    expect(await seen("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")).toBe("down closed the server closed the connection in the middle of its answer, after 5 bytes of 50");
    expect(await seen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")).toMatch(/^down closed the server closed the connection in the middle of its answer/);
    expect(await seen("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n")).toBe("down protocol the answer is not sound HTTP: Invalid character in chunk size");
    expect(await seen("SSH-2.0-OpenSSH_9.2p1\r\n")).toMatch(/^down protocol the answer is not sound HTTP/);
    expect(await seen("HTTP/1.1 two hundred\r\n\r\n")).toMatch(/^down protocol the answer is not sound HTTP/);
    expect(await seen("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")).toMatch(/^down protocol /);
    expect(await seen(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`)).toBe("down too-large the header fields of the answer are longer than 64 KiB");
    expect(await seen("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")).toMatch(/^down protocol the server switched/);
    expect(await seen("HTTP/1.1 102 Processing\r\n\r\n".repeat(200))).toMatch(/^down protocol the server sent more than 100 interim answers/);
    expect((await answered("SSH-2.0-OpenSSH_9.2p1\r\n")).evidence).toContainEqual({ label: "received", text: "SSH-2.0-OpenSSH_9.2p1\r\n" });
  });

  it("reads redirects with care", async () => {
    const redirect = (location: string, status = 302): string => `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
    expect(await seen(redirect("gopher://example.com/"))).toMatch(/^down redirects the redirect leads to something that is no web address: gopher/);
    expect(await seen(redirect("http://["))).toMatch(/^down redirects/);
    expect(await seen(redirect("/again"), { redirects: 2 })).toMatch(/^down redirects more than 2 redirects/);
    expect(await seen("HTTP/1.1 304 Not Modified\r\n\r\n")).toBe("up ok 304");
    expect(await seen("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")).toBe("up ok 302");
    expect(await seen(redirect("http://127.0.0.2:1/", 307), { method: "POST", body: "secret" })).toBe("down redirects the redirect (307) would carry the request's body to another place: http://127.0.0.2:1");
  });
});

describe("bodies", () => {
  const packed = (coding: string, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]);
  const text = "tocsin rings ".repeat(100);
  const unpacked = async (coding: string, bytes: Uint8Array): Promise<unknown> => (await answered(packed(coding, bytes))).material?.["body"];
  it("unpacks every coding", async () => {
    expect(await unpacked("gzip", gzipSync(text))).toBe(text);
    expect(await unpacked("deflate", deflateSync(text))).toBe(text);
    expect(await unpacked("deflate", deflateRawSync(text))).toBe(text);
    expect(await unpacked("br", brotliCompressSync(text))).toBe(text);
    expect(await unpacked("zstd", zstdCompressSync(text))).toBe(text);
    expect(await unpacked("gzip, br", brotliCompressSync(gzipSync(text)))).toBe(text);
  });
  it("gives out no more than the limit of a bomb", async () => {
    const bomb = brotliCompressSync(Buffer.alloc(50 * 1_048_576));
    const outcome = await answered(packed("br", bomb), { bodyLimit: "64KiB" });
    expect(outcome.facts).toMatchObject({ cut: true, bytes: bomb.length });
    expect(outcome.material?.["body"]).toHaveLength(65_536);
  });
  it("tells a damaged or unknown coding", async () => {
    expect(await seen(packed("gzip", Buffer.from("not gzip at all")))).toMatch(/^down protocol the compressed answer is damaged/);
    expect(await seen(packed("gzip", gzipSync(text).subarray(0, 30)))).toMatch(/^down protocol the compressed answer is damaged/);
    expect(await seen(packed("rot13", Buffer.from("x")))).toMatch(/^down protocol the answer has the content coding `rot13`/);
  });
  it("stops at the limit of an endless body", async () => {
    const server = await rawServer((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write("x".repeat(16_384)));
        if (!socket.destroyed) socket.once("drain", more);
      };
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        more();
      });
    });
    const outcome = await http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/`, bodyLimit: "100kB" }), probeContext({ wants: ["body"] }));
    expect(outcome).toMatchObject({ verdict: "up", facts: { cut: true, bytes: 100_000 } });
    await server.idle();
  });
});

describe("time", () => {
  /** Aborts once the server has sent what it ever will. */
  async function abandoned(bytes: string): Promise<string> {
    const controller = new AbortController();
    const server = await rawServer((socket) => {
      socket.once("data", () => {
        if (bytes === "") controller.abort();
        else socket.write(bytes, () => setImmediate(() => setImmediate(() => controller.abort())));
      });
    });
    const { verdict, code, sentence } = await http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/` }), probeContext({ signal: controller.signal }));
    await server.idle();
    return `${verdict} ${code} ${sentence}`;
  }
  it("ends at the deadline and leaves no connection", async () => {
    expect(await abandoned("")).toBe("down timeout no answer to the request came in time");
    expect(await abandoned("HTTP/1.1 200 OK\r\nX: ")).toBe("down timeout no answer to the request came in time");
    expect(await abandoned("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")).toMatch(/^down timeout (the answer was not complete in time: 3 bytes of 9 came|no answer)/);
  });
  it("does not even connect when the time is over before", async () => {
    const outcome = await http.run(http.options.parse({ url: "http://127.0.0.1:1/" }), probeContext({ signal: AbortSignal.abort() }));
    expect(outcome).toMatchObject({ verdict: "down", code: "timeout" });
  });
});

describe("fragments", () => {
  it("reads an answer byte by byte", async () => {
    const server = await rawServer(drips(Buffer.from(OK)));
    const outcome = await http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/` }), probeContext({ wants: ["body"] }));
    expect(outcome).toMatchObject({ verdict: "up", material: { body: "hello" } });
  });
  it("survives any bytes", async () => {
    let reply: Uint8Array = Buffer.alloc(0);
    const server = await rawServer((socket) => replies(reply)(socket));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.tuple(fc.nat(OK.length - 1), fc.nat(255)).map(([at, value]) => Buffer.from(OK).fill(value, at, at + 1)));
    await fc.assert(
      fc.asyncProperty(bytes, async (hostile) => {
        reply = hostile;
        const outcome = await http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/`, redirects: 0 }), probeContext({ deadlineMs: 10_000 }));
        expect(["ok", "closed", "protocol", "reset", "timeout"]).toContain(outcome.code);
        expect(outcome.sentence).not.toBe("");
      }),
      { numRuns: 100 },
    );
  });
});

describe("proxy", () => {
  const viaProxy = async (serve: (text: string) => string, url: string, more: object = {}) => {
    const asked: string[] = [];
    const server = await rawServer((socket) =>
      socket.once("data", (chunk: Buffer) => {
        asked.push(chunk.toString());
        socket.end(serve(chunk.toString()));
      }),
    );
    const outcome = await http.run(http.options.parse({ url, proxy: { host: "127.0.0.1", port: server.port, ...more } }), probeContext());
    return { asked: asked.join(""), outcome };
  };
  it("asks for the whole address in plain", async () => {
    const { asked, outcome } = await viaProxy(() => OK, "http://shop.test/a?b=1", { user: "u", password: "p" });
    expect(asked).toMatch(/^GET http:\/\/shop.test\/a\?b=1 HTTP\/1.1\r\nHost: shop.test\r\n[^]*Proxy-Authorization: Basic dTpw\r\n/);
    expect(outcome.verdict).toBe("up");
  });
  it("asks for a tunnel to a secured server", async () => {
    const refusing = await viaProxy(() => "HTTP/1.1 403 Forbidden\r\n\r\n", "https://shop.test/");
    expect(refusing.asked).toBe("CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n");
    expect(refusing.outcome).toMatchObject({ code: "protocol", sentence: "the proxy refused the connection to shop.test:443: 403 Forbidden" });
    expect((await viaProxy(() => "HTTP/1.1 407 No\r\n\r\n", "https://shop.test/")).outcome.code).toBe("auth");
    expect((await viaProxy(() => "SOCKS?\r\n", "https://shop.test/")).outcome.sentence).toBe("the proxy does not speak HTTP: SOCKS?");
    expect((await viaProxy(() => "HTTP/1.1 200 OK\r\n\r\nsurplus", "https://shop.test/")).outcome.sentence).toBe("the proxy sent more before TLS began");
  });
});

describe("digest authentication", () => {
  it("answers a challenge as RFC 7616 says", async () => {
    const asked: string[] = [];
    const server = await rawServer((socket) =>
      socket.once("data", (chunk: Buffer) => {
        asked.push(chunk.toString());
        const challenge = 'WWW-Authenticate: Basic realm="x", Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, opaque="o"\r\n';
        socket.end(asked.length === 1 ? `HTTP/1.1 401 No\r\n${challenge}Content-Length: 0\r\n\r\n` : OK);
      }),
    );
    const outcome = await http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/d`, auth: { user: "u", password: "p", scheme: "digest" } }), probeContext());
    expect(outcome.facts["status"]).toBe(200);
    expect(asked[0]).not.toMatch(/authorization/i);
    expect(asked[1]).toMatch(/Authorization: Digest username="u", realm="r", nonce="n", uri="\/d", algorithm=SHA-256, response="[0-9a-f]{64}", opaque="o", qop=auth, nc=00000001, cnonce="[0-9a-f]{32}"/);
  });
});

describe("HTTP/2", () => {
  /** SETTINGS without settings, and an acknowledgement of ours (RFC 9113, section 6.5). */
  const HELLO = Buffer.from("000000040000000000000000040100000000", "hex");
  const run = async (serve: Parameters<typeof rawServer>[0], context: ContextRequest = {}): Promise<string> => {
    const server = await rawServer(serve);
    const { verdict, code, sentence } = await http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/`, http2: true }), probeContext({ deadlineMs: 10_000, ...context }));
    await server.idle();
    return `${verdict} ${code} ${sentence}`;
  };
  it("tells a server that does not speak it, says goodbye or falls silent", async () => {
    expect(await run(replies("HTTP/1.1 400 Bad Request\r\n\r\n"))).toMatch(/^down protocol HTTP\/2 failed: /);
    expect(await run(replies(""))).toBe("down closed the server closed the connection without an answer");
    const goaway = Buffer.concat([HELLO, Buffer.from("0000080700000000000000000000000 00b".replaceAll(" ", ""), "hex")]);
    expect(await run(replies(goaway))).toMatch(/^down (closed|protocol) .*(ENHANCE_YOUR_CALM|code 11)/);
    const controller = new AbortController();
    const silent = (socket: Parameters<Parameters<typeof rawServer>[0]>[0]): void => void socket.once("data", () => socket.write(HELLO, () => setImmediate(() => controller.abort())));
    expect(await run(silent, { signal: controller.signal })).toBe("down timeout no answer to the request came in time");
  });
  it("takes no half answer for a whole one", async () => {
    const frame = (type: number, flags: number, payload: string | Uint8Array): Buffer => Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 1]), Buffer.from(payload)]);
    const head = frame(1, 4, Buffer.of(0x88));
    const half = Buffer.concat([HELLO, head, frame(0, 0, "half")]);
    const reset = (code: number): Buffer => frame(3, 0, Buffer.of(0, 0, 0, code));
    const goaway = Buffer.from("000008070000000000 00000001 00000002".replaceAll(" ", ""), "hex");
    const short = "down closed the server closed the connection in the middle of its answer, after";
    const f = async (expected: string, ...more: readonly Uint8Array[]): Promise<void> => expect(await run(replies(Buffer.concat([half, ...more])))).toBe(expected);
    await f(`${short} 4 bytes`);
    await f(`${short} 6 bytes`, frame(0, 1, "rest").subarray(0, 11));
    const long = Buffer.concat([HELLO, frame(1, 4, Buffer.concat([Buffer.of(0x88, 0x0f, 0x0d, 2), Buffer.from("99")])), frame(0, 0, "half")]);
    expect(await run(replies(Buffer.concat([long, reset(0)])))).toBe(`${short} 4 bytes`);
    await f(`${short} 4 bytes`, reset(8));
    await f("down protocol HTTP/2 failed: Session closed with error code 2", goaway);
    expect(await run((socket) => void socket.once("data", () => socket.write(half, () => socket.resetAndDestroy())))).toMatch(/^down (closed|reset) /);
    for (const more of [[], [reset(0)], [reset(8)], [goaway]]) expect(await run(replies(Buffer.concat([half, frame(0, 1, "rest"), ...more])))).toBe("up ok HTTP 200 OK");
    expect(await run(replies(Buffer.concat([half, frame(0, 1, "")])))).toBe("up ok HTTP 200 OK");
    expect(await run(replies(Buffer.concat([HELLO, frame(1, 5, Buffer.of(0x88))])))).toBe("up ok HTTP 200 OK");
    expect(await run(replies(Buffer.concat([HELLO, head])))).toBe(`${short} 0 bytes`);
  });
  it("survives any frames", async () => {
    let reply: Uint8Array = Buffer.alloc(0);
    const server = await rawServer((socket) => replies(reply)(socket));
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.nat(255), fc.nat(3), fc.uint8Array({ maxLength: 60 }), async (type, flags, stream, payload) => {
        const frame = Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload]);
        reply = Buffer.concat([HELLO, frame]);
        const outcome = await http.run(http.options.parse({ url: `http://127.0.0.1:${server.port}/`, http2: true }), probeContext({ deadlineMs: 10_000 }));
        expect(["ok", "closed", "protocol", "reset"]).toContain(outcome.code);
      }),
      { numRuns: 100 },
    );
  });
});

it("leaves nothing behind after a thousand runs against servers that hang", async () => {
  const server = await rawServer(() => {});
  const resources = (): string => JSON.stringify(process.getActiveResourcesInfo().filter((kind) => kind !== "Timeout").toSorted());
  const kinds = [{}, { http2: true }, { url: `https://127.0.0.1:${server.port}/` }].map((more) => http.options.parse({ url: `http://127.0.0.1:${server.port}/`, ...more }));
  const once = async (index: number): Promise<void> => {
    const controller = new AbortController();
    const running = http.run(kinds[index % 3] ?? http.options.parse({}), probeContext({ signal: controller.signal }));
    setImmediate(() => setImmediate(() => controller.abort()));
    expect((await running).code).toBe("timeout");
  };
  const rounds = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: 50 }, (_, index) => once(index)));
    await server.idle();
  };
  await rounds(100);
  const before = resources();
  await rounds(1000);
  await expect.poll(resources, { timeout: 20_000 }).toBe(before);
});
