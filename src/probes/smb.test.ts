import { expect, test } from "vitest";
import { smb } from "./smb.ts";

const parse = (options: object) => smb.options.safeParse({ host: "files.example.com", ...options });
const target = (options: object): string => smb.target(smb.options.parse({ host: "files.example.com", ...options }));

test("the port is the transport's own", () => {
  expect(target({})).toBe("files.example.com:445");
  expect(target({ transport: "netbios" })).toBe("files.example.com:139");
  expect(target({ host: "::1", port: 1445 })).toBe("[::1]:1445");
});

test("SMB1 is spoken only where it is named", () => {
  expect(parse({}).data).toMatchObject({ dialects: ["2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"] });
  expect(parse({ dialects: ["4.0"] }).success).toBe(false);
  expect(parse({ dialects: [] }).success).toBe(false);
});

test("names are NetBIOS names", () => {
  expect(parse({ name: "FILESERVER" }).success).toBe(true);
  expect(parse({ name: "A NAME" }).error?.issues[0]?.message).toBe("this is no NetBIOS name");
  expect(parse({ name: "X".repeat(16) }).success).toBe(false);
});
