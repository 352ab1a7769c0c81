import { domainToASCII, domainToUnicode } from "node:url";
import { z } from "zod";
import { DEFAULT_TLS, host, port, secret, type TlsSettings, tlsSettings } from "../../dial/options.ts";
import { connectXmpp } from "../../dial/xmpp-client.ts";
import type { Failure } from "../../sys/ports.ts";
import type { Channel, ChannelContext, Sending } from "./channel.ts";
import { tellAccount, tellRoom } from "./xmpp-talk.ts";

/** A bare address (RFC 7622), as servers write it back: small letters, the domain as it is read. */
const jid = () =>
  z.string().transform((text, ctx): string => {
    const [, local = "", domain = ""] = /^([^\s"&'/:<>@\p{Cc}]{1,1023})@([^\s/@<>"'&\p{Cc}]{1,1023})$/u.exec(text.trim()) ?? [];
    const ascii = domain.startsWith("[") ? domain : domainToASCII(domain);
    if (local !== "" && ascii !== "") return `${local.toLowerCase()}@${domainToUnicode(ascii) || ascii}`;
    ctx.addIssue({ code: "custom", message: `\`${text}\` is no address of XMPP`, params: { right: "write name@example.com, without a resource" } });
    return z.NEVER;
  });

const options = z
  .strictObject({
    jid: jid().describe("Account to send from: tocsin@example.com"),
    password: secret().describe("Password of the account"),
    to: z.array(jid()).max(100).default([]).describe("Accounts to tell; each gets a message of its own"),
    rooms: z.array(jid()).max(100).default([]).describe("Chat rooms to tell: they are entered for each message and left again").meta({ source: "XEP-0045" }),
    nick: z.string().min(1).max(100).default("Tocsin").describe("Name in the rooms; when another has it, four digits are added"),
    roomPassword: secret().nullable().default(null).describe("Password of the rooms"),
    resource: z.string().min(1).max(500).nullable().default(null).describe("Resource to take, with random digits added because several messages may go out at once; by default the server chooses"),
    host: host().nullable().default(null).describe("Host name or address to connect to; by default what the SRV records of the account's domain say, else the domain itself").meta({ source: "RFC 6120, section 3.2; XEP-0368" }),
    port: port().nullable().default(null).describe("TCP port; by default that of the SRV records, else 5222, with tls 5223"),
    tls: z
      .union([z.boolean(), tlsSettings()])
      .transform((value): TlsSettings | null => (value === false ? null : value === true ? DEFAULT_TLS : value))
      .default(null)
      .describe("TLS from the first byte, or with starttls its settings: true, or {verify, ca, servername, minVersion, cert, key}")
      .meta({ source: "XEP-0368" }),
    starttls: z.enum(["required", "optional", "off"]).nullable().default(null).describe("Turn to TLS after a plain beginning: required, optional (when offered) or off; by default off with `tls`, else required. Without TLS there is no login but by SCRAM").meta({ source: "RFC 6120, section 5" }),
  })
  .superRefine(({ to, rooms }, ctx) => {
    if (to.length + rooms.length === 0) ctx.addIssue({ code: "custom", path: ["to"], message: "nobody is told", params: { right: "write to: [name@example.com], or rooms: [room@conference.example.com]" } });
    const twice = rooms.find((room) => to.includes(room));
    if (twice !== undefined) ctx.addIssue({ code: "custom", path: ["rooms"], message: `\`${twice}\` is an account in \`to\` and a room in \`rooms\``, params: { right: "name it in one of them" } });
  });
type Options = z.output<typeof options>;

/** Before anything was said: an account that is refused stays so, everything else may pass. */
const unsaid = ({ code, sentence }: Failure): Sending => (code === "auth" ? { kind: "refused", reason: sentence } : { kind: "retry", reason: sentence, doubt: false });

/** Messages to accounts and chat rooms over a connection of its own. The stanza's id and its origin id tell a repeat. */
export const xmpp: Channel<Options> = {
  type: "xmpp",
  about: "Sends XMPP (Jabber) messages to accounts and to chat rooms, from an account of its own",
  source: "RFC 6120, RFC 6121; XEP-0045, XEP-0199, XEP-0359, XEP-0368",
  options,
  recipients: ({ to, rooms }) => [...to, ...rooms],
  send: async (chosen, message, ctx) => {
    const at = chosen.jid.indexOf("@");
    const resource = chosen.resource === null ? null : `${chosen.resource}-${digits(ctx)}`;
    const { host, port, tls, starttls, password } = chosen;
    const connected = await connectXmpp({ local: chosen.jid.slice(0, at), domain: chosen.jid.slice(at + 1), password, resource, host, port, tls, starttls }, ctx);
    if (connected.kind === "failed") return unsaid(connected.failure);
    const { client } = connected;
    const isRoom = chosen.rooms.includes(message.recipient);
    const sending = isRoom ? await tellRoom(client, message, { nick: chosen.nick, other: `${chosen.nick} ${digits(ctx)}`, password: chosen.roomPassword }) : await tellAccount(client, message);
    await client.leave();
    return sending;
  },
};

const digits = (ctx: ChannelContext): string => String(Math.floor(ctx.random.fraction() * 10_000)).padStart(4, "0");
