import { BlockList, isIP } from "node:net";
import type { Address, Clock, Failure, Network, Pinger } from "../sys/ports.ts";

/** Addresses that only the own machine or its host answers to (RFC 3927, RFC 4291): never without being named. */
const LINK_LOCAL = ["169.254.0.0/16", "fe80::/10"];

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const [ip = "", prefix] = text.split("/");
    const family = isIP(ip) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(ip, family);
    else list.addSubnet(ip, Number(prefix), family);
  }
  return list;
}

/** The network as one request may use it: no connection, datagram or echo leaves for an address that is not allowed, whatever led to it. */
export class Fence {
  readonly #allowed: BlockList | null;
  readonly #never = listOf(LINK_LOCAL);
  readonly #inner: Network;
  readonly #clock: Clock;
  readonly network: Network;
  readonly pinger: Pinger;
  /** Of the target: how long its name was looked up, ms, and what came of it. */
  lookup: { readonly ms: number; readonly addresses: readonly Address[] } | null = null;
  #refused: string | null = null;
  #used = false;

  constructor(networks: readonly string[], { network, pinger, clock }: { readonly network: Network; readonly pinger: Pinger; readonly clock: Clock }) {
    this.#allowed = networks.length === 0 ? null : listOf(networks);
    this.#inner = network;
    this.#clock = clock;
    this.network = {
      resolve: async (host, family, signal) => {
        const begun = clock.monotonic();
        const resolution = await network.resolve(host, family, signal);
        this.lookup ??= { ms: this.#clock.monotonic() - begun, addresses: resolution.kind === "resolved" ? resolution.addresses : [] };
        return resolution;
      },
      ...(network.resolvers === undefined ? {} : { resolvers: () => this.#inner.resolvers?.() ?? Promise.resolve([]) }),
      connect: async (options) => this.#refusal(options.ip) ?? network.connect(options),
      datagram: async (ip, ...more) => this.#refusal(ip) ?? network.datagram(ip, ...more),
    };
    this.pinger = {
      ping: async (request) => this.#refusal(request.ip) ?? pinger.ping(request),
      trace: async (request) => this.#refusal(request.ip) ?? pinger.trace(request),
    };
  }

  /** The address that kept the probe from asking anybody; null when it could ask somebody, or did not want to. */
  get refused(): string | null {
    return this.#used ? null : this.#refused;
  }

  #refusal(ip: string): { readonly kind: "failed"; readonly failure: Failure } | null {
    if (this.#allows(ip)) {
      this.#used = true;
      return null;
    }
    this.#refused ??= ip;
    return { kind: "failed", failure: { code: "unreachable", sentence: `${ip} may not be asked` } };
  }

  #allows(ip: string): boolean {
    // The same address, dressed as IPv6.
    const plain = ip.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
    const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
    return isIP(plain) !== 0 && (this.#allowed === null ? !this.#never.check(plain, family) : this.#allowed.check(plain, family));
  }
}
