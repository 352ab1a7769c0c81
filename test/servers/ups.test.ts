import { beforeAll, describe, expect, it } from "vitest";
import { ups } from "../../src/probes/ups.ts";
import { describeWith, temporaryFolder } from "./ground.ts";
import { type Nut, startNut } from "./nut.ts";
import { drips } from "./raw.ts";
import { itKnowsFaults, stage } from "./stage.ts";

const { ask, line, against } = stage(ups);
const patience = { timeout: 20_000 };

describeWith(["nut-server"], "ups against NUT", () => {
  let nut: Nut;
  const dummy = (more: object = {}): Promise<string> => line({ port: nut.port, ups: "dummy", ...more });
  beforeAll(async () => {
    nut = await startNut(temporaryFolder());
  });

  it("tells the state of the UPS over both families", async () => {
    expect(await dummy()).toBe("up ok dummy is on line (OL)");
    expect(await dummy({ host: "::1" })).toBe("up ok dummy is on line (OL)");
    const outcome = await ask({ port: nut.port, ups: "dummy" });
    expect(outcome.facts).toEqual({ address: "127.0.0.1", status: "OL", charge: 97, runtime: 1800, batteryVoltage: 13.4, load: 23, temperature: 31.5, voltage: 231, model: "Tocsin Dummy 700" });
    expect(outcome.evidence).toMatchObject([{ label: "sent", text: "LIST VAR dummy\nLOGOUT\n" }, { label: "received" }]);
  });

  it("tells what it is fed by", async () => {
    const f = async (words: string, expected: string, more: object = {}): Promise<void> => {
      nut.status(words);
      await expect.poll(() => dummy(more), patience).toBe(expected);
    };
    await f("OL CHRG RB", "degraded warned dummy is replace the battery (RB)");
    await f("OB DISCHRG", "degraded warned dummy is on battery (OB)");
    await f("OB DISCHRG", "down status dummy is on battery (OB)", { downOn: ["OB", "RB"] });
    await f("OB DISCHRG LB", "down status dummy is low battery (LB)");
    await f("FSD OL", "down status dummy is shutting down (FSD)");
    await f("OL CHRG", "up ok dummy is on line (OL), charging (CHRG)");
  });

  it("knows no other UPS", async () => expect(await line({ port: nut.port })).toBe("down mismatch the server knows no UPS called ups"));

  it("tells a driver that is gone, and a server that is gone", async () => {
    await nut.driver.stop();
    await expect.poll(() => dummy(), patience).toBe("down status the driver of dummy does not run (DRIVER-NOT-CONNECTED)");
    await nut.server.stop();
    expect(await dummy()).toBe(`down refused 127.0.0.1 port ${nut.port} refused the connection`);
  });
});

describe("ups against faults", () => {
  itKnowsFaults(ups, { half: (socket) => void socket.write("BEGIN LIST VAR ups\n"), endless: { octets: 'VAR ups a "b', line: /^down too-large .* sent (a line of more than 8192 bytes|more than 64 KiB)$/ } });
  const says = (answer: string) => drips(Buffer.from(`${answer}OK Goodbye\n`));
  const listed = (...lines: readonly string[]) => says(["BEGIN LIST VAR ups", ...lines, "END LIST VAR ups", ""].join("\n"));
  it("reads an answer byte by byte", async () => expect(await against(listed('VAR ups ups.status "OL"', 'VAR ups battery.charge "n/a"'))).toBe("up ok ups is on line (OL)"));
  it("tells a status that says nothing", async () => {
    expect(await against(listed('VAR ups battery.charge "97"'))).toBe("down status ups tells no status");
    expect(await against(listed('VAR ups ups.status "WAIT"'))).toBe("down status ups does not tell how it is fed: WAIT");
  });
  it("tells what a server refuses", async () => {
    expect(await against(says("ERR DATA-STALE\n"))).toBe("down status the driver of ups has lost its UPS (DATA-STALE)");
    expect(await against(says("ERR ACCESS-DENIED\n"))).toMatch(/^down auth /);
    expect(await against(says('VAR ups ups.status "OL"\n'))).toBe('down protocol the server does not speak the protocol of NUT: VAR ups ups.status "OL"');
  });
});
