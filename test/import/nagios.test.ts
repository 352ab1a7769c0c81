import { beforeAll, describe, expect, test } from "vitest";
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
echo "PLUGIN OK - secret taken"
`;

asRoot(["postfix", "openssl"], "Nagios's configuration, run as it is", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const folder = temporaryFolder();
    postfix = await startPostfix(folder, (await makeCertificates(folder)).good);
  });

  test("a service is told by its contact's command at max_check_attempts, once, and its end; a secret goes to the plugin", async () => {
    const web = await service();
    const place = new Place("");
    place.config = `${place.folder}/nagios.cfg`;
    place.write("cfg_file=objects.cfg\nresource_file=resource.cfg\ninterval_length=1\n", "nagios.cfg");
    place.write(`$USER1$=${place.folder}\n$USER3$=s3cret word\n`, "resource.cfg");
    place.write(mailer(postfix.plain), "mailer.py");
    place.write(plugin, "plugin.sh");
    place.write(
      `define command {
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
  check_command        tcp!${web.port}
}
define service {
  use                  any
  host_name            here
  service_description  key
  check_command        secret
}
`,
      "objects.cfg",
    );
    await place.start();
    await place.becomes("here web", "up");
    await place.becomes("here key", "up");
    await web.close();
    await place.becomes("here web", "down");
    await place.until("the outage is told", () => postfix.mails().length === 1);
    await web.open();
    await place.becomes("here web", "up");
    const mails = await place.until("its end is told", () => (postfix.mails().length === 2 ? postfix.mails() : null));
    await place.stop();
    expect([...mails].map((mail) => /^Subject: (.*?)\r?$/m.exec(mail)?.[1]).toSorted()).toEqual(["down here web", "recovered here web"]);
    expect([...mails].find((mail) => /^Subject: down/m.test(mail))).toMatch(/refused the connection/);
  });
});
