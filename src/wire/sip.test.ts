import { describe, expect, it } from "vitest";
import { type SipMessage, type SipOptions, contentLength, encodeSipOptions, listedIn, parseSip, parseSipDatagram, retryAfter, strayAnswer } from "./sip.ts";

const REQUEST: SipOptions = { uri: "sip:pbx.test", from: "sip:tocsin@[2001:db8::1]", transport: "TLS", sentBy: "[2001:db8::1]:4000", branch: "z9hG4bKab12", callId: "c0ffee", fromTag: "7a6" };

/** A response made of these lines after its first. */
function response(...lines: readonly string[]): Extract<SipMessage, { kind: "response" }> {
  const message = parseSip(["SIP/2.0 200 OK", ...lines]);
  if (message.kind !== "response") throw new Error(JSON.stringify(message));
  return message;
}

it("writes a request", () => {
  expect(encodeSipOptions(REQUEST)).toBe(
    "OPTIONS sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/TLS [2001:db8::1]:4000;branch=z9hG4bKab12;rport\r\nMax-Forwards: 70\r\nFrom: <sip:tocsin@[2001:db8::1]>;tag=7a6\r\nTo: <sip:pbx.test>\r\nCall-ID: c0ffee\r\nCSeq: 1 OPTIONS\r\n" +
      "Contact: <sip:tocsin@[2001:db8::1]:4000;transport=tls>\r\nAccept: application/sdp\r\nUser-Agent: Tocsin\r\nContent-Length: 0\r\n\r\n",
  );
  expect(encodeSipOptions({ ...REQUEST, transport: "UDP" })).toContain("Contact: <sip:tocsin@[2001:db8::1]:4000>\r\n");
});

describe("messages", () => {
  it("has any case, compact names, blanks before colons and folded fields (RFC 4475, section 3.1.1.1)", () => {
    const { fields } = response("TO :", " sip:a@b ;   tag    = 1", "v: SIP/2.0/UDP a", "Via\t:  SIP/2.0/UDP b", "   ;x=y", "NewHeader: q w e", "L:0");
    expect([...fields]).toEqual([
      ["to", ["sip:a@b ;   tag    = 1"]],
      ["via", ["SIP/2.0/UDP a", "SIP/2.0/UDP b ;x=y"]],
      ["newheader", ["q w e"]],
      ["content-length", ["0"]],
    ]);
  });
  it("tells answers from requests and from anything else", () => {
    const kind = (first: string): string => JSON.stringify({ ...parseSip([first]), fields: undefined });
    expect(kind("SIP/2.0 486 Busy Here")).toBe('{"kind":"response","status":486,"reason":"Busy Here"}');
    expect(kind("sip/2.0 100")).toBe('{"kind":"response","status":100,"reason":""}');
    expect(kind("NOTIFY sip:a@b SIP/2.0")).toBe('{"kind":"request","method":"NOTIFY"}');
    for (const first of ["", "SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 2000 x", "SIP/3.0 200 OK", "HTTP/1.1 200 OK", "GET / HTTP/1.1", "SIP/2.0"]) expect(kind(first)).toMatch(/"bad"/);
    expect(parseSip(["SIP/2.0 200 OK", " folded from nothing"])).toEqual({ kind: "bad", reason: "a line that is no header field" });
    expect(parseSip(["SIP/2.0 200 OK", ": no name"]).kind).toBe("bad");
  });
  it("has the length that it says", () => {
    expect(contentLength(response())).toBe(0);
    expect(contentLength(response("Content-Length: 12", "l: 12"))).toBe(12);
    for (const lines of [["l: 12", "l: 13"], ["l: -1"], ["l: 1e3"], ["l:"], ["l: 65536"], ["l: 99999999999999999999"]]) expect(contentLength(response(...lines))).toBeNull();
  });
});

describe("datagrams", () => {
  const kind = (text: string): string => {
    const message = parseSipDatagram(Buffer.from(text));
    return message.kind === "bad" ? message.reason : message.kind;
  };
  it("counts octets, not signs", () => {
    const head = "SIP/2.0 200 Ça va\r\nl: 4\r\n\r\n";
    expect(kind(`${head}üü`)).toBe("response");
    expect(kind(`${head}ü`)).toBe("an answer cut short, with 2 of the 4 bytes of its body");
    expect(parseSipDatagram(Buffer.from(`${head}four and more`))).toMatchObject({ status: 200, reason: "Ça va" });
  });
  it("needs an end, and has limits", () => {
    expect(kind("SIP/2.0 200 OK\r\nl: 0\r\n")).toBe("something that is no whole SIP message");
    expect(kind("\r\n\r\n")).toBe("nothing but empty lines");
    expect(kind(`SIP/2.0 200 OK\r\n${"a: b\r\n".repeat(300)}\r\n`)).toBe("a message of more than 300 lines");
    expect(kind("SIP/2.0 200 OK\r\nl: x\r\n\r\n")).toBe("an answer whose Content-Length is no length");
  });
});

it("knows its own answer", () => {
  const stray = (via: string, callId: string, cseq: string, ...more: readonly string[]): string | null => strayAnswer(response(`Via: ${via}`, `Call-ID: ${callId}`, `CSeq: ${cseq}`, ...more), REQUEST);
  const via = "SIP / 2.0 / TLS [2001:db8::1]:4000;received=2001:db8::1 ; branch = Z9HG4BKAB12;rport=4000";
  expect(stray(via, "c0ffee", "1 OPTIONS")).toBeNull();
  expect(stray(via, "c0ffee", "0001  OPTIONS")).toBeNull();
  expect(stray(via.replace("12;", "13;"), "c0ffee", "1 OPTIONS")).toMatch(/branch in Via/);
  expect(stray("SIP/2.0/TLS a", "c0ffee", "1 OPTIONS")).toMatch(/branch in Via/);
  expect(stray(via, "C0FFEE", "1 OPTIONS")).toMatch(/Call-ID/);
  expect(stray(via, "c0ffee", "2 OPTIONS")).toMatch(/CSeq/);
  expect(stray(via, "c0ffee", "1 INVITE")).toMatch(/CSeq/);
  expect(stray(`${via}, SIP/2.0/UDP b`, "c0ffee", "1 OPTIONS")).toMatch(/more than one Via/);
  expect(stray(via, "c0ffee", "1 OPTIONS", "v: SIP/2.0/UDP b")).toMatch(/more than one Via/);
  expect(strayAnswer(response(), REQUEST)).toMatch(/branch in Via/);
});

it("reads lists and delays", () => {
  expect(listedIn(response("Allow: INVITE,ACK , ", "allow: BYE"), "allow")).toEqual(["INVITE", "ACK", "BYE"]);
  expect(listedIn(response(), "allow")).toEqual([]);
  expect(listedIn(response(`Allow: ${"A,".repeat(500)}`), "allow")).toHaveLength(100);
  expect(retryAfter(response("Retry-After: 18000;duration=3600"))).toBe(18_000);
  expect(retryAfter(response("Retry-After: 120 (I'm in a meeting)"))).toBe(120);
  expect(retryAfter(response("Retry-After: soon"))).toBeNull();
  expect(retryAfter(response())).toBeNull();
});
