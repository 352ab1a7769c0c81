import { domainToASCII } from "node:url";
import { z } from "zod";
import { DEFAULT_TLS, family, host, port, secret, sourceAddress, type TlsSettings, tlsSettings } from "./options.ts";

/** When a plain conversation turns to TLS: it must, it does when the server offers it, or it never does. */
export type Starttls = "required" | "optional" | "off";

/** Options of every server that keeps or takes mail, without its port's default: spread them into a strict object. */
export const serverOptions = () => ({
  host: host().describe("Host name or address of the server"),
  port: port().nullable().default(null).describe("TCP port; by default the protocol's own, with `tls` the one for TLS"),
  tls: z
    .union([z.boolean(), tlsSettings()])
    .transform((value): TlsSettings | null => (value === false ? null : value === true ? DEFAULT_TLS : value))
    .default(null)
    .describe("TLS from the first byte, or with starttls its settings: true, or {verify, ca, servername, minVersion, cert, key}")
    .meta({ source: "RFC 8314" }),
  starttls: z
    .enum(["required", "optional", "off"])
    .nullable()
    .default(null)
    .describe("Turn to TLS after a plain beginning: required, optional (when offered) or off; by default off with `tls`, required with `user`, else optional")
    .meta({ source: "RFC 3207, RFC 9051, RFC 2595" }),
  user: z.string().min(1).nullable().default(null).describe("User name to log in with; without it nobody logs in"),
  password: secret().nullable().default(null).describe("Password to log in with"),
  family: family(),
  source: sourceAddress(),
});

/** What `serverOptions` gives. */
export interface MailServer {
  readonly host: string;
  readonly port: number | null;
  readonly tls: TlsSettings | null;
  readonly starttls: Starttls | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly family: 4 | 6 | "any";
  readonly source: string | null;
}

/** How TLS is to be spoken: settings of the first byte's TLS or null, and what is done about STARTTLS with which settings. */
export interface Security {
  readonly implicit: TlsSettings | null;
  readonly starttls: Starttls;
  readonly settings: TlsSettings;
}

/** The options of TLS with their defaults worked out. */
export function securityOf({ tls, starttls, user }: Pick<MailServer, "tls" | "starttls" | "user">): Security {
  const settings = tls ?? DEFAULT_TLS;
  if (starttls === null) return tls !== null ? { implicit: tls, starttls: "off", settings } : { implicit: null, starttls: user === null ? "optional" : "required", settings };
  return { implicit: starttls === "off" ? tls : null, starttls, settings };
}

/** The port given, or one of the protocol's two. */
export function portOf(server: Pick<MailServer, "port" | "tls" | "starttls" | "user">, ports: { readonly plain: number; readonly tls: number }): number {
  return server.port ?? (securityOf(server).implicit === null ? ports.plain : ports.tls);
}

/** `host:port` of a server, with brackets around an IPv6 address. */
export function targetOf(server: MailServer, ports: { readonly plain: number; readonly tls: number }): string {
  return `${server.host.includes(":") ? `[${server.host}]` : server.host}:${portOf(server, ports)}`;
}

type Problem = { readonly path: readonly string[]; readonly wrong: string; readonly right: string } | null;

/** As `serverProblem`; besides, RFC 1939 knows no other end of an argument than the end of the line. */
export function pop3Problem(server: MailServer, hidden = false): Problem {
  const name = (["user", "password"] as const).find((field) => /\p{Cc}/u.test(server[field] ?? ""));
  if (name !== undefined) return { path: [name], wrong: "POP3 cannot send control characters", right: "leave them out; a file with the password must end after it" };
  return serverProblem(server, hidden);
}

/** What is wrong with a server's options together, for a probe's `check`. `hidden`: the password does not go over the line as it is. */
export function serverProblem(server: MailServer, hidden = false): Problem {
  const { user, password, starttls } = server;
  if ((user === null) !== (password === null)) {
    const missing = user === null ? "user" : "password";
    return { path: [missing], wrong: `a login needs both \`user\` and \`password\`, and \`${missing}\` is missing`, right: "write both, or neither" };
  }
  if (user === null || starttls !== "optional" || hidden) return null;
  return { path: ["starttls"], wrong: "with `optional` the password would be sent in plain to a server that offers no TLS", right: "write `required`, or `off` to send it in plain" };
}

/** A mail address as it stands in an envelope; its domain is written with A-labels, so international ones are allowed. */
export const mailAddress = () =>
  z.string().transform((text, ctx): string => {
    const [, local = "", domain = ""] = /^<?([^\s<>@\p{Cc}]+|"[^"\\\p{Cc}]*")@([^\s<>@]+)>?$/u.exec(text.trim()) ?? [];
    const ascii = domain.startsWith("[") ? domain : domainToASCII(domain);
    // oxlint-disable-next-line no-control-regex
    if (local !== "" && ascii !== "" && /^[\x20-\x7e]+$/.test(local) && local.length <= 64 && ascii.length <= 255) return `${local}@${ascii}`;
    ctx.addIssue({ code: "custom", message: `\`${text}\` is no mail address`, params: { right: "write it as name@example.com, the name in ASCII" } });
    return z.NEVER;
  });

/** As `mailAddress`, or `<>` for the null sender, which comes out as an empty text. */
export const senderAddress = () => z.union([z.literal(["", "<>"]).transform(() => ""), mailAddress()]);

/** The name that this machine calls itself in HELO, EHLO and LHLO. */
export const helo = () =>
  z
    .string()
    .regex(/^(\[[0-9A-Za-z:.]+\]|[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?)$/, "write a host name, or an address in brackets")
    .nullable()
    .default(null)
    .describe("Name that Tocsin calls itself: a host name, or an address in brackets; by default the address of the connection, [192.0.2.1]")
    .meta({ source: "RFC 5321, section 4.1.4" });
