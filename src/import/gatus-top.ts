import type { Draft } from "./draft.ts";
import { durationOf, some, whole } from "./gatus-words.ts";
import type { NoteKind, Origin, Path, Source } from "./importer.ts";
import { durationText, listOf, mappingOf, textOf, type Mapping } from "./values.ts";

/** What becomes of keys that are about Gatus itself. */
const ABOUT: { readonly [key: string]: readonly [kind: NoteKind, text: string, advice: string] } = {
  metrics: ["differs", "/metrics is there in any case, with names of its own", "see docs/api.md"],
  storage: ["left", "Tocsin keeps what it knows in its data folder; what Gatus kept stays where it is", "`--data` names the folder"],
  security: ["left", "Tocsin has a sign-in of its own", "`tocsin passwd` sets the password; for OpenID Connect put a proxy in front of it"],
  concurrency: ["left", "checks do not wait for each other here", "`limits` in tocsin.yaml bounds them"],
  "disable-monitoring-lock": ["left", "checks do not wait for each other here", ""],
  "skip-invalid-config-update": ["left", "a file that is wrong never takes the place of the one that runs", ""],
  debug: ["ignored", "Gatus does not look at it any more", ""],
  remote: ["later", "checks of other instances are not shown", "open their pages"],
  announcements: ["left", "the page has no announcements", ""],
  tunneling: ["left", "there are no SSH tunnels here", "see the notes on the endpoints that use them"],
};
const READ: ReadonlySet<string> = new Set(["alerting", "endpoints", "external-endpoints", "suites", "maintenance", "ui", "web", "connectivity", ...Object.keys(ABOUT)]);
const SHORTEST_CHECKER_MS = 5000;
const USUAL_CHECKER_MS = 60_000;

/** What stands beside the endpoints: page, name, connectivity. */
export function readTop(site: Mapping, draft: Draft, at: (path: Path) => Origin, absolute: Source["absolute"]): void {
  const ui = mappingOf(site["ui"]);
  const title = some(ui["title"])?.trim() ?? "";
  if (title !== "") draft.put(["name"], title.slice(0, 100), at(["ui", "title"]));
  for (const key of Object.keys(ui)) if (key !== "title") draft.note("left", at(["ui", key]), `ui ${key}`, "it is about the look of Gatus's page", "");
  readWeb(mappingOf(site["web"]), site["web"] !== undefined && site["web"] !== null, draft, at, absolute);
  for (const key of Object.keys(site)) {
    const [kind, text, advice] = Object.hasOwn(ABOUT, key) ? (ABOUT[key] ?? ["left", "", ""]) : ["ignored" as const, "Gatus does not know this key", ""];
    const off = site[key] === null || site[key] === false;
    // Parts that anchors repeat stand under any key.
    if (!off && (!READ.has(key) || Object.hasOwn(ABOUT, key))) draft.note(kind, at([key]), key, text, advice);
  }
}

function readWeb(web: Mapping, said: boolean, draft: Draft, at: (path: Path) => Origin, absolute: Source["absolute"]): void {
  if (!said) return;
  const host = some(web["address"]) ?? "0.0.0.0";
  const port = web["port"] === undefined || web["port"] === null ? 8080 : whole(web["port"]);
  if (port === null || port < 0 || port > 65_535) draft.note("refused", at(["web", "port"]), "web port", `\`${textOf(web["port"])}\` is no port`, "write 8080");
  else draft.put(["listen"], `${host.includes(":") ? `[${host}]` : host}:${port === 0 ? 8080 : port}`, at(["web"]));
  const { "certificate-file": cert, "private-key-file": key } = mappingOf(web["tls"]);
  if (some(cert) !== undefined && some(key) !== undefined) draft.put(["tls"], { cert: absolute(textOf(cert)), key: absolute(textOf(key)) }, at(["web", "tls"]));
  if (web["read-buffer-size"] !== undefined) draft.note("left", at(["web", "read-buffer-size"]), "web read-buffer-size", "header fields may be 16 KiB long", "");
}

/** The checker becomes a check that the others depend on. */
export function readConnectivity(site: Mapping, draft: Draft, at: (path: Path) => Origin): void {
  const path = ["connectivity", "checker"];
  const checker = mappingOf(mappingOf(site["connectivity"])["checker"]);
  if (Object.keys(checker).length === 0) return;
  const target = textOf(checker["target"]);
  const [, host = ""] = /^\[?(.+?)\]?:53$/.exec(target) ?? [];
  const interval = durationOf(checker["interval"]);
  const wrong = interval === "wrong" || (interval !== null && interval !== 0 && interval < SHORTEST_CHECKER_MS);
  if (host === "") draft.note("refused", at([...path, "target"]), "connectivity target", `\`${target}\` does not end with :53`, "write 1.1.1.1:53");
  if (wrong) draft.note("refused", at([...path, "interval"]), "connectivity interval", "it is no duration of 5s or more", "write 60s");
  if (host === "" || wrong) return;
  const everyMs = interval === null || interval === 0 ? USUAL_CHECKER_MS : interval;
  const name = draft.add("checks", "connectivity", { type: "tcp", host, port: 53, ...(everyMs === USUAL_CHECKER_MS ? {} : { every: durationText(everyMs) }), timeout: "5s" }, at(path));
  draft.put(["connectivity"], { gateway: name }, at(path));
  draft.note("differs", at(path), "connectivity", "what is on this host itself is checked meanwhile; what is beyond waits for it", "", ["checks", name]);
}

/** The number of endpoints and suites, without which Gatus does not start. */
export const hasSomething = (site: Mapping): boolean => listOf(site["endpoints"]).length > 0 || listOf(site["suites"]).length > 0;
