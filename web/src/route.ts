/** Which question the page answers. */
export type Route =
  | { readonly view: "now" }
  | { readonly view: "checks" }
  | { readonly view: "check"; readonly name: string }
  | { readonly view: "incidents" }
  | { readonly view: "incident"; readonly id: string }
  | { readonly view: "site" }
  | { readonly view: "act"; readonly token: string; readonly silence: boolean }
  | { readonly view: "lost" };

/** Reads an address's path. */
export function readRoute(path: string): Route {
  const [first = "", second = "", ...more] = path.split("/").filter((part) => part !== "").map(decoded);
  if (first === "do" && second !== "" && (more.length === 0 || more.join("/") === "silence")) return { view: "act", token: second, silence: more.length === 1 };
  if (more.length > 0) return { view: "lost" };
  if (second !== "") {
    if (first === "checks") return { view: "check", name: second };
    if (first === "incidents") return { view: "incident", id: second };
    return { view: "lost" };
  }
  switch (first) {
    case "":
      return { view: "now" };
    case "checks":
    case "incidents":
    case "site":
      return { view: first };
    default:
      return { view: "lost" };
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // not an escape, so it stands for itself
  }
}

export const checkPath = (name: string): string => `/checks/${encodeURIComponent(name)}`;
export const incidentPath = (id: string): string => `/incidents/${encodeURIComponent(id)}`;
