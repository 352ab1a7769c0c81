import { beforeAll, describe, expect, test } from "vitest";
import type { Sending } from "../../src/alert/channels/channel.ts";
import { xmpp } from "../../src/alert/channels/xmpp.ts";
import { tlsSettings } from "../../src/dial/options.ts";
import { type XmppClient, connectXmpp } from "../../src/dial/xmpp-client.ts";
import { realNetwork } from "../../src/sys/real.ts";
import type { XmlElement } from "../../src/wire/xml-stream.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { describeWith, freePort, temporaryFolder } from "../servers/ground.ts";
import { type Prosody, startProsody } from "../servers/prosody.ts";
import { type Wire, startRelay } from "../servers/relay.ts";
import { startUnbound } from "../servers/unbound.ts";
import { channelContext, KEY, message } from "./message.ts";

const ACCOUNTS = ["tocsin", "anna", "bert", "owner"];

describeWith(["openssl", "prosody", "unbound"], "xmpp against Prosody", () => {
  let certificates: Certificates;
  let folder: string;
  let prosody: Prosody;
  /** Offers no TLS, so that a relay can read along. */
  let plain: Prosody;
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    prosody = await startProsody(folder, certificates, { accounts: ACCOUNTS });
    plain = await startProsody(folder, certificates, { tls: false, accounts: ACCOUNTS, hash: "SHA-256" });
  }, 60_000);

  const starttls = (more: object = {}): object => ({ host: "127.0.0.1", port: prosody.c2s, starttls: "required", tls: { ca: certificates.authority }, ...more });
  const bare = (port = plain.c2s, more: object = {}): object => ({ host: "127.0.0.1", port, starttls: "off", ...more });
  const send = (recipient: string, options: object, more: { readonly deadlineMs?: number; readonly text?: string; readonly signal?: AbortSignal } = {}): Promise<Sending> => {
    const { text, ...context } = more;
    const chosen = xmpp.options.parse({ jid: "tocsin@sni.test", password: "tocsinpw", [recipient.includes("@rooms.") ? "rooms" : "to"]: [recipient], ...options });
    const said = message({}, recipient);
    return xmpp.send(chosen, text === undefined ? said : { ...said, text }, channelContext(context));
  };

  /** Somebody who reads. */
  async function person(name: string, port = plain.c2s): Promise<{ readonly client: XmppClient; until(found: (stanza: XmlElement) => boolean): Promise<XmlElement> }> {
    const tls = port === plain.c2s ? { tls: null, starttls: "off" as const } : { tls: tlsSettings().parse({ ca: certificates.authority }), starttls: "required" as const };
    const connected = await connectXmpp({ local: name, domain: "sni.test", password: `${name}pw`, resource: null, host: "127.0.0.1", port, ...tls }, channelContext());
    if (connected.kind === "failed") throw new Error(connected.failure.sentence);
    const { client } = connected;
    const until = async (found: (stanza: XmlElement) => boolean): Promise<XmlElement> => {
      for (;;) {
        const next = await client.next();
        if (next.kind === "failed") throw new Error(next.failure.sentence);
        if (found(next.value)) return next.value;
      }
    };
    return { client, until };
  }
  const isMessage = ({ name, children }: XmlElement): boolean => name === "message" && children.some(({ name }) => name === "body");
  const bodyOf = ({ children }: XmlElement): string => children.find(({ name }) => name === "body")?.text ?? "";

  describe("to an account", () => {
    test("that is present: it reads the text, and whether it is a repeat", async () => {
      const anna = await person("anna", prosody.c2s);
      anna.client.send("<presence/>");
      expect(await send("anna@sni.test", starttls())).toEqual({ kind: "sent", detail: "taken by sni.test" });
      const got = await anna.until(isMessage);
      expect(got).toMatchObject({ attributes: { id: KEY, type: "chat", from: expect.stringMatching(/^tocsin@sni\.test\//) as string }, children: expect.arrayContaining([expect.objectContaining({ name: "origin-id", attributes: { id: KEY } })]) as unknown });
      expect(bodyOf(got)).toBe(message({}, "anna@sni.test").text.trimEnd());
      await anna.client.leave();
    });
    test("that is away: the server keeps it", async () => {
      expect(await send("bert@sni.test", starttls())).toMatchObject({ kind: "sent" });
      const bert = await person("bert", prosody.c2s);
      bert.client.send("<presence/>");
      expect(bodyOf(await bert.until(isMessage))).toMatch(/^▲ DOWN shöp <1>/);
      await bert.client.leave();
    });
    test("a long text in parts, whole and in order", async () => {
      const text = Array.from({ length: 120 }, (_, index) => `${index} ${"<&'>ü".repeat(16)}`).join("\n");
      const anna = await person("anna");
      anna.client.send("<presence/>");
      expect(await send("anna@sni.test", bare(), { text })).toEqual({ kind: "sent", detail: "taken by sni.test in 5 parts" });
      const parts: XmlElement[] = [];
      while (parts.length < 5) parts.push(await anna.until(isMessage));
      expect(parts.map(bodyOf).join("\n")).toBe(text);
      expect(parts.map(({ attributes }) => attributes["id"])).toEqual([KEY, ...[2, 3, 4, 5].map((part) => `${KEY}.${part}`)]);
      await anna.client.leave();
    });
    test("that is unknown: refused", async () => expect(await send("nobody@sni.test", starttls())).toEqual({ kind: "refused", reason: expect.stringMatching(/^nobody@sni\.test: service-unavailable/) as string }));
    test("of a server that cannot be reached: later", async () => {
      expect(await send("anna@nowhere.invalid", bare())).toMatchObject({ kind: "retry", reason: expect.stringMatching(/^(anna@)?nowhere\.invalid: remote-server-/) as string });
    });
    test("over TLS from the first byte", async () => expect(await send("anna@sni.test", { host: "127.0.0.1", port: prosody.directC2s, tls: { ca: certificates.authority } })).toMatchObject({ kind: "sent" }));
    test("with a resource of its own", async () => {
      const anna = await person("anna");
      anna.client.send("<presence/>");
      expect(await send("anna@sni.test", bare(plain.c2s, { resource: "bell" }))).toMatchObject({ kind: "sent" });
      expect((await anna.until(isMessage)).attributes["from"]).toMatch(/^tocsin@sni\.test\/bell-\d{4}$/);
      await anna.client.leave();
    });
  });

  describe("to a room", () => {
    const ROOM = "ops@rooms.sni.test";
    /** Makes a room and stays in it. */
    async function made(room: string, fields: { readonly [name: string]: string } = {}): Promise<Awaited<ReturnType<typeof person>>> {
      const owner = await person("owner");
      owner.client.send(`<presence to='${room}/owner'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
      await owner.until(({ name }) => name === "presence");
      const form = Object.entries(fields).map(([name, value]) => `<field var='muc#roomconfig_${name}'><value>${value}</value></field>`);
      owner.client.send(`<iq to='${room}' type='set' id='made'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>${form.join("")}</x></query></iq>`);
      expect((await owner.until(({ name, attributes }) => name === "iq" && attributes["id"] === "made")).attributes["type"]).toBe("result");
      return owner;
    }
    test("everybody in it reads it, and it is left again", async () => {
      const owner = await made(ROOM);
      expect(await send(ROOM, bare())).toEqual({ kind: "sent", detail: `said in ${ROOM}` });
      const got = await owner.until(isMessage);
      expect(got).toMatchObject({ attributes: { id: KEY, type: "groupchat", from: `${ROOM}/Tocsin` } });
      expect(bodyOf(got)).toMatch(/^▲ DOWN shöp <1>/);
      await owner.until(({ name, attributes }) => name === "presence" && attributes["type"] === "unavailable" && attributes["from"] === `${ROOM}/Tocsin`);
      await owner.client.leave();
    });
    test("that does not exist: refused, and it stays so", async () => {
      expect(await send("typo@rooms.sni.test", bare())).toEqual({ kind: "refused", reason: "typo@rooms.sni.test does not exist, and nobody would read it; make it a persistent room" });
      expect(await send("typo@rooms.sni.test", bare())).toMatchObject({ kind: "refused" });
    });
    test("where another has the name: under another name", async () => {
      const room = "names@rooms.sni.test";
      const owner = await made(room);
      const anna = await person("anna");
      anna.client.send(`<presence to='${room}/Tocsin'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
      await anna.until(({ name, attributes }) => name === "presence" && attributes["from"] === `${room}/Tocsin`);
      expect(await send(room, bare())).toMatchObject({ kind: "sent" });
      expect((await owner.until(isMessage)).attributes["from"]).toMatch(/\/Tocsin \d{4}$/);
      await anna.client.leave();
      await owner.client.leave();
    });
    test("with a password", async () => {
      const room = "secret@rooms.sni.test";
      const owner = await made(room, { passwordprotectedroom: "1", roomsecret: "open sesame" });
      expect(await send(room, bare(plain.c2s, { roomPassword: "open sesame" }))).toMatchObject({ kind: "sent" });
      expect(await send(room, bare())).toEqual({ kind: "refused", reason: expect.stringMatching(/^secret@rooms\.sni\.test: not-authorized/) as string });
      await owner.client.leave();
    });
    test("for members only, or where one may not speak: refused", async () => {
      const members = await made("members@rooms.sni.test", { membersonly: "1" });
      expect(await send("members@rooms.sni.test", bare())).toMatchObject({ kind: "refused", reason: expect.stringMatching(/registration-required/) as string });
      const moderated = await made("moderated@rooms.sni.test", { moderatedroom: "1" });
      expect(await send("moderated@rooms.sni.test", bare())).toMatchObject({ kind: "refused", reason: expect.stringMatching(/forbidden/) as string });
      await Promise.all([members.client.leave(), moderated.client.leave()]);
    });
  });

  describe("login", () => {
    test("a wrong password, an unknown account: refused", async () => {
      expect(await send("anna@sni.test", starttls({ password: "wrong" }))).toEqual({ kind: "refused", reason: expect.stringMatching(/^login of tocsin@sni\.test refused: not-authorized/) as string });
      expect(await send("anna@sni.test", bare(plain.c2s, { jid: "ghost@sni.test" }))).toMatchObject({ kind: "refused", reason: expect.stringMatching(/^login of ghost@sni\.test refused: not-authorized/) as string });
    });
    test("no TLS where it is wanted, a certificate that nobody vouches for, a domain that is not served: later", async () => {
      expect(await send("anna@sni.test", { host: "127.0.0.1", port: plain.c2s })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/does not offer STARTTLS$/) as string });
      expect(await send("anna@sni.test", starttls({ tls: true }))).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/certificate/) as string });
      expect(await send("anna@sni.test", starttls({ jid: "tocsin@gone.test" }))).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/host-unknown/) as string });
    });
    test("the password is never sent in clear", async () => {
      const said: string[] = [];
      const offers = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";
      const relay = await startRelay(plain.c2s, (all, { client }) => {
        said.push(all);
        client.write(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>${offers}`);
        return "stop";
      });
      expect(await send("anna@sni.test", bare(relay.port))).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/offers no login by SCRAM-SHA-256, SCRAM-SHA-1, but by PLAIN$/) as string });
      await relay.idle();
      expect(said.join("")).not.toMatch(/<auth/);
    });
  });

  describe("a connection that breaks", () => {
    const at = (mark: string, then: (wire: Wire) => void) => startRelay(plain.c2s, (said, wire) => (said.includes(mark) ? (then(wire), "stop") : "pass"));
    const cut = ({ client }: Wire): void => void client.destroy();
    const hang = (): void => {};
    const f = async (mark: string, then: (wire: Wire) => void, recipient = "anna@sni.test"): Promise<Sending> => send(recipient, bare((await at(mark, then)).port), { deadlineMs: then === hang ? 1500 : 30_000 });
    test("refused", async () => expect(await send("anna@sni.test", bare(await freePort()))).toMatchObject({ kind: "retry", doubt: false }));
    test("cut at the login: surely not sent", async () => expect(await f("<auth", cut)).toMatchObject({ kind: "retry", doubt: false }));
    test("cut after the message: in doubt", async () => expect(await f("<message", cut)).toMatchObject({ kind: "retry", doubt: true }));
    test("cut on entering the room: surely not sent", async () => expect(await f("<presence", cut, "ops@rooms.sni.test")).toMatchObject({ kind: "retry", doubt: false }));
    test("a hang at the login: surely not sent", async () => expect(await f("<auth", hang)).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/in time$/) as string }));
    test("a hang after the message: in doubt", async () => expect(await f("<message", hang)).toMatchObject({ kind: "retry", doubt: true, reason: expect.stringMatching(/in time$/) as string }));

    const bounced = (error: string) => f("<message", ({ client }) => void client.end(`<message type='error' id='${KEY}' from='anna@sni.test' to='tocsin@sni.test'>${error}</message>`));
    const named = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
    test.each(["remote-server-timeout", "resource-constraint", "remote-server-not-found", "internal-server-error"])("bounced with %s: later", async (condition) => expect(await bounced(`<error type='cancel'><${condition} ${named}/></error>`)).toMatchObject({ kind: "retry", doubt: false, reason: `anna@sni.test: ${condition}` }));
    test.each(["service-unavailable", "item-not-found", "forbidden", "gone"])("bounced with %s: refused", async (condition) => expect(await bounced(`<error type='cancel'><${condition} ${named}/><text ${named}>so it is</text></error>`)).toEqual({ kind: "refused", reason: `anna@sni.test: ${condition}, so it is` }));
    test("bounced with a wish to wait: later", async () => expect(await bounced(`<error type='wait'><service-unavailable ${named}/></error>`)).toMatchObject({ kind: "retry", doubt: false }));
    test("an error of the ping alone says that it arrived, unless its way was at fault", async () => {
      const pinged = (error: string, from = "sni.test") => f("<message", ({ client }) => void client.end(`<iq type='error' id='ping' from='${from}'>${error}</iq>`));
      expect(await pinged(`<error type='cancel'><service-unavailable ${named}/></error>`)).toMatchObject({ kind: "sent" });
      expect(await pinged(`<error type='cancel'><remote-server-timeout ${named}/></error>`)).toMatchObject({ kind: "retry", doubt: true });
      expect(await pinged(`<error type='cancel'><service-unavailable ${named}/></error>`, "somebody@else.test")).toMatchObject({ kind: "retry", doubt: true });
    });
    test("leaves no connection behind", async () => {
      for (const mark of ["<stream", "<auth", "<message"]) {
        const relay = await at(mark, hang);
        expect(await send("anna@sni.test", bare(relay.port), { deadlineMs: 700 })).toMatchObject({ kind: "retry" });
        await relay.idle();
      }
    });
    test("a stream error", async () => expect(await f("<message", ({ client }) => void client.end("<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"))).toMatchObject({ kind: "retry", doubt: true, reason: "the server ended the stream: system-shutdown" }));
  });

  test("places by SRV records: TLS at once or STARTTLS, by priority, and the next where one is dead", async () => {
    const dead = await freePort();
    const f = async (options: object, ...records: readonly string[]): Promise<Sending> => {
      const resolver = await startUnbound(temporaryFolder(), {}, records.map((record) => record.replace("T ", ".srv.test. 300 IN SRV ")));
      const chosen = xmpp.options.parse({ jid: "tocsin@srv.test", password: "tocsinpw", to: ["anna@srv.test"], ...options });
      const context = channelContext();
      return xmpp.send(chosen, message({}, "anna@srv.test"), { ...context, network: realNetwork({ ...context, resolvers: () => [`127.0.0.1:${resolver.port}`] }) });
    };
    const unverified = { tls: { verify: false } };
    const later = { ...unverified, starttls: "required" };
    const taken = { kind: "sent", detail: "taken by srv.test" };
    expect(await f(later, `_xmpp-client._tcpT 20 0 ${prosody.c2s} localhost.`, `_xmpp-client._tcpT 10 0 ${dead} localhost.`)).toEqual(taken);
    expect(await f(unverified, `_xmpps-client._tcpT 0 0 ${prosody.directC2s} localhost.`)).toEqual(taken);
    expect(await f({}, "_xmpp-client._tcpT 0 0 0 .")).toEqual({ kind: "retry", doubt: false, reason: "srv.test serves no XMPP clients, say its SRV records" });
    // Without options both kinds count; the certificate shows which was tried.
    expect(await f({}, `_xmpps-client._tcpT 0 0 ${prosody.directC2s} localhost.`)).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/certificate/) as string });
    expect(await f({})).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/^srv\.test does not exist/) as string });
  });

  test("a server that hangs from the first, and one that is gone: later", async () => {
    const own = await startProsody(folder, certificates, { accounts: [] });
    own.signal("SIGSTOP");
    expect(await send("anna@sni.test", { host: "127.0.0.1", port: own.c2s }, { deadlineMs: 400 })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/in time$/) as string });
    own.signal("SIGCONT");
    await own.stop();
    expect(await send("anna@sni.test", { host: "127.0.0.1", port: own.c2s })).toMatchObject({ kind: "retry", doubt: false, reason: expect.stringMatching(/refused the connection$/) as string });
  });
});
