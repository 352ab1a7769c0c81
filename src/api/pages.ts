import { readFile, readdir, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { safeHeaders } from "./respond.ts";

/** The built page. Only files found in the folder beforehand are ever opened, so a path cannot lead out of it. */

const TYPES: { readonly [extension: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
};
/** Vite puts a hash of the content into these files' names. */
const HASHED = /^\/assets\/.*-[\w-]{8,}\.\w+$/;
const FILES_MAX = 1000;
const UNBUILT = "The page of this Tocsin is not built yet.\n\nRun `npm start` in its folder, which builds it, or `npx vite build web`. The API answers all the same: see /api.\n";

interface Folder {
  /** Changes when the page is built anew. */
  readonly stamp: string;
  /** Address -> file on disk. */
  readonly files: ReadonlyMap<string, string>;
}

export class Pages {
  readonly #folder: string;
  #known: Folder | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The file for a path that was decoded once; null when the path is none of the page's. `html`: the asker would take a page. */
  async serve(path: string, accept: string, encodings: string): Promise<Response | null> {
    const folder = await this.#look();
    const found = folder?.files.has(path) === true && path !== "/index.html";
    // Whoever asks for the address itself without saying what it takes (curl, a check of the page) gets the page.
    const page = !found && (accept.includes("text/html") || path === "/");
    if (folder === null) return page ? new Response(UNBUILT, { status: 503, headers: { ...safeHeaders, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } }) : null;
    const address = found ? path : page ? "/index.html" : null;
    return address === null ? null : this.#send(folder, address, encodings);
  }

  async #send(folder: Folder, address: string, encodings: string): Promise<Response | null> {
    const type = TYPES[extname(address)] ?? "application/octet-stream";
    const squeezed = [["br", ".br"], ["gzip", ".gz"]].find(([name = "", suffix = ""]) => new RegExp(`\\b${name}\\b`).test(encodings) && folder.files.has(address + suffix));
    const file = folder.files.get(address + (squeezed?.[1] ?? ""));
    if (file === undefined) return null;
    const cache = HASHED.test(address) ? "public, max-age=31536000, immutable" : "no-cache";
    const headers = { ...safeHeaders, "content-type": type, "cache-control": cache, vary: "accept-encoding", ...(squeezed === undefined ? {} : { "content-encoding": squeezed[0] ?? "" }) };
    try {
      return new Response(new Uint8Array(await readFile(file)), { headers });
    } catch {
      // Built anew between looking and reading: the next request finds the new files.
      this.#known = null;
      return null;
    }
  }

  async #look(): Promise<Folder | null> {
    const facts = await stat(join(this.#folder, "index.html"), { bigint: true }).catch(() => null);
    if (facts === null) return (this.#known = null);
    const stamp = `${facts.ino}-${facts.mtimeNs}`;
    if (this.#known?.stamp === stamp) return this.#known;
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = new Map<string, string>();
    for (const entry of entries.slice(0, FILES_MAX)) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(`/${relative(this.#folder, file).split(sep).join("/")}`, file);
    }
    return (this.#known = { stamp, files });
  }
}
