import { expect, test } from "vitest";
import { ports } from "./ports.ts";

const parse = (options: object) => ports.options.safeParse({ host: "example.com", ...options });
const wrong = (options: object): unknown => {
  const parsed = parse(options);
  return parsed.success ? (ports.check?.(parsed.data)?.wrong ?? null) : parsed.error.issues.map(({ message }) => message);
};
const list = (given: unknown): unknown => {
  const parsed = parse({ ports: given });
  return parsed.success ? parsed.data.ports : wrong({ ports: given });
};

test("ports are numbers and ranges", () => {
  expect(parse({})).toMatchObject({ success: true, data: { ports: [80, 443, 3306], open: [], closed: [], wait: 2000, detect: true } });
  expect(list(22)).toEqual([22]);
  expect(list("22, 80,8000-8003 ")).toEqual([22, 80, 8000, 8001, 8002, 8003]);
  expect(list([443, "80-82", 81, "22,443"])).toEqual([22, 80, 81, 82, 443]);
  expect(list("1-1024")).toHaveLength(1024);
  expect(list([])).toEqual([]);
});

test("what is none", () => {
  const none = (given: unknown, part: string) => expect(list(given)).toEqual([`\`${part}\` is neither a port nor a range of ports`]);
  none("", "");
  none(0, "0");
  none(65_536, "65536");
  none(1.5, "1.5");
  none("http", "http");
  none("22-", "22-");
  none("90-80", "90-80");
  none("-1", "-1");
  none("22,,23", "");
  expect(list("1-1025")).toEqual(["`1-1025` is more than 1024 ports"]);
  expect(list(["1-1024", 2000])).toEqual(["these are 1025 ports, more than 1024"]);
});

test("options together", () => {
  expect(wrong({ open: "22,80", closed: [23] })).toBeNull();
  expect(wrong({ open: "22-24", closed: 23 })).toBe("port 23 must be open and closed at the same time");
  expect(wrong({ ports: "1-1000", open: "2000-2100" })).toBe("these are 1101 ports with those of open and closed, more than 1024");
  expect(wrong({ wait: "5ms" })).toEqual(["no answer comes within less than 10 ms on every network"]);
});
