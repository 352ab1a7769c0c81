import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { temperature } from "../../src/probes/temperature.ts";
import { atEnd, describeWith, freePort, temporaryFolder } from "./ground.ts";
import { leaks } from "./leak.ts";
import { drips, rawServer, replies } from "./raw.ts";
import { SNMP_PASSWORDS, type Snmpd, startSnmpd } from "./snmpd.ts";
import { stage } from "./stage.ts";

const { ask, line, against } = stage(temperature);
const ENTITY = "1.3.6.1.2.1.99.1.1.1";
const LM = "1.3.6.1.4.1.2021.13.16.2.1.3";
const APC_PROBES = "1.3.6.1.4.1.318.1.1.10.2.3.2.1";
const OWN = "1.3.6.1.4.1.99999";

/** A row of entPhySensorTable: type, scale, precision, value, status. */
const row = (index: number, values: readonly number[]) => Object.fromEntries(values.map((value, column) => [`${ENTITY}.${column + 1}.${index}`, ["integer", String(value)]] as const));
const SENSORS = {
  ...row(1, [8, 9, 1, 235, 1]),
  ...row(2, [8, 8, 0, 41_250, 1]),
  ...row(3, [8, 9, -2, 30, 1]),
  ...row(4, [10, 9, 0, 2000, 1]),
  ...row(5, [8, 9, 0, 20, 2]),
  ...row(6, [8, 9, 12, 20, 1]),
  [`${LM}.1`]: ["gauge", "52500"],
  [`${LM}.2`]: ["gauge", "49000"],
  "1.3.6.1.2.1.33.1.2.7.0": ["integer", "27"],
  "1.3.6.1.4.1.318.1.1.1.2.2.2.0": ["gauge", "31"],
  [`${APC_PROBES}.4.1`]: ["integer", "77"],
  [`${APC_PROBES}.5.1`]: ["integer", "2"],
  [`${APC_PROBES}.4.2`]: ["integer", "25"],
  [`${APC_PROBES}.5.2`]: ["integer", "1"],
  [`${OWN}.1`]: ["string", "74.3 °F"],
  [`${OWN}.2`]: ["integer", "235"],
  [`${OWN}.3`]: ["string", "23.5"],
  [`${OWN}.4`]: ["string", "sensor lost"],
  [`${OWN}.5`]: ["integer", "-9999"],
} as const;

