import type { Files } from "../../sys/ports.ts";
import { loadSite } from "../load.ts";
import { formatProblem } from "../problems.ts";
import type { CheckDefinition, Site } from "../site.ts";
import { channels, probes } from "./registry.ts";

/** Files that lie in memory, by path. */
export function folder(texts: { readonly [path: string]: string }, exposed = false): Files {
  return {
    read: (path) => Promise.resolve(texts[path] === undefined ? { kind: "failed", sentence: "there is no such file" } : { kind: "read", text: texts[path] }),
    list(path) {
      const names = Object.keys(texts).filter((name) => name.startsWith(path === "." ? "" : `${path}/`) && !name.slice(path === "." ? 0 : path.length + 1).includes("/"));
      return Promise.resolve(names.length === 0 ? null : names.map((name) => name.split("/").at(-1) ?? "").sort());
    },
    exposed: () => Promise.resolve(exposed),
  };
}

type Texts = string | { readonly [path: string]: string };

/** What lint prints for a main file `/t/tocsin.yaml` (or several files); warnings too. */
export async function lint(texts: Texts, environment: { readonly [name: string]: string } = {}, exposed = false): Promise<readonly string[]> {
  const loading = await load(texts, environment, exposed);
  return (loading.kind === "loaded" ? loading.warnings : loading.problems).map((problem) => formatProblem(problem).replaceAll("/t/", ""));
}

export function load(texts: Texts, environment: { readonly [name: string]: string } = {}, exposed = false): ReturnType<typeof loadSite> {
  const files = folder(typeof texts === "string" ? { "/t/tocsin.yaml": texts } : texts, exposed);
  return loadSite({ path: "/t/tocsin.yaml", files, environment, probes, channels });
}

/** The site; throws what lint would print when there is none. */
export async function site(texts: Texts, environment: { readonly [name: string]: string } = {}): Promise<Site> {
  const loading = await load(texts, environment);
  if (loading.kind === "broken") throw new Error(loading.problems.map(formatProblem).join("\n"));
  return loading.site;
}

/** One check of a site. */
export async function check(name: string, texts: Texts): Promise<CheckDefinition> {
  const found = (await site(texts)).checks.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
}
