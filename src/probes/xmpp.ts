import { z } from "zod";
import { DEFAULT_TLS, family, host, port, sourceAddress, type TlsSettings, tlsSettings } from "../dial/options.ts";
import { openSession } from "../dial/session.ts";
import { openXmpp, readXmppEnd } from "../dial/xmpp.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const options = z.strictObject({
  domain: host().describe("Domain that the server must serve: example.com; its certificate must be for it"),
  host: host().nullable().default(null).describe("Host name or address to connect to; the domain by default (SRV records are not looked up)"),
  stream: z.enum(["c2s", "s2s"]).default("c2s").describe("c2s: as a client; s2s: as another server"),
  port: port().nullable().default(null).describe("TCP port; 5222 for c2s, 5269 for s2s, with tls 5223 and 5270"),
  tls: z
    .union([z.boolean(), tlsSettings()])
    .transform((value): TlsSettings | null => (value === false ? null : value === true ? DEFAULT_TLS : value))
    .default(null)
    .describe("TLS from the first byte, or with starttls its settings: true, or {verify, ca, servername, minVersion, cert, key}")
    .meta({ source: "XEP-0368" }),
  starttls: z
    .enum(["required", "optional", "off"])
    .nullable()
    .default(null)
    .describe("Turn to TLS after a plain beginning: required, optional (when offered) or off; by default off with `tls`, else required")
    .meta({ source: "RFC 6120, section 5; RFC 7590" }),
  from: host().nullable().default(null).describe("With s2s: our own domain, which some servers want to know before they show what they offer"),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

/** A stream is open when header and features have come, under TLS twice. An exchange of our own: client libraries have no s2s, and reconnect by themselves. */
export const xmpp: Probe<Options> = {
  type: "xmpp",
  about: "Opens a stream to an XMPP server, as a client or as another server, with STARTTLS or TLS from the first byte; nobody logs in",
  source: "RFC 6120, sections 4, 5 and 13.7; RFC 7590; XEP-0368",
  options,
  facts: {
    version: { about: "Version of XMPP that the server speaks: 1.0" },
    starttls: { about: "What the first features say of STARTTLS: no, offered or required" },
    mechanisms: { about: "With c2s: how one may log in, a list, as offered last" },
    address: { about: "The address that answered" },
    "certificate.days": { unit: "days", about: "With TLS: whole days until the first certificate of the chain expires" },
    "tls.protocol": { about: "With TLS: TLSv1.2 or TLSv1.3" },
  },
  host: (chosen) => placeOf(chosen).host,
  target: (chosen) => {
    const { host, port } = placeOf(chosen);
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  },
  check: ({ stream, from }) => (stream === "c2s" && from !== null ? { path: ["from"], wrong: "a client has no domain of its own", right: "leave it out, or write stream: s2s" } : null),
  run,
};

const starttlsOf = ({ starttls, tls }: Options): "required" | "optional" | "off" => starttls ?? (tls === null ? "required" : "off");
const isDirect = (chosen: Options): boolean => chosen.tls !== null && starttlsOf(chosen) === "off";

function placeOf(chosen: Options): { readonly host: string; readonly port: number } {
  const [plain, direct] = chosen.stream === "c2s" ? [5222, 5223] : [5269, 5270];
  return { host: chosen.host ?? chosen.domain, port: chosen.port ?? (isDirect(chosen) ? direct : plain) };
}

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const { family, source, stream, domain, from } = chosen;
  const direct = isDirect(chosen) ? { tls: chosen.tls, alpn: [stream === "c2s" ? "xmpp-client" : "xmpp-server"] } : { tls: null };
  // RFC 6120, section 13.7.2: the certificate is for the domain, whatever the host is called.
  const opened = await openSession({ ...placeOf(chosen), family, source, ...direct, identity: domain }, ctx);
  if (opened.kind === "failed") return opened.failed;
  const { session } = opened;
  const security = { starttls: starttlsOf(chosen), settings: chosen.tls ?? DEFAULT_TLS };
  const open = await openXmpp(session, { stream, domain, from }, security, ({ version, starttls, mechanisms }) => {
    // STARTTLS as the first features have it: those under TLS offer it no more.
    session.facts = { ...session.facts, version, ...("starttls" in session.facts ? {} : { starttls }), mechanisms };
  });
  if (open.kind === "failed") {
    session.dialogue.close();
    return session.failed(open.failure);
  }
  await session.leave("</stream:stream>", () => readXmppEnd(session.dialogue, open.value));
  return { verdict: "up", code: "ok", sentence: `${session.peer} serves ${domain} (${stream}, ${session.secured ? "TLS" : "plain"})`, phases: session.phases, facts: session.facts, evidence: session.evidence };
}
