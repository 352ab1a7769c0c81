import { z } from "zod";
import { tlsSettings, webAddress } from "../../dial/options.ts";

/** Pieces of the options that many providers share. */

/** A key, token or password; it stands in a header, so it is one word of printable ASCII. */
export const token = (about: string) =>
  z
    .string()
    .regex(/^[\u0021-\u007e]+$/, "a key is one word: no spaces, line breaks or letters beyond ASCII")
    .describe(about)
    .meta({ secret: true });

/** A password: it is encoded wherever it stands, so it may hold anything. */
export const password = (about: string) => z.string().min(1).describe(about).meta({ secret: true });

function isWeb(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocols.includes(protocol) && username === "" && password === "";
}

/** An address that the provider made for this purpose; whoever has it can send. */
export const hook = (about: string) => z.string().refine((text) => isWeb(text, ["https:"]), "not an https address without user and password in it; copy it whole from the provider").describe(about).meta({ secret: true });

/** The same from a product that one hosts oneself, perhaps without TLS. */
export const ownHook = (about: string) => z.string().refine((text) => isWeb(text, ["https:", "http:"]), "not a web address without user and password in it; copy it whole: https://HOST/PATH").describe(about).meta({ secret: true });

/** Where a product that one hosts oneself is found; without a slash at its end. */
export const base = (about: string) => webAddress("write them as options of this type, where it has some").transform((url) => url.replace(/\/+$/, "")).describe(about);

/** TLS with a product that one hosts oneself. */
export const tls = () => tlsSettings().prefault({}).describe("Settings of TLS for https");

/** Whom the provider addresses, each with a message of its own. */
export const to = (about: string) => z.array(z.string().trim().min(1).max(200)).min(1).max(100).describe(about);

const numbers = (form: RegExp, about: string) =>
  z
    .array(z.string().trim().regex(form, "write a telephone number with its country: +15550100"))
    .min(1)
    .max(100)
    .describe(`Telephone numbers, ${about}; each gets a message of its own`);

/** Telephone numbers as most gateways want them (E.164). */
export const phones = () => numbers(/^\+\d{3,15}$/, "with + and country");

/** The same where the `+` does not matter, or a telephone of one's own dials: national and short numbers are right there. */
export const plainPhones = () => numbers(/^\+?\d{3,15}$/, "with country");

/** `Authorization: Basic` (RFC 7617). */
export const basic = (user: string, password: string): { readonly authorization: string } => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });

export const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });

/** User and password of a product that one hosts oneself; see `loginsAgree`. */
export const loginOptions = (about: string) => ({ user: z.string().min(1).optional().describe(about), password: password("Password of the user").optional() });

interface Login {
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** For `refine`: half of a login is none, and of two only one would be sent. */
export const loginsAgree: readonly [holds: (login: Login) => boolean, wrong: { readonly path: string[]; readonly message: string }] = [
  ({ token, user, password }) => (user === undefined) === (password === undefined) && (token === undefined || user === undefined),
  { path: ["user"], message: "user and password go together; give both, or a token instead, or none" },
];

/** The header for a token, or for user and password. */
export const loginOf = ({ token, user, password }: Login): { readonly authorization?: string } => (token !== undefined ? bearer(token) : user === undefined || password === undefined ? {} : basic(user, password));

/** A message's key in the form of a UUID, where one is wanted. */
export const uuidOf = (key: string): string => key.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/** An address with a query; what is undefined is left out. */
export function withQuery(address: string, query: { readonly [name: string]: string | undefined }): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.append(name, value);
  return url.href;
}

/** Whom an SMS is from. */
export const sender = (about: string) => z.string().trim().min(1).max(34).describe(about);

/** A number's digits alone, as some gateways want them. */
export const digits = (phone: string): string => phone.replace(/^\+|^00/, "");

/** A mail address alone, without a name. */
export const address = () => z.string().trim().regex(/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/u, "write name@example.com");
