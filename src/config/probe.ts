import { z } from "zod";
import { secret } from "../dial/options.ts";
import { split } from "./channels.ts";
import { filledOf } from "./defaults.ts";
import { type Around, readDraft } from "./draft.ts";
import { CHECK_KEYS } from "./keys.ts";
import { type Layer, type Mapping, overlay, validate } from "./layers.ts";
import type { Membership } from "./members.ts";
import type { ProbeAccess, ProbeModule } from "./site.ts";
import { type Document, isMapping } from "./sources.ts";
import { sampleTarget, TARGET_TYPES } from "./target.ts";

const network = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], { error: "this is no network" }).meta({ unit: "network (`192.0.2.0/24`)" });

/** As those of push addresses: nobody guesses it. */
const TOKEN_MIN = 20;

export const probeSchema = z.strictObject({
  modules: z.record(z.string(), z.unknown()).describe("What may be asked, by name: type, options, `expect` and `timeout` of a check, without its target."),
  networks: z.array(network).describe("Networks and addresses that targets may have.").meta({ default: "any but link-local ones, with a `token`; else none" }).optional(),
  token: secret().min(TOKEN_MIN, `a token has at least ${TOKEN_MIN} characters`).describe(`Bearer token that must come with each request, at least ${TOKEN_MIN} characters.`).meta({ default: "none" }).optional(),
});

/** What a module may say of a check besides options. */
const OF_CHECK: ReadonlySet<string> = new Set(["type", "description", "timeout", "expect"]);
const NOBODY: Membership = { members: new Map(), groups: new Map(), turn: new Set(), defaultsOf: () => [] };

/** Reads `probe` of the main file; what is wrong with its form is told with the other settings. Null when it is not there. */
export function readProbeAccess(main: Document | undefined, around: Around): ProbeAccess | null {
  const { written, filled } = { written: main?.written["probe"], filled: main?.filled["probe"] };
  if (!isMapping(written) || !isMapping(filled)) return null;
  const layer: Layer = { document: 0, path: ["probe"], written, filled };
  const read = validate(probeSchema, overlay([filled]), () => overlay([written]), []);
  if (read.kind === "wrong") return null;
  const { modules, networks = [], token = null } = read.value;
  if (token !== null) around.report.secrets.add(token);
  if (token === null && networks.length === 0) around.report.warn([layer], [], "`GET /probe` answers nobody yet", "write `token`, or `networks` that may be asked, or both", "key");
  const inWritten = isMapping(written["modules"]) ? written["modules"] : {};
  const found = Object.entries(modules).flatMap(([name, module]) => readModule(name, module, inWritten[name], around) ?? []);
  return { modules: found, networks, token };
}

function readModule(name: string, filled: unknown, written: unknown, around: Around): ProbeModule | null {
  const path = ["probe", "modules", name];
  const { report } = around;
  if (!isMapping(filled) || !isMapping(written)) {
    report.add({ severity: "error", document: 0, path, at: "key", wrong: `\`${name}\` is no mapping`, right: "write its keys below it, beginning with `type:`" });
    return null;
  }
  const own: Layer = { document: 0, path, written, filled };
  const type = typeof filled["type"] === "string" ? filled["type"] : "";
  const sample = sampleTarget(type);
  if (sample === null) {
    report.error([own], ["type"], type === "" ? "`type` is missing" : `a check of type \`${type}\` takes no target`, `write one of ${TARGET_TYPES.join(", ")}`);
    return null;
  }
  const common = Object.keys(filled).find((key) => Object.hasOwn(CHECK_KEYS, key) && !OF_CHECK.has(key));
  if (common !== undefined) report.error([own], [common], `a module has no \`${common}\``, "remove it: it is asked when somebody wants it, and judged by whoever asks", "key");
  const target = Object.keys(sample).find((key) => filled[key] !== undefined);
  if (target !== undefined) report.error([own], [target], `\`${target}\` comes with the request`, "remove it", "key");
  const draft = readDraft({ ...own, name, written: { ...written, ...sample }, filled: { ...filled, ...sample } }, { ...around, site: null, membership: NOBODY });
  if (draft === null) return null;
  const { options } = split(filledOf(draft.layers), CHECK_KEYS);
  const rest: Mapping = Object.fromEntries(Object.entries(options).filter(([key]) => !Object.hasOwn(sample, key)));
  return { name, type, options: rest, timeoutMs: draft.keys.timeout ?? null, expect: draft.expect };
}
