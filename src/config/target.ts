type Keys = { readonly [key: string]: string | number };

/** The options that a target text stands for, by the type of the check. */
export type TargetKeys = { readonly kind: "keys"; readonly keys: Keys } | { readonly kind: "wrong"; readonly wrong: string; readonly right: string };

/** Types that can be pointed at a target from outside. */
export const TARGET_TYPES = ["http", "tcp", "dns", "icmp", "grpc", "websocket"] as const;
/** Of each, some target. */
const SAMPLES: { readonly [type: string]: Keys } = {
  http: { url: "http://target.invalid/" },
  tcp: { host: "target.invalid", port: 1 },
  dns: { server: "target.invalid" },
  icmp: { host: "target.invalid" },
  grpc: { host: "target.invalid" },
  websocket: { url: "ws://target.invalid/" },
};

/** The options that a target of this type stands for, with values that stand for nothing; null for a type that takes none. */
export const sampleTarget = (type: string): Keys | null => (Object.hasOwn(SAMPLES, type) ? (SAMPLES[type] ?? null) : null);

const wrong = (what: string, right: string): TargetKeys => ({ kind: "wrong", wrong: what, right });

/** Host and port of `host:port`, `[address]:port`, or a host alone. */
function hostAndPort(text: string): { readonly host: string; readonly port: number | null } | null {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^[\]\s:/]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? (/^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text) ? text : undefined);
  const port = digits === undefined ? null : Number(digits);
  return host === undefined || (port !== null && (port < 1 || port > 65_535)) ? null : { host, port };
}

/** Reads a target as blackbox_exporter does: an address for http, `host:port` for tcp, the server's for dns. */
export function targetKeys(type: string, target: string): TargetKeys {
  if (target === "" || target.length > 2000) return wrong("the target is missing", "name one: example.com:443");
  switch (type) {
    case "http":
    case "websocket":
      return addressKeys(type, target);
    case "icmp": {
      const found = hostAndPort(target);
      return found === null || found.port !== null ? wrong(`\`${target}\` is no host`, "write a name or an address") : { kind: "keys", keys: { host: found.host } };
    }
    case "tcp": {
      const found = hostAndPort(target);
      return found === null || found.port === null ? wrong(`\`${target}\` is no host with a port`, "write example.com:443") : { kind: "keys", keys: { host: found.host, port: found.port } };
    }
    case "dns": {
      const found = hostAndPort(target);
      return found === null ? wrong(`\`${target}\` is no name server`, "write a name or an address, with a port or without") : { kind: "keys", keys: { server: found.host, ...(found.port === null ? {} : { port: found.port }) } };
    }
    case "grpc":
      return grpcKeys(target);
    default:
      return wrong(`a check of type \`${type}\` takes no target`, `use one of ${TARGET_TYPES.join(", ")}`);
  }
}

function addressKeys(type: "http" | "websocket", target: string): TargetKeys {
  const schemes = type === "http" ? /^https?:\/\//i : /^wss?:\/\//i;
  const url = schemes.test(target) ? target : `${type === "http" ? "http" : "ws"}://${target}`;
  return URL.canParse(url) ? { kind: "keys", keys: { url } } : wrong(`\`${target}\` is no address`, "write it whole: https://www.example.com/");
}

/** A scheme is passed over, as its exporter does: the module says whether TLS is spoken. */
function grpcKeys(target: string): TargetKeys {
  const found = hostAndPort(target.replace(/^https?:\/\//, "").replace(/\/.*$/s, ""));
  return found === null ? wrong(`\`${target}\` is no host with a port`, "write example.com:50051") : { kind: "keys", keys: { host: found.host, ...(found.port === null ? {} : { port: found.port }) } };
}
