import type { Sending } from "../../src/alert/channels/channel.ts";

/** `POST https://host/path`, the headers that are the provider's own, and the body (an object: as JSON). */
export type Ask = readonly [line: string, headers: { readonly [name: string]: string }, body: string | object];

/** What the provider's documentation says it answers, and what that means for a message. */
export type Reply = readonly [means: Sending["kind"], status: number, body: string | object, more?: { readonly headers?: { readonly [name: string]: string }; readonly afterMs?: number; readonly doubt?: true }];

/** A provider's exchanges, from its documentation. */
export interface Recording {
  readonly type: string;
  readonly options: object;
  readonly asks: { readonly [event in "outage" | "foreign" | "umlaut" | "warning" | "reminder" | "recovery" | "test" | "digest"]?: Ask };
  readonly replies: readonly Reply[];
  /** The longest text that the provider takes, in characters; of SMS 160. */
  readonly most?: number;
  /** `most` is in bytes. */
  readonly bytes?: true;
}

export const json = (headers: { readonly [name: string]: string } = {}): { readonly [name: string]: string } => ({ "content-type": "application/json", ...headers });
export const form = (headers: { readonly [name: string]: string } = {}): { readonly [name: string]: string } => ({ "content-type": "application/x-www-form-urlencoded", ...headers });
/** `Authorization: Basic`. */
export const basic = (user: string, password: string): { readonly authorization: string } => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });
export const encoded = (fields: { readonly [name: string]: string }): string => new URLSearchParams(fields).toString();
