import { channels } from "../../src/alert/channels/index.ts";
import { providers } from "../../src/alert/providers/index.ts";
import { type Loading, loadSite } from "../../src/config/load.ts";
import { loadForeign } from "../../src/import/foreign.ts";
import type { ForeignDisk } from "../../src/import/open.ts";
import { probes } from "../../src/probes/index.ts";

/** Files by path, for foreign configurations that lie on no disk. */
export type Files = { readonly [path: string]: string | Uint8Array };

/** A disk of these files; a path that others begin with is a folder. */
function diskOf(files: Files): ForeignDisk {
  const folders = new Map<string, Set<string>>();
  for (const path of Object.keys(files)) {
    const parts = path.split("/");
    for (let length = 1; length < parts.length; length += 1) {
      const folder = parts.slice(0, length).join("/");
      folders.set(folder, (folders.get(folder) ?? new Set()).add(parts[length] ?? ""));
    }
  }
  const bytes = new Map(Object.entries(files).map(([path, content]) => [path, typeof content === "string" ? new TextEncoder().encode(content) : content]));
  return {
    async look(path) {
      const names = folders.get(path);
      if (names !== undefined) return { kind: "folder", names: [...names].toSorted() };
      const file = bytes.get(path);
      return file === undefined ? { kind: "missing", sentence: "there is no such file" } : { kind: "file", size: file.length, executable: path.includes("/plugins/") };
    },
    read: async (path, most) => ({ kind: "read", bytes: bytes.get(path)?.subarray(0, most) ?? new Uint8Array() }),
    tables: async () => null,
    absolute: (path) => `/etc/${path}`,
    hostName: "monitor.example.com",
    environment: {},
  };
}

/** What `tocsin run PATH` would make of them. */
export function load(path: string, format: string, files: Files, keepGoing: boolean): Promise<Loading> {
  const none = { read: async () => ({ kind: "failed" as const, sentence: "not here" }), list: async () => null };
  return loadSite({ path, files: none, environment: {}, probes, channels: [...channels, ...providers], foreign: (named) => loadForeign(named, { from: format, keepGoing }, diskOf(files)), keepGoing });
}
