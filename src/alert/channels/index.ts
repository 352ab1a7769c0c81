import { apprise } from "./apprise.ts";
import type { AnyChannel } from "./channel.ts";
import { email } from "./email.ts";
import { log } from "./log.ts";
import { mqtt } from "./mqtt.ts";
import { script } from "./script.ts";
import { syslog } from "./syslog.ts";
import { webhook } from "./webhook.ts";
import { xmpp } from "./xmpp.ts";

/** Every way to tell somebody that this Tocsin knows. */
export const channels: readonly AnyChannel[] = [email, webhook, script, log, syslog, mqtt, xmpp, apprise];
