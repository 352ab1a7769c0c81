import { expect, test } from "vitest";
import { Place, until } from "./world.ts";

test("nobody reads the log any more: it goes on, and ends as it should", async () => {
  const place = new Place({ checks: { idle: { type: "push", within: "1h", token: "idle-idle-idle-idle-idle" } } });
  const { child } = await place.start();
  child.stdout?.destroy();
  child.stderr?.destroy();
  // Each reload logs; with nobody to take them the lines are errors.
  for (let round = 0; round < 5; round += 1) expect((await place.post("/api/v1/reload")).status).toBe(200);
  await until("it is ready", async () => (await place.get("/readyz")).status === 200);
  expect((await place.stop()).exit).toBe(0);
});