describeWith(["snmpd"], "temperature against Net-SNMP", () => {
  let agent: Snmpd;
  beforeAll(async () => {
    agent = await startSnmpd(temporaryFolder(), SENSORS);
  });
  const said = (options: object, context = {}): Promise<string> => line({ via: "snmp", port: agent.port, ...options }, context);
  const is = (celsius: number): string => `up ok the temperature of 127.0.0.1 is ${celsius} °C`;

  it("reads ENTITY-SENSOR-MIB by its scale and precision", async () => {
    const entity = (sensor: number): Promise<string> => said({ preset: "entity", sensor });
    expect([await entity(1), await entity(2), await entity(3)]).toEqual([is(23.5), is(41.3), is(30)]);
    expect((await ask({ via: "snmp", port: agent.port, preset: "entity", sensor: 2 })).facts).toEqual({ temperature: 41.25, address: "127.0.0.1" });
    expect(await entity(4)).toBe("down mismatch the sensor of 127.0.0.1 measures no degrees Celsius (rpm)");
    expect(await entity(5)).toBe("down mismatch the sensor of 127.0.0.1 is unavailable");
    expect(await entity(6)).toBe("down mismatch the sensor of 127.0.0.1 has scale 9 and precision 12, which RFC 3433 does not know");
    expect(await entity(7)).toBe(`down mismatch 127.0.0.1 has no such sensor: noSuchObject (${ENTITY}.1.7)`);
  });

  it("reads power supplies, their probes, and lm-sensors", async () => {
    expect(await said({ preset: "lm-sensors", sensor: 2 })).toBe(is(49));
    expect(await said({ preset: "ups" })).toBe(is(27));
    expect(await said({ preset: "apc" })).toBe(is(31));
    expect(await said({ preset: "apc-probe", sensor: 1 })).toBe(is(25));
    expect(await said({ preset: "apc-probe", sensor: 2 })).toBe(is(25));
  });

  it("reads any object, as number or text, by its own unit", async () => {
    expect(await said({ oid: `${OWN}.1` })).toBe(is(23.5));
    expect(await said({ oid: `${OWN}.2`, scale: 0.1 })).toBe(is(23.5));
    expect(await said({ oid: `${OWN}.3`, version: 3, user: "sha256", authProtocol: "sha256", ...SNMP_PASSWORDS })).toBe(is(23.5));
    expect(await said({ oid: `${OWN}.2`, scale: 0.1, unit: "F" })).toBe(is(-4.7));
    expect(await said({ oid: `${OWN}.4` })).toBe("down mismatch the sensor of 127.0.0.1 says `sensor lost`, which is no temperature");
    expect(await said({ oid: `${OWN}.5` })).toBe("down mismatch the sensor of 127.0.0.1 is out of order: it says -9999 °C");
  });

  it("fails above the limit, and until it is well below it again", async () => {
    expect(await said({ preset: "lm-sensors", sensor: 1 })).toBe("down mismatch the temperature of 127.0.0.1 is 52.5 °C, more than 50 °C");
    expect(await said({ preset: "lm-sensors", sensor: 2 }, { failing: true })).toBe("down mismatch the temperature of 127.0.0.1 is 49 °C, not yet below 48 °C again");
    expect(await said({ preset: "lm-sensors", sensor: 2, hysteresis: 0.5 }, { failing: true })).toBe(is(49));
  });

  it("tells an agent that refuses, is silent or gone", async () => {
    expect(await said({ preset: "ups", version: 3, user: "nobody" })).toBe(`down auth 127.0.0.1 port ${agent.port} is there, but knows no user nobody (unknownUserNames)`);
    expect(await said({ preset: "ups", community: "wrong" }, { deadlineMs: 300 })).toMatch(/^down timeout .* silent as well when the community is wrong/);
    await agent.stop();
    expect(await said({ preset: "ups" })).toBe(`down refused 127.0.0.1 port ${agent.port} refused the connection`);
  });
});

