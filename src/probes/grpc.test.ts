import { expect, test } from "vitest";
import { grpc } from "./grpc.ts";

const parse = (options: object) => grpc.options.safeParse({ host: "api.example.com", ...options });

test("a token is one word, and kept secret", () => {
  expect(parse({ token: "abc.def" }).success).toBe(true);
  expect(parse({ token: "a b" }).error?.issues.map(({ message }) => message)).toEqual(["a token holds no blanks"]);
});

test("the port is the usual one", () => {
  expect(grpc.target(grpc.options.parse({ host: "2001:db8::1" }))).toBe("[2001:db8::1]:50051");
  expect(parse({ tls: true }).data?.tls?.minVersion).toBe("TLSv1.2");
});
