import type { RunDoors } from "../cli/doors.ts";
import { realTerminal } from "../cli/terminal.ts";
import { realClock } from "../sys/clock.ts";
import { environment } from "../sys/environment.ts";
import { readVersion } from "./version.ts";

/** The doors of all commands. Rooms are loaded when a command asks for them. */
export function openDoors(): RunDoors {
  const given = environment();
  const terminal = realTerminal(given);
  return {
    terminal,
    version: readVersion(),
    environment: given,
    now: () => realClock().now(),
    async registry() {
      const [{ probes }, { channels }, { providers }] = await Promise.all([import("../probes/index.ts"), import("../alert/channels/index.ts"), import("../alert/providers/index.ts")]);
      return { probes, channels: [...channels, ...providers] };
    },
    async readForeign(path, choice) {
      const { readForeign } = await import("./foreign.ts");
      return readForeign(path, choice);
    },
    async openForeign(path, from, around) {
      const { openForeignConfiguration } = await import("./foreign.ts");
      return openForeignConfiguration(path, from, around);
    },
    async takeOver(imported, folder) {
      const [{ takeOver }, { StoreError }] = await Promise.all([import("./adopt.ts"), import("../store/store.ts")]);
      try {
        return { kind: "taken", ...(await takeOver(imported, folder, realClock().now())) };
      } catch (error) {
        // A bug is none of the history's.
        if (error instanceof TypeError || !(error instanceof Error)) throw error;
        return { kind: "refused", reason: error instanceof StoreError ? error.message : `the history cannot be read to its end: ${error.message}` };
      }
    },
    async setPassword(folder, password) {
      const auth = await import("../api/auth.ts");
      return auth.setPassword(folder, password);
    },
    async run(where) {
      const { runTocsin } = await import("./tocsin.ts");
      return runTocsin({ ...where, environment: given, say: (line) => terminal.out(`${line}\n`) });
    },
    async checkOnce(site, name) {
      const once = await import("./once.ts");
      return once.checkOnce(site, name);
    },
    async backtest(site, folder, since) {
      const [{ backtest }, { StoreError }] = await Promise.all([import("./backtest.ts"), import("../store/store.ts")]);
      try {
        return { kind: "judged", report: await backtest(site, folder, since) };
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return { kind: "refused", reason: error.message };
      }
    },
    async vitals(request) {
      const { runVitals } = await import("./vitals.ts");
      return runVitals(request, terminal, given);
    },
    async notifyOnce(site, name) {
      const once = await import("./once.ts");
      return once.notifyOnce(site, name);
    },
  };
}
