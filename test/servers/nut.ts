import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type RunningServer, freePort, startServer } from "./ground.ts";

export interface Nut {
  readonly port: number;
  readonly server: RunningServer;
  readonly driver: RunningServer;
  /** Has the UPS tell these status words; the driver looks every second. */
  status(words: string): void;
}

/** upsd on 127.0.0.1 and ::1 with one UPS, `dummy`, whose driver reads a file. Debian's /usr/sbin/upsd is a wrapper that wants /etc/nut. */
export async function startNut(parent: string): Promise<Nut> {
  const port = await freePort();
  const folder = join(parent, `nut-${port}`);
  const state = join(folder, "state");
  mkdirSync(state, { recursive: true, mode: 0o770 });
  const device = join(folder, "dummy.dev");
  const status = (words: string): void => {
    const values = [`ups.status: ${words}`, "ups.mfr: Tocsin", "ups.model: Dummy 700", "battery.charge: 97", "battery.runtime: 1800", "battery.voltage: 13.4", "ups.load: 23", "ups.temperature: 31.5", "input.voltage: 231.0", "TIMER 1"];
    writeFileSync(`${device}.new`, `${values.join("\n")}\n`);
    renameSync(`${device}.new`, device);
  };
  status("OL");
  writeFileSync(join(folder, "ups.conf"), `[dummy]\n driver = dummy-ups\n port = ${device}\n mode = dummy-loop\n desc = "a UPS of the tests"\n`);
  writeFileSync(join(folder, "upsd.conf"), `LISTEN 127.0.0.1 ${port}\nLISTEN ::1 ${port}\nMAXAGE 15\nSTATEPATH ${state}\n`);
  writeFileSync(join(folder, "upsd.users"), "", { mode: 0o600 });
  writeFileSync(join(folder, "nut.conf"), "MODE=standalone\n");
  const environment = { NUT_CONFPATH: folder, NUT_STATEPATH: state, NUT_ALTPIDPATH: state, NUT_PIDPATH: state };
  const driver = await startServer({ name: "dummy-ups", command: "/lib/nut/dummy-ups", args: ["-a", "dummy", "-u", "root", "-F"], folder, environment, ready: () => Promise.resolve(true) });
  const server = await startServer({ name: "upsd", command: "/lib/nut/upsd", args: ["-u", "root", "-F"], folder, environment, ready: tells(port) });
  return { port, server, driver, status };
}

/** For `ready`: the driver has told the server the first status. */
function tells(port: number): () => Promise<boolean> {
  return () =>
    new Promise((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" }, () => void socket.write("GET VAR dummy ups.status\n"));
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
      socket.once("data", (answer) => {
        resolve(String(answer).includes('"OL"'));
        socket.destroy();
      });
    });
}
