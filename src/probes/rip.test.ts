import { expect, test } from "vitest";
import { rip } from "./rip.ts";

const parse = (options: object) => rip.options.safeParse({ host: "192.0.2.1", ...options });
const wrong = (options: object): unknown => {
  const parsed = parse(options);
  return parsed.success ? (rip.check?.(parsed.data)?.wrong ?? null) : parsed.error.issues.map(({ message }) => message);
};

test("networks are written as networks", () => {
  expect(parse({ routes: ["192.0.2.0/24", "0.0.0.0/0", "203.0.113.9"] }).data?.routes).toEqual(["192.0.2.0/24", "0.0.0.0/0", "203.0.113.9/32"]);
  for (const bad of ["192.0.2.1/24", "192.0.2.0/33", "192.0.2/24", "2001:db8::/32", "default", "128.0.0.0/0"]) expect(wrong({ routes: [bad] })).toEqual([`\`${bad}\` is no IPv4 network`]);
});

test("authentication has its password", () => {
  expect(wrong({})).toBeNull();
  expect(wrong({ authentication: "md5", password: "secret" })).toBeNull();
  expect(wrong({ authentication: "md5" })).toBe("authentication: md5 needs a password");
  expect(wrong({ password: "secret" })).toBe("there is a password, but no authentication");
  expect(wrong({ authentication: "text", password: "ä".repeat(9) })).toMatch(/longer than 16 octets/);
  expect(wrong({ listen: true, sourcePort: 520 })).toBe("who listens asks from no port");
});