/** What a Comet web sensor serves, over a real HTTP server of this process: Debian has no such sensor. */
describe("temperature by Comet's web sensor", () => {
  const document = (all: string): string => `<?xml version="1.0" encoding="utf-8"?><event><all>${all}</all></event>`;
  const answers: { [path: string]: (response: ServerResponse) => void } = {};
  let port = 0;
  beforeAll(async () => {
    const server = createServer((request, response) => (answers[`${request.method} ${request.url}`] ?? ((other: ServerResponse) => void other.writeHead(404).end()))(response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
    atEnd(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  });
  const web = async (text: string | Uint8Array, options: object = {}, context = {}): Promise<string> => {
    answers["GET /event.xml"] = (response) => void response.writeHead(200, { "content-type": "text/xml" }).end(text);
    return line({ via: "web", port, ...options }, context);
  };
  const is = (celsius: number): string => `up ok the temperature of 127.0.0.1 is ${celsius} °C`;

  it("reads the channel, in Celsius or Fahrenheit", async () => {
    expect(await web(document("<vs1>23.4°C</vs1><vs2>45.2 %RH</vs2><vs3>12.1°C</vs3>"))).toBe(is(23.4));
    expect(await web(document("<vs1>23.4°C</vs1><vs2>45.2 %RH</vs2><vs3>-12.1°C</vs3>"), { sensor: 3 })).toBe(is(-12.1));
    expect(await web(document("<vs1> 74.3 °F</vs1>"))).toBe(is(23.5));
    expect(await web(Buffer.from(document("<vs1>23.4°C</vs1>").replace("utf-8", "iso-8859-1"), "latin1"))).toBe(is(23.4));
    const outcome = await ask({ via: "web", port });
    expect(outcome).toMatchObject({ facts: { temperature: 23.4, address: "127.0.0.1" }, evidence: [{ label: "sent", text: expect.stringMatching(/^GET \/event\.xml HTTP\/1\.1\r\n/) as string }, { label: "received" }] });
    expect(Object.keys(outcome.phases)).toEqual(["connect", "firstByte", "transfer"]);
  });

  it("fails above the limit, and until it is well below it again", async () => {
    expect(await web(document("<vs1>50.1°C</vs1>"))).toBe("down mismatch the temperature of 127.0.0.1 is 50.1 °C, more than 50 °C");
    expect(await web(document("<vs1>48.0°C</vs1>"), {}, { failing: true })).toBe("down mismatch the temperature of 127.0.0.1 is 48 °C, not yet below 48 °C again");
    expect(await web(document("<vs1>47.9°C</vs1>"), {}, { failing: true })).toBe(is(47.9));
  });

  it("tells what is no temperature", async () => {
    expect(await web(document("<vs1>45.2 %RH</vs1>"))).toBe("down mismatch channel 1 of 127.0.0.1 says `45.2 %RH`, which is no temperature");
    expect(await web(document("<vs1>23.4</vs1>"))).toBe("down mismatch channel 1 of 127.0.0.1 says `23.4`, which is no temperature");
    expect(await web(document("<vs1>Error 1</vs1>"))).toBe("down mismatch channel 1 of 127.0.0.1 says `Error 1`, which is no temperature");
    expect(await web(document("<vs1>-9999°C</vs1>"))).toBe("down mismatch the sensor of 127.0.0.1 is out of order: it says -9999 °C");
    expect(await web(document("<vs1>23.4°C</vs1>"), { sensor: 2 })).toBe("down mismatch 127.0.0.1 has no channel 2 (all/vs2 in event.xml)");
    expect(await web("<html><body>It works!</html>")).toBe("down protocol 127.0.0.1 sent a document that is no XML");
    expect(await web("")).toBe("down protocol 127.0.0.1 sent an empty document");
    expect(await web(`${document("")}${" ".repeat(20_000)}`)).toBe("down too-large 127.0.0.1 sent more than 16384 octets");
    delete answers["GET /event.xml"];
    expect(await line({ via: "web", port })).toBe("down status 127.0.0.1 answers with HTTP 404 Not Found");
  });

  it("tells what goes wrong on the way", async () => {
    const free = await freePort();
    const via = { via: "web" };
    expect(await line({ ...via, port: free })).toBe(`down refused 127.0.0.1 port ${free} refused the connection`);
    expect(await line({ ...via, port: free, host: "nowhere.invalid" }, { resolvers: [`127.0.0.1:${free}`] })).toMatch(/^(unknown resolver|down unresolvable) /);
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<event>";
    expect(await against(() => {}, via, { deadlineMs: 150 })).toMatch(/^down timeout /);
    expect(await against(replies(head, { close: false }), via, { deadlineMs: 300 })).toMatch(/^down timeout /);
    expect(await against(replies(head), via)).toMatch(/^down (closed|protocol) /);
    expect(await against((socket) => void socket.end("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), via)).toMatch(/^down protocol /);
    const whole = Buffer.from(document("<vs1>23.4°C</vs1>"));
    const server = await rawServer(drips(Buffer.concat([Buffer.from(`HTTP/1.0 200 OK\r\nContent-Length: ${whole.length}\r\n\r\n`), whole])));
    expect(await line({ ...via, port: server.port })).toBe(is(23.4));
    expect(await leaks({ run: (at, ctx) => temperature.run(temperature.options.parse({ via: "web", host: "127.0.0.1", port: at }), ctx) })).toEqual({ left: [], codes: ["timeout"] });
  });
});
