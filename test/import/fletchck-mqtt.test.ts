import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hook } from "../e2e/receivers.ts";
import { Place } from "../e2e/world.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Mosquitto, startMosquitto, startSubscriber } from "../servers/mosquitto.ts";

describeWith(["mosquitto", "mosquitto-clients", "openssl"], "Fletchck's site and Mosquitto, both ways", () => {
  let folder: string;
  let broker: Mosquitto;
  beforeAll(async () => {
    folder = temporaryFolder();
    const { good, expired } = await makeCertificates(folder);
    broker = await startMosquitto(folder, good, expired);
  });

  /** What another Fletchck publishes. */
  const publish = (topic: string, name: string, data: object): void => {
    const told = { threshold: 1, failState: false, failCount: 0, log: [], softFail: null, lastCheck: new Date().toISOString(), lastFail: null, lastPass: null, level: null, ...data };
    execFileSync("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(broker.port), "-q", "1", "-r", "-t", topic, "-m", JSON.stringify({ name, type: "imap", data: told })]);
  };

  test("a check publishes each run retained in Fletchck's form; remote checks follow what others publish, by name, and what this one does", async () => {
    const heard = await startSubscriber(folder, broker.port, "sites/home/#");
    const web = await hook();
    const { port } = web;
    const every = { interval: { seconds: 1 } };
    const site = {
      webui: { host: "127.0.0.1", port: 2930 },
      mqtt: { hostname: "127.0.0.1", port: broker.port, basetopic: "sites/#" },
      checks: {
        web: { type: "https", trigger: every, options: { hostname: "127.0.0.1", port, tls: false }, publish: "sites/home/first" },
        mail: { type: "remote", trigger: every },
        mirror: { type: "remote", remoteId: "web", trigger: every },
      },
    };
    publish("sites/away/box", "other", {});
    publish("sites/away/any/depth", "mail", { failState: true, failCount: 2, log: ["mail.test port 993 refused the connection"] });
    const place = new Place("");
    place.config = join(place.folder, "site.conf");
    place.write(JSON.stringify(site), "site.conf");
    await place.start();
    await place.becomes("mirror", "up");
    await place.until("what the other one says is told", async () => (await place.status()).checks.some(({ name, summary }) => name === "mail" && summary === "mail fails there: mail.test port 993 refused the connection"));
    await web.close();
    await place.becomes("mirror", "down");
    publish("sites/away/any/depth", "mail", { log: ["250 OK"] });
    await place.becomes("mail", "up");
    await web.open(port);
    await place.becomes("mirror", "up");
    await place.stop();
    const states = heard().map(({ topic, qos, retain, payload }) => ({ topic, qos, retain, ...(JSON.parse(payload) as { readonly data: { readonly failState: unknown } }) }));
    const [first] = states;
    expect(first).toMatchObject({ topic: "sites/home/first", qos: 1, name: "web", type: "https", data: { failState: false, failCount: 0, softFail: null } });
    const changes = states.map(({ data }) => data.failState).filter((state, at, all) => state !== all[at - 1]);
    expect(changes).toEqual([false, true, false]);
    const kept = await startSubscriber(folder, broker.port, "sites/home/first");
    await place.until("the broker keeps the last one", () => kept().length > 0);
    expect(kept()[0]).toMatchObject({ retain: 1 });
  });
});
