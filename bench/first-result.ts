import { createServer } from "node:net";
import { STARTER } from "../src/config/starter.ts";
import type { Overview } from "../src/api/types.ts";
import { type Measure, median } from "./figure.ts";
import { memoryMb, withFolder, withTocsin } from "./world.ts";

const TIMES = 3;

/** From the start of `tocsin run` with the configuration that `tocsin init` writes to a result of every check, as the API tells it. */
export const firstResult: Measure = async (say) => {
  const port = await freePort();
  const site = STARTER.replaceAll("2930", String(port));
  const seconds: number[] = [];
  let memory = 0;
  for (let time = 1; time <= TIMES; time++) {
    await withFolder((folder) =>
      withTocsin(folder, site, `127.0.0.1:${port}`, async ({ pid, until }) => {
        seconds.push(await until("/api/v1/overview", (answer) => (answer as Overview).checks.every(({ lastRunAt }) => lastRunAt !== null)));
        memory = memoryMb(pid, "VmRSS");
      }),
    );
    say(`start ${time} of ${TIMES}: ${seconds.at(-1)?.toFixed(2)} s`);
  }
  return [
    { name: "first-result", value: median(seconds), unit: "s", goal: 5 },
    { name: "first-result memory", value: memory, unit: "MB", goal: null },
  ];
};

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}
