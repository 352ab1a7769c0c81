/** How far away a target is: on this host itself, in the local network, or beyond its gateway. */
export type Scope = "host" | "local" | "outside";

/** Networks by RFC 1122 (loopback), 1918 (private) and 3927 (link-local); IPv6 by RFC 4193 and 4291. */
function ofAddress(address: string): Scope | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(address);
  if (parts !== null) {
    const [first, second] = [Number(parts[1]), Number(parts[2])];
    if (first === 127) return "host";
    return first === 10 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168) || (first === 169 && second === 254) ? "local" : "outside";
  }
  if (!address.includes(":")) return null;
  if (/^::ffff:\d+\./.test(address)) return ofAddress(address.slice(7));
  if (/^(0*:)*0*1$/.test(address)) return "host";
  return /^f[cd][0-9a-f]{2}:|^fe[89ab][0-9a-f]:/.test(address) ? "local" : "outside";
}

/** Names of the host itself, and names that no name server outside knows: RFC 6761, 6762, 8375, and what networks at home are called. */
function ofName(name: string): Scope {
  if (name === "localhost" || name.endsWith(".localhost")) return "host";
  return !name.includes(".") || /\.(local|lan|localdomain|home|home\.arpa|internal|intranet|corp|private)$/.test(name) ? "local" : "outside";
}

/** The host in a target's text: `shop.example.com:443`, `[2001:db8::1]:443`, `ldap://10.0.0.1`, `example.com A @192.0.2.1,[::1]:53`. */
function hostsIn(target: string): readonly string[] {
  const asked = target.slice(target.lastIndexOf(" @") + 1).replace(/^@/, "");
  return asked.split(",").map((text) => {
    const [whole = ""] = text.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").split(/[/\s]/);
    const bracketed = /^\[([^\]]*)\]/.exec(whole);
    if (bracketed !== null) return bracketed[1] ?? "";
    return (/^[^:]*:\d+$/.test(whole) ? whole.slice(0, whole.indexOf(":")) : whole).replace(/\.$/, "");
  });
}

/** How far a target is by its text alone; the farthest of several. `this host`, a path or a socket is on this host. */
export function scopeOf(target: string): Scope {
  if (target === "" || target === "this host" || target.startsWith("/") || target.startsWith("unix:")) return "host";
  const scopes = new Set(hostsIn(target.toLowerCase()).map((host) => ofAddress(host) ?? ofName(host)));
  return (["outside", "local", "host"] as const).find((scope) => scopes.has(scope)) ?? "outside";
}
