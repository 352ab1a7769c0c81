import { expect, test } from "vitest";
import { mqtt } from "./mqtt.ts";

const wrong = (options: object): unknown => mqtt.check?.(mqtt.options.parse({ host: "broker.example.com", ...options }))?.path[0] ?? null;

test("options fit together", () => {
  expect(wrong({})).toBeNull();
  expect(wrong({ topic: "a/#" })).toBeNull();
  expect(wrong({ topic: "a", loop: true })).toBeNull();
  expect(wrong({ password: "x" })).toBe("user");
  expect(wrong({ loop: true })).toBe("topic");
  expect(wrong({ message: "x" })).toBe("topic");
  expect(wrong({ topic: "a/+", message: "x" })).toBe("topic");
  expect(wrong({ topic: "a", message: "x", loop: true })).toBe("loop");
});

test("the port is the protocol's own", () => {
  const target = (options: object): string => mqtt.target(mqtt.options.parse({ host: "2001:db8::1", ...options }));
  expect(target({})).toBe("[2001:db8::1]:1883");
  expect(target({ tls: true })).toBe("[2001:db8::1]:8883");
});
