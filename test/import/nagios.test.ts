import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readForeign } from "../../src/app/foreign.ts";
import { service } from "../e2e/receivers.ts";
import { Place } from "../e2e/world.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { describeWith, temporaryFolder } from "../servers/ground.ts";
import { type Postfix, startPostfix } from "../servers/postfix.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("Nagios against Postfix: skipped: Postfix is started by root only\n");
const asRoot = isRoot ? describeWith : (_: readonly string[], title: string, body: () => void): void => void describe.skip(title, body);

/** Puts standard input into Postfix, as a notification command of Nagios would with another mailer. */
const mailer = (port: number): string => `#!/usr/bin/python3
import smtplib, sys
smtplib.SMTP("127.0.0.1", ${port}).sendmail("nagios@mail.test", [sys.argv[1]], "From: nagios@mail.test\\r\\nSubject: %s %s\\r\\n\\r\\n%s" % (sys.argv[2], sys.argv[3], sys.argv[4]))
`;
const plugin = `#!/bin/sh
[ "$1" = "s3cret word" ] || { echo "PLUGIN UNKNOWN - wrong secret"; exit 3; }
echo "PLUGIN OK - $1 taken"
`;

const objects = (port: number): string => `define command {
  command_name  tcp
  command_line  $USER1$/check_tcp -H $HOSTADDRESS$ -p $ARG1$ -t 2
}
define command {
  command_name  secret
  command_line  /bin/sh $USER1$/plugin.sh '$USER3$'
}
define command {
  command_name  tell
  command_line  /usr/bin/python3 $USER1$/mailer.py $CONTACTEMAIL$ $NOTIFICATIONTYPE$ "$SERVICEDESC$" "$SERVICEOUTPUT$"
}
define contact {
  contact_name                   bob
  email                          probe@mail.test
  host_notification_options      d,r
  service_notification_options   w,u,c,r
  host_notification_commands     tell
  service_notification_commands  tell
}
define service {
  name                   any
  max_check_attempts     3
  check_interval         1
  retry_interval         1
  notification_interval  0
  contacts               bob
  register               0
}
define host {
  host_name           here
  address             127.0.0.1
  max_check_attempts  1
}
define service {
  use                  any
  host_name            here
  service_description  web
  check_command        tcp!${port}
}
define service {
  use                  any
  host_name            here
  service_description  key
  check_command        secret
}
`;

/** 100 hosts in ten groups, 99 services on every one of them: 10,000 checks. */
const crowd = (): string => {
  const hosts = Array.from({ length: 100 }, (_, index) => `define host {\n  host_name  host${index}\n  address  192.0.2.${index}\n  hostgroups  group${index % 10}\n  check_command  tcp!22\n  max_check_attempts  3\n}\n`);
  const groups = Array.from({ length: 10 }, (_, index) => `define hostgroup {\n  hostgroup_name  group${index}\n}\n`);
  const services = Array.from({ length: 99 }, (_, index) => `define service {\n  hostgroup_name  ${index === 0 ? "*" : groups.map((_group, group) => `group${group}`).join(",")}\n  service_description  port ${index + 1000}\n  check_command  tcp!${index + 1000}\n  max_check_attempts  3\n}\n`);
  return ["define command {\n  command_name  tcp\n  command_line  /usr/lib/nagios/plugins/check_tcp -H $HOSTADDRESS$ -p $ARG1$\n}\n", ...hosts, ...groups, ...services].join("");
};

test("10,000 checks come over, each with its host's", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "objects.cfg"), crowd());
  const foreign = await readForeign(join(folder, "objects.cfg"), { from: null, keepGoing: false });
  const checks = Object.entries(foreign?.document["checks"] ?? {});
  expect(checks).toHaveLength(10_000);
  expect(Object.fromEntries(checks)["host99 port 1098"]).toMatchObject({ type: "tcp", host: "192.0.2.99", port: 1098, depends: ["host99"], tags: ["group9"] });
});

asRoot(["postfix", "openssl"], "Nagios's configuration, run as it is", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const folder = temporaryFolder();
    postfix = await startPostfix(folder, (await makeCertificates(folder)).good);
  });

  test("a service is told by its contact's command at max_check_attempts, once, and its end; a secret goes to the plugin and is shown nowhere", async () => {
    const web = await service();
    const place = new Place("");
    place.config = `${place.folder}/nagios.cfg`;
    place.write("cfg_file=objects.cfg\nresource_file=resource.cfg\ninterval_length=1\n", "nagios.cfg");
    place.write(`$USER1$=${place.folder}\n$USER3$=s3cret word\n`, "resource.cfg");
    place.write(mailer(postfix.plain), "mailer.py");
    place.write(plugin, "plugin.sh");
    place.write(objects(web.port), "objects.cfg");
    await place.start();
    await place.becomes("here web", "up");
    expect(await place.becomes("here key", "up")).toMatchObject({ summary: "PLUGIN OK - *** taken" });
    await web.close();
    await place.becomes("here web", "down");
    await place.until("the outage is told", () => postfix.mails().length === 1);
    await web.open();
    await place.becomes("here web", "up");
    const mails = await place.until("its end is told", () => (postfix.mails().length === 2 ? postfix.mails() : null));
    await place.stop();
    expect(mails.map((mail) => String(/^Subject: (.*?)\r?$/m.exec(mail)?.[1])).toSorted()).toEqual(["down here web", "recovered here web"]);
    expect(mails.find((mail) => /^Subject: down/m.test(mail))).toMatch(/refused the connection/);
  });
});
