import { type Connmonitor, parseConnmonitor } from "./connmonitor.ts";
import { Draft } from "./draft.ts";
import type { Glimpse, Importer, Origin, Path, Source } from "./importer.ts";

/** Statistics are measured all the time; a check asks at least this far apart. */
const EVERY_MS_MIN = 1000;
/** Echoes that one run may have, how far apart they are, how long the last answer is waited for, and the time that a run has as a rule. */
const ECHOES_MAX = 100;
const ECHO_S = 0.2;
const ANSWER_S = 3;
const TIMEOUT_S = 10;

function addHost(draft: Draft, host: string, origin: Origin, wanted: { readonly ping: { readonly everyMs: number; readonly count: number; readonly size: number } | null; readonly trace: { readonly everyMs: number; readonly hops: number } | null; readonly scan: { readonly everyMs: number } | null }): void {
  const every = (ms: number): string => `${Math.max(EVERY_MS_MIN, ms)}ms`;
  const add = (word: string, ms: number, keys: { readonly [key: string]: unknown }): Path => {
    const name = draft.add("checks", `${host} ${word}`, { ...keys, every: every(ms), notify: [] }, origin);
    if (ms < EVERY_MS_MIN) draft.note("differs", origin, `${host} ${word}`, `every ${ms} ms would be too often for a check: it runs every second`, "`tocsin vitals FILE` measures at the file's own pace", ["checks", name]);
    else draft.note("taken", origin, `${host} ${word}`, "is measured as before", "", ["checks", name]);
    return ["checks", name];
  };
  if (wanted.ping !== null) {
    const { everyMs, count, size } = wanted.ping;
    const echoes = Math.min(ECHOES_MAX, count);
    const takesS = Math.ceil(echoes * ECHO_S + ANSWER_S);
    const path = add("ping", everyMs, { type: "icmp", host, count: echoes, size, ...(takesS > TIMEOUT_S ? { timeout: `${takesS}s` } : {}) });
    if (count > echoes) draft.note("differs", origin, `${host} ping`, `a run has ${ECHOES_MAX} echoes at most, and not ${count}`, "`tocsin vitals FILE` measures as the file says", path);
  }
  if (wanted.trace !== null) add("trace", wanted.trace.everyMs, { type: "trace", host, hops: Math.min(255, wanted.trace.hops) });
  if (wanted.scan !== null) add("scan", wanted.scan.everyMs, { type: "ports", host });
}

function place(input: Connmonitor, path: string, draft: Draft): void {
  for (const host of input.hosts) {
    const origin = { file: path, line: host.line, column: 1 };
    if (input.kind === "rounds") {
      const { pings, payload, hops, scan, sleepMs } = input.rounds;
      addHost(draft, host.host, origin, {
        ping: pings > 0 ? { everyMs: sleepMs, count: pings, size: payload } : null,
        trace: hops > 0 ? { everyMs: sleepMs, hops } : null,
        scan: scan ? { everyMs: sleepMs } : null,
      });
    } else if ("pingMs" in host) {
      addHost(draft, host.host, origin, {
        ping: host.pingMs > 0 && host.pings > 0 ? { everyMs: host.pingMs, count: host.pings, size: host.payload } : null,
        trace: host.traceMs > 0 && host.hops > 0 ? { everyMs: host.traceMs, hops: host.hops } : null,
        scan: host.scanMs > 0 ? { everyMs: host.scanMs } : null,
      });
    }
  }
}

function read(source: Source): ReturnType<Importer["read"]> {
  const { path } = source;
  const nowhere: Origin = { file: path, line: 0, column: 0 };
  const draft = new Draft(nowhere);
  const file = source.files.get(path);
  if (file === undefined) {
    draft.note("refused", nowhere, "", source.missing.get(path) ?? "this is a folder", "name the file");
    return draft.done();
  }
  const parsed = parseConnmonitor(new TextDecoder().decode(file.bytes), path);
  if (parsed.kind === "wrong") for (const { file: where, line, column, wrong, right } of parsed.problems) draft.note("refused", { file: where, line, column }, "", wrong, right);
  const input = parsed.kind === "wrong" ? parsed.good : parsed.input;
  if (input !== null) place(input, path, draft);
  draft.note("ignored", nowhere, "", "connmonitor tells nobody", "import it, and add channels to the tocsin.yaml");
  return draft.done();
}

/** Numbers alone, even if some of the eight are missing. */
const OLD = /^\s*(-?\d+\s+){4,7}-?\d+\s*$/;
/** A host with at least one of the options, slips among them. */
const NEW = /^[^\s=]+(\s+\w+=\S*)*\s+(ping|numpings|payload|trace|hops|scan|json|timestamp)=\S+(\s+\w+=\S*)*$/i;

function recognises({ names, tables, text }: Glimpse): boolean {
  if (names !== null || tables !== null) return false;
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return OLD.test(lines[0] ?? "") || lines.slice(0, 50).some((line) => NEW.test(line.trim()));
}

/** connmonitor: hosts to measure, in the old format and in the new one. */
export const connmonitor: Importer = { format: "connmonitor", about: "A connmonitor file, of the old or the new format", recognises, related: () => [], read };
