import { describe, expect, it } from "vitest";
import { nameOfAddress } from "../../src/dial/reverse.ts";
import { probeContext } from "./context.ts";
import { describeWith, freePort, temporaryFolder } from "./ground.ts";
import { startUnbound } from "./unbound.ts";

const nibbles = (address: string): string => `${address.split("").toReversed().join(".")}.ip6.arpa.`;

describeWith(["unbound"], "names of addresses against Unbound", () => {
  it("finds names, and none", async () => {
    const records = ["7.2.0.192.in-addr.arpa. 300 IN PTR router.example.net.", `${nibbles("20010db8000000000000000000000007")} 300 IN PTR router6.example.net.`, "9.2.0.192.in-addr.arpa. 300 IN CNAME 9.rev.srv.test.", "9.rev.srv.test. 300 IN PTR alias.example.net."];
    const { port } = await startUnbound(temporaryFolder(), {}, records);
    const name = (ip: string) => nameOfAddress(ip, probeContext({ resolvers: [`127.0.0.1:${port}`] }));
    expect(await name("192.0.2.7")).toBe("router.example.net");
    expect(await name("2001:db8::7")).toBe("router6.example.net");
    expect(await name("192.0.2.8")).toBeNull();
    expect(await name("nonsense")).toBeNull();
  });
});

describe("names of addresses without a resolver", () => {
  it("ends at its deadline", async () => {
    const port = await freePort();
    expect(await nameOfAddress("192.0.2.7", probeContext({ deadlineMs: 200, resolvers: [`127.0.0.1:${port}`] }))).toBeNull();
  });
});
