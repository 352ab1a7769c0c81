import { exchange } from "../dial/http.ts";
import { DEFAULT_TLS } from "../dial/options.ts";
import { printable } from "../dial/outcome.ts";
import { endpoint } from "../dial/service-options.ts";
import { celsiusOf, parseTemperature, readComet } from "../wire/temperature.ts";
import type { ProbeContext } from "./probe.ts";
import type { Taken, TemperatureOptions } from "./temperature.ts";

/** The document has some hundred octets. */
const BODY_MAX = 16_384;
/** Not used: these sensors speak no TLS. */

/** A channel of a Comet web sensor. */
export async function readWeb({ host, port, sensor, family, source }: TemperatureOptions, ctx: ProbeContext): Promise<Taken> {
  const whose = host ?? "";
  const url = new URL(`http://${endpoint(whose, port ?? 80)}/event.xml`);
  const asked = await exchange({ url, method: "GET", headers: {}, body: null, family, source, tls: DEFAULT_TLS, http2: false, proxy: null, bodyLimit: BODY_MAX }, ctx);
  const told = { phases: asked.phases, facts: asked.facts, evidence: { attempts: asked.attempts.join("\n"), sent: asked.sent, received: asked.received } };
  if (asked.kind === "failed") return { kind: "failed", ...asked.failure, ...told };
  const { status, statusText, body, cut } = asked.response;
  if (status !== 200) return { kind: "failed", code: "status", sentence: `${whose} answers with HTTP ${status} ${printable(statusText)}`.trimEnd(), ...told };
  if (cut) return { kind: "failed", code: "too-large", sentence: `${whose} sent more than ${BODY_MAX} octets`, ...told };
  const channel = Number(sensor ?? 1);
  const read = readComet(body, channel);
  if (read.kind === "bad") return { kind: "failed", code: "protocol", sentence: `${whose} sent ${read.reason}`, ...told };
  if (read.text === null) return { kind: "failed", code: "mismatch", sentence: `${whose} has no channel ${channel} (all/vs${channel} in event.xml)`, ...told };
  const written = parseTemperature(read.text);
  if (written?.unit === undefined || written.unit === null) return { kind: "failed", code: "mismatch", sentence: `channel ${channel} of ${whose} says \`${printable(read.text).slice(0, 60)}\`, which is no temperature`, ...told };
  return { kind: "taken", celsius: celsiusOf(written.value, written.unit), whose, ...told };
}
