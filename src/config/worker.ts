import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { AnyChannel } from "../alert/channels/channel.ts";
import type { AnyProbe } from "../probes/probe.ts";
import { loadSite } from "./load.ts";
import { diffSite, type Fingerprint } from "./diff.ts";
import type { ForeignReader } from "./foreign.ts";
import { ANY_FORMAT, diskFiles, type ForeignChoice, hashesText, type LoaderData, type LoaderMessage, type PlainFingerprint } from "./loader.ts";
import type { CheckDefinition } from "./site.ts";

/** The loading thread: reads the configuration, sends it in slices, ends. */

const CHECKS_A_MESSAGE = 50;
const PROBLEMS_A_MESSAGE = 500;

/** An export of a module named by address, so that this folder knows neither probes nor channels nor other systems. */
async function exportOf(address: string, name: string): Promise<unknown> {
  const loaded: unknown = await import(address);
  return typeof loaded === "object" && loaded !== null ? (loaded as { readonly [name: string]: unknown })[name] : undefined;
}

async function listOf<Of>(address: string, name: "probes" | "channels" | "providers"): Promise<readonly Of[]> {
  const list = await exportOf(address, name);
  if (!Array.isArray(list)) throw new Error(`${address} exports no list \`${name}\``);
  return list as readonly Of[];
}

/** Reads configurations of other systems; null where they are not asked for. */
async function foreignReader({ modules, foreign = ANY_FORMAT }: LoaderData): Promise<ForeignReader | null> {
  if (modules.foreign === undefined) return null;
  const read = await exportOf(modules.foreign, "readForeign");
  if (typeof read !== "function") throw new Error(`${modules.foreign} exports no function \`readForeign\``);
  return (path) => (read as (path: string, choice: ForeignChoice) => ReturnType<ForeignReader>)(path, foreign);
}

async function run(port: MessagePort, data: LoaderData): Promise<void> {
  // One message at a time: several that wait would be handed over in one go, and hold the other thread.
  const send = async (message: LoaderMessage): Promise<void> => {
    const answered = new Promise((resolve) => port.once("message", resolve));
    port.postMessage(message);
    await answered;
  };
  const [probes, channels] = await Promise.all([listOf<AnyProbe>(data.modules.probes, "probes"), listOf<AnyChannel>(data.modules.channels, "channels")]);
  const foreign = await foreignReader(data);
  const loading = await loadSite({ path: data.path, files: diskFiles(), environment: data.environment, probes, channels, providers: () => listOf<AnyChannel>(data.modules.providers, "providers"), ...(foreign === null ? {} : { foreign }), keepGoing: data.foreign?.keepGoing ?? false, running: (data.previous?.checks.length ?? 0) > 0, ...(data.now === undefined ? {} : { now: data.now }) });
  const problems = loading.kind === "loaded" ? loading.warnings : loading.problems;
  for (let at = 0; at < problems.length; at += PROBLEMS_A_MESSAGE) await send({ kind: "problems", problems: problems.slice(at, at + PROBLEMS_A_MESSAGE) });
  if (loading.kind === "broken") return send({ kind: "broken", files: loading.files });
  const { checks, ...site } = loading.site;
  const known = new Map(data.previous?.checks);
  const news = checks.filter((check) => known.get(check.name) !== hashesText(check.hashes));
  for (let at = 0; at < news.length; at += CHECKS_A_MESSAGE) await send({ kind: "checks", checks: news.slice(at, at + CHECKS_A_MESSAGE) });
  const diff = data.previous === null ? null : diffSite(unfold(data.previous), loading.site);
  return send({ kind: "loaded", site, order: checks.map((check) => check.name), diff });
}

function unfold({ checks, ...rest }: PlainFingerprint): Fingerprint {
  const hashes = (text: string): CheckDefinition["hashes"] => ({ target: text.slice(0, 32), judging: text.slice(32, 64), telling: text.slice(64) });
  return { ...rest, checks: new Map(checks.map(([name, text]) => [name, hashes(text)])) };
}

if (parentPort !== null) {
  await run(parentPort, workerData as LoaderData);
  parentPort.close();
}
