import { z } from "zod";
import { DEFAULT_TLS, family, host, port, secret, sourceAddress, type TlsSettings, tlsSettings } from "./options.ts";

/** Options of a service at one TCP port, plain or under TLS: spread them into a strict object. */
export const serviceOptions = () => ({
  host: host().describe("Host name or address of the server"),
  port: port().nullable().default(null).describe("TCP port; by default the protocol's own"),
  tls: z
    .union([z.boolean(), tlsSettings()])
    .transform((value): TlsSettings | null => (value === false ? null : value === true ? DEFAULT_TLS : value))
    .default(null)
    .describe("Speaks TLS: true, or {verify, ca, servername, minVersion, cert, key}")
    .meta({ source: "RFC 8446" }),
  family: family(),
  source: sourceAddress(),
});

/** A name and a password to log in with, null without. */
export const credentials = () => ({
  user: z.string().min(1).max(500).nullable().default(null).describe("User name to log in with; without it nobody logs in"),
  password: secret().nullable().default(null).describe("Password to log in with"),
});

/** `host:port`, with brackets around an IPv6 address. */
export const endpoint = (host: string, port: number): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** What the facts of a service's connection mean. */
export const connectionFacts = {
  address: { about: "The address that answered" },
  "certificate.days": { unit: "days", about: "With TLS: whole days until the first certificate of the chain expires" },
  "certificate.names": { about: "With TLS: names the certificate is for" },
  "tls.protocol": { about: "With TLS: TLSv1.2 or TLSv1.3" },
} as const;
