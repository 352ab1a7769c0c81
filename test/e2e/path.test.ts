import { beforeAll, describe, expect, test } from "vitest";
import type { IncidentStory } from "../../src/api/types.ts";
import { need } from "../servers/ground.ts";
import { chain, namespaceObstacle, type Space } from "../servers/namespaces.ts";
import { Place } from "./world.ts";

const obstacle = need("iproute2", "nftables") ?? namespaceObstacle();
if (obstacle !== null) process.stderr.write(`the way to a check that fails: ${obstacle}\n`);

const TARGET = "10.77.3.2";

describe.skipIf(obstacle !== null)(`the way to a check that fails${obstacle === null ? "" : ` (${obstacle})`}`, () => {
  let spaces: readonly Space[];
  beforeAll(async () => {
    spaces = await chain(5);
  });
  const space = (index: number): Space => {
    const found = spaces[index];
    if (found === undefined) throw new Error("no space");
    return found;
  };
  /** Times that a router said that a packet had no hops left. */
  const expired = (router: Space): number => Number(/IcmpOutTimeExcds\s+(\d+)/.exec(router.do("nstat", "-asz", "IcmpOutTimeExcds"))?.[1] ?? 0);

  test("stands in its incident with the hop that broke, beside the last good one", async () => {
    const place = new Place({
      channels: { ops: { type: "log" } },
      defaults: { every: "300ms", timeout: "2s", notify: ["ops"], icmp: { count: 1, wait: "200ms" } },
      checks: {
        // told before a trace can be there, and after
        soon: { type: "icmp", host: TARGET, failAfter: 1 },
        patient: { type: "icmp", host: TARGET, failAfter: 10 },
        untraced: { type: "icmp", host: TARGET, failAfter: 1, tracing: "off" },
      },
    });
    place.by = ["ip", "netns", "exec", space(0).name];
    await place.start();
    await Promise.all(["soon", "patient", "untraced"].map((name) => place.becomes(name, "up")));
    await place.until("the good way was traced", () => expired(space(3)) > 0);
    for (let runs = 0; runs < 3; runs++) await place.runsAgain("soon");
    space(2).do("nft", "add", "table", "inet", "t");
    space(2).do("nft", "add", "chain", "inet", "t", "forward", "{ type filter hook forward priority 0; policy drop; }");

    const evidence = async (name: string): Promise<IncidentStory["evidence"] | null> => {
      const [incident] = await place.incidents(name);
      return incident === undefined ? null : (await place.json<IncidentStory>(`/api/v1/incidents/${incident.id}`)).evidence;
    };
    for (const name of ["soon", "patient"]) {
      const found = await place.until(`${name} has its trace`, async () => {
        const parts = await evidence(name);
        return parts?.some(({ label }) => label === "trace") === true ? parts : null;
      });
      expect(found.map(({ label }) => label.replace(/,.*/, "")), name).toEqual(["ping", "trace", "last good trace"]);
      expect(found[1]?.text.split("\n", 1)[0]).toBe(`to ${TARGET}: broken behind hop 2, 10.77.1.2; 10.77.2.2 came next`);
      expect(found[1]?.text.split("\n").slice(1).map((line) => line.split(" ")[1])).toEqual(["10.77.0.2", "10.77.1.2"]);
      expect(found[2]?.text.split("\n").map((line) => line.split(" ")[1])).toEqual(["10.77.0.2", "10.77.1.2", "10.77.2.2", TARGET]);
    }
    expect((await evidence("untraced"))?.map(({ label }) => label)).toEqual(["ping"]);
    space(2).do("nft", "flush", "ruleset");
    await place.becomes("soon", "up");
    expect((await place.stop()).exit).toBe(0);
  });
});
