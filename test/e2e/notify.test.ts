import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Mosquitto, startMosquitto } from "../servers/mosquitto.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";
import { type Prosody, startProsody } from "../servers/prosody.ts";
import { type Ended, tocsin } from "./world.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("tocsin notify against Postfix, Prosody and Mosquitto: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

asRoot(["mosquitto", "openssl", "postfix", "prosody"], "tocsin notify prints the receiver's own answer", () => {
  let certificates: Certificates;
  let postfix: Postfix;
  let prosody: Prosody;
  let mosquitto: Mosquitto;
  let folder: string;
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    [postfix, prosody, mosquitto] = await Promise.all([
      startPostfix(temporaryFolder(), certificates.good),
      startProsody(temporaryFolder(), certificates, { accounts: ["tocsin", "anna"] }),
      startMosquitto(temporaryFolder(), certificates.good, certificates.expired),
    ]);
    writeFileSync(join(folder, "ca.pem"), certificates.authority);
    const mail = (to: string): object => ({ type: "email", to: [to], from: "tocsin@mail.test", smtp: { host: "localhost", port: postfix.smtp, ca: "${file:ca.pem}" } });
    const jabber = (password: string): object => ({ type: "xmpp", jid: "tocsin@sni.test", password, to: ["anna@sni.test"], host: "127.0.0.1", port: prosody.c2s, starttls: "required", tls: { ca: "${file:ca.pem}" } });
    const broker = (topic: string): object => ({ type: "mqtt", host: "127.0.0.1", port: mosquitto.lockedPort, user: "probe", password: "${env:MQTT_PASSWORD}", topic });
    const channels = { mail: mail("probe@mail.test"), "mail-no": mail("nobody@mail.test"), jabber: jabber("${env:XMPP_PASSWORD}"), "jabber-no": jabber("wrong"), broker: broker("open/alerts"), "broker-no": broker("closed/alerts") };
    writeFileSync(join(folder, "tocsin.yaml"), JSON.stringify({ channels, checks: { self: { type: "tcp", host: "127.0.0.1", port: 9 } } }), { mode: 0o600 });
  }, 60_000);
  const notify = (channel: string): Promise<Ended> => tocsin(["notify", channel], folder, { XMPP_PASSWORD: "tocsinpw", MQTT_PASSWORD: "probepw" });

  test("sent", async () => {
    expect(await notify("mail")).toMatchObject({ exit: 0, out: expect.stringMatching(/^sent over mail: 250 2\.0\.0 Ok: queued as \w+\n$/) as string });
    expect(await notify("jabber")).toMatchObject({ exit: 0, out: "sent over jabber: taken by sni.test\n" });
    expect(await notify("broker")).toMatchObject({ exit: 0, out: `sent over broker: 127.0.0.1 port ${mosquitto.lockedPort} took open/alerts at QoS 1: no matching subscribers\n` });
  });
  test("refused", async () => {
    expect(await notify("mail-no")).toMatchObject({ exit: 2, out: expect.stringMatching(/^refused by mail-no: 550 5\.1\.1 <nobody@mail\.test>/) as string });
    expect(await notify("jabber-no")).toMatchObject({ exit: 2, out: expect.stringMatching(/^refused by jabber-no: login of tocsin@sni\.test refused: not-authorized/) as string });
    expect(await notify("broker-no")).toMatchObject({ exit: 2, out: "refused by broker-no: the broker refused the message to closed/alerts: not authorized (135)\n" });
  });
  test("not now", async () => {
    await Promise.all([postfix.stop(), prosody.stop(), mosquitto.stop()]);
    for (const channel of ["mail", "jabber", "broker"]) expect(await notify(channel)).toMatchObject({ exit: 1, out: expect.stringMatching(new RegExp(`^not sent over ${channel}: .* refused the connection; it may work later\\n$`)) as string });
  });
});
