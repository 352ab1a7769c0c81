/** The serialization protocol of Redis, version 2 (redis.io, "Redis serialization protocol specification"): the part that PING, AUTH, INFO and QUIT need. */

/** The first line of a reply; a bulk text of `length` bytes and CR LF follows, null when there is none. */
export type RespHead =
  | { readonly kind: "simple"; readonly text: string }
  | { readonly kind: "error"; readonly word: string; readonly text: string }
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "bulk"; readonly length: number | null }
  | { readonly kind: "bad" };

/** Longer than any INFO; what a text may be is at most 512 MiB. */
export const RESP_BULK_MAX = 60_000;

/** One line of a reply, without its CR LF. */
export function parseRespHead(line: string): RespHead {
  const rest = line.slice(1);
  switch (line[0]) {
    case "+":
      return { kind: "simple", text: rest };
    case "-":
      return { kind: "error", word: /^[A-Z]*/.exec(rest)?.[0] ?? "", text: rest };
    case ":":
      return /^[+-]?\d{1,15}$/.test(rest) ? { kind: "integer", value: Number(rest) } : { kind: "bad" };
    case "$":
      if (rest === "-1") return { kind: "bulk", length: null };
      return /^\d{1,10}$/.test(rest) ? { kind: "bulk", length: Number(rest) } : { kind: "bad" };
    default:
      return { kind: "bad" };
  }
}

/** A command as an array of bulk texts, safe for any byte in its words. */
export function encodeResp(words: readonly string[]): Uint8Array {
  return Buffer.from(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
}

/** The lines `name:value` of INFO, without its headings. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return line.startsWith("#") || colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

/** A line such as `slave0:ip=192.0.2.1,port=6379,state=online,offset=14,lag=1`, the part behind the colon. */
export interface ReplicaLine {
  readonly state: string;
  /** Bytes of the stream that it has confirmed. */
  readonly offset: number;
  /** Seconds since it confirmed. */
  readonly lagS: number;
}

/** The replicas that a master's INFO names. */
export function parseReplicas(info: ReadonlyMap<string, string>): readonly ReplicaLine[] {
  return [...info].flatMap(([name, value]) => {
    if (!/^slave\d+$/.test(name)) return [];
    const fields = new Map(value.split(",").map((pair): [string, string] => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]));
    const [offset, lagS] = [Number(fields.get("offset")), Number(fields.get("lag"))];
    return Number.isFinite(offset) && Number.isFinite(lagS) ? [{ state: fields.get("state") ?? "", offset, lagS }] : [];
  });
}
