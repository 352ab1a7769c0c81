import { dns } from "./dns.ts";
import { dnsSerial } from "./dns-serial.ts";
import { group } from "./group.ts";
import { http } from "./http.ts";
import { icmp } from "./icmp.ts";
import { imap } from "./imap.ts";
import { ldap } from "./ldap.ts";
import { mailflow } from "./mailflow.ts";
import { memcached } from "./memcached.ts";
import { notes } from "./notes.ts";
import { openvpn } from "./openvpn.ts";
import { pop3 } from "./pop3.ts";
import type { AnyProbe } from "./probe.ts";
import { push } from "./push.ts";
import { redis } from "./redis.ts";
import { rip } from "./rip.ts";
import { script } from "./script.ts";
import { smb } from "./smb.ts";
import { smtp } from "./smtp.ts";
import { sntp } from "./sntp.ts";
import { socks5 } from "./socks5.ts";
import { ssh } from "./ssh.ts";
import { tcp } from "./tcp.ts";
import { tls } from "./tls.ts";
import { uptimes } from "./uptimes.ts";
import { xmpp } from "./xmpp.ts";

/** Every probe, in the order in which they are shown. A new one is one line here. */
export const probes: readonly AnyProbe[] = [http, tcp, icmp, dns, script, push, group, dnsSerial, imap, ldap, mailflow, memcached, notes, openvpn, pop3, redis, rip, smb, smtp, sntp, socks5, ssh, tls, uptimes, xmpp];
