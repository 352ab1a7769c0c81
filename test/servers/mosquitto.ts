import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { encodeConnect, encodePublish } from "../../src/wire/mqtt.ts";
import type { CertificateFiles } from "./certificates.ts";
import { type RunningServer, freePort, listens, startServer } from "./ground.ts";

export interface Mosquitto extends RunningServer {
  /** For everybody, on 127.0.0.1; `port6` the same on ::1. */
  readonly port: number;
  readonly port6: number;
  readonly tlsPort: number;
  readonly expiredPort: number;
  /** For probe / probepw only, who may read and write below `open/` alone. */
  readonly lockedPort: number;
}

/** Mosquitto, the MQTT broker, with one listener for each case. */
export async function startMosquitto(parent: string, good: CertificateFiles, expired: CertificateFiles): Promise<Mosquitto> {
  const port = await freePort(5);
  const folder = join(parent, `mosquitto-${port}`);
  mkdirSync(folder);
  const passwords = join(folder, "passwords");
  execFileSync("mosquitto_passwd", ["-b", "-c", passwords, "probe", "probepw"], { stdio: "ignore" });
  writeFileSync(join(folder, "acl"), "user probe\ntopic readwrite open/#\n");
  const [port6, tlsPort, expiredPort, lockedPort] = [port + 1, port + 2, port + 3, port + 4];
  const tls = (at: number, { certPath, keyPath }: CertificateFiles): string => `listener ${at} 127.0.0.1\nallow_anonymous true\ncertfile ${certPath}\nkeyfile ${keyPath}\n`;
  const config = `user root
persistence false
per_listener_settings true
log_dest stderr
log_type all
listener ${port} 127.0.0.1
allow_anonymous true
listener ${port6} ::1
allow_anonymous true
${tls(tlsPort, good)}${tls(expiredPort, expired)}listener ${lockedPort} 127.0.0.1
allow_anonymous false
password_file ${passwords}
acl_file ${join(folder, "acl")}
`;
  writeFileSync(join(folder, "mosquitto.conf"), config);
  const running = await startServer({ name: "mosquitto", command: "mosquitto", args: ["-c", join(folder, "mosquitto.conf")], folder, ready: listens(lockedPort) });
  return { ...running, port, port6, tlsPort, expiredPort, lockedPort };
}

/** What a subscriber got: `tst` and `mid` aside, as `mosquitto_sub -F %j` prints it. */
export interface Heard {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: number;
  readonly properties?: { readonly [name: string]: unknown };
}

/** A real subscriber, from when its subscription stands: all that it has heard so far. */
export async function startSubscriber(parent: string, port: number, topic: string): Promise<() => readonly Heard[]> {
  const name = `mosquitto_sub-${topic.replaceAll(/\W/g, "_")}`;
  const log = join(parent, `${name}.log`);
  const ready = async (): Promise<boolean> => existsSync(log) && readFileSync(log, "utf8").includes("Subscribed (mid");
  const running = await startServer({ name, command: "stdbuf", args: ["-oL", "mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", String(port), "-t", topic, "-q", "2", "-d", "-F", "HEARD %j"], folder: parent, ready });
  return () => [...running.log().matchAll(/^HEARD (.*)$/gm)].map(([, json]) => JSON.parse(json ?? "") as Heard);
}

/** Publishes a retained message and waits until the broker has closed the connection. */
export function retain(port: number, topic: string, payload: string): Promise<void> {
  const publish = encodePublish({ version: "3.1.1", topic, payload, retained: true });
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.write(encodeConnect({ version: "3.1.1", clientId: "writer", user: null, password: null, keepAliveS: 0 }));
    socket.once("data", () => socket.end(Buffer.concat([publish, Buffer.from("e000", "hex")])));
    socket.once("close", () => resolve()).once("error", reject);
  });
}
