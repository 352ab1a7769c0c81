// `npm start`: from a fresh clone to a running monitor. Plain JavaScript for Node 20 and newer, with nothing installed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildPage, installPackages } from "./install.js";
import { become, findRuntime, launch, newEnough, root, say } from "./runtime.js";

const args = process.argv.slice(2);
const namesConfiguration = args.some((arg) => /\.(ya?ml|json)$/.test(arg) || arg === "--from" || arg.startsWith("--from="));

if (!installPackages()) process.exitCode = 1;
else {
  // Without its page Tocsin still monitors.
  if (!buildPage()) say("going on without the page");
  const runtime = newEnough() ? process.execPath : findRuntime();
  if (runtime === null) await launch([]);
  else {
    if (!namesConfiguration && !existsSync("tocsin.yaml")) await become(runtime, [join(root, "bin/tocsin"), "init"]);
    if (process.exitCode === undefined || process.exitCode === 0) {
      if (newEnough()) await launch(["run", ...args]);
      else await become(runtime, [join(root, "bin/tocsin"), "run", ...args]);
    }
  }
}
