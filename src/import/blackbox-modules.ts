import { Around } from "./blackbox-around.ts";
import { type Layout, durationMs } from "./blackbox-files.ts";
import { httpKeys } from "./blackbox-http.ts";
import { dnsKeys, grpcKeys, icmpKeys, tcpKeys, unixKeys, websocketKeys } from "./blackbox-probers.ts";
import type { Draft } from "./draft.ts";
import type { Origin, Source } from "./importer.ts";
import { isMapping, textOf, type Mapping } from "./values.ts";

const PROBERS: { readonly [prober: string]: (values: Mapping, around: Around) => Mapping } = { http: httpKeys, tcp: tcpKeys, icmp: icmpKeys, dns: dnsKeys, grpc: grpcKeys, websocket: websocketKeys, unix: unixKeys };
const ALL = Object.keys(PROBERS);

/** A module: all of a check but its target and its times. */
export interface Module {
  readonly type: string;
  readonly keys: Mapping;
  /** ms; null: as long as Prometheus waits. */
  readonly timeoutMs: number | null;
  readonly origin: Origin;
}

const defined = (keys: Mapping): Mapping => Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));

/** Every module by its name; null for those that could not be taken, which was told, and in place of all when there is no file to read. */
export function modulesOf(source: Source, { modules: file }: Layout, draft: Draft): ReadonlyMap<string, Module | null> | null {
  const found = new Map<string, Module | null>();
  if (file === null || file.broken) return null;
  const top = isMapping(file.value) ? file.value : {};
  for (const key of Object.keys(top)) if (key !== "modules") draft.note("refused", file.at([key]), key, "blackbox_exporter does not know this key", "remove it, or correct its name");
  const all = top["modules"];
  if (!isMapping(all)) {
    draft.note("refused", file.at(["modules"]), "modules", "there are no modules", "write them below `modules:`");
    return found;
  }
  for (const [name, written] of Object.entries(all)) {
    const place = ["modules", name];
    const whole = new Around(source, file, name, place, draft);
    if (!isMapping(written)) {
      whole.refuse("", "this is no mapping", "write its keys below it");
      continue;
    }
    found.set(name, moduleOf(written, whole, new Around(source, file, name, [...place, textOf(written["prober"])], draft)));
  }
  return found;
}

function moduleOf(written: Mapping, top: Around, inside: Around): Module | null {
  const prober = textOf(written["prober"]);
  top.known(written, ["prober", "timeout", ...ALL]);
  const read = Object.hasOwn(PROBERS, prober) ? PROBERS[prober] : undefined;
  if (read === undefined) {
    top.refuse("prober", `\`${prober}\` is no prober`, `write one of ${ALL.join(", ")}`);
    return null;
  }
  for (const other of ALL) if (other !== prober && written[other] !== undefined) top.differs(other, `it is passed over, as the prober is ${prober}`);
  const timeoutMs = written["timeout"] === undefined ? null : durationMs(written["timeout"]);
  if (written["timeout"] !== undefined && timeoutMs === null) top.refuse("timeout", `\`${textOf(written["timeout"])}\` is no duration`, "write 5s");
  const keys = defined(read(top.part(written, prober), inside));
  return top.whole && inside.whole ? { type: prober, keys, timeoutMs: timeoutMs === 0 ? null : timeoutMs, origin: top.origin() } : null;
}
