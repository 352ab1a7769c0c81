import { browser, expiryOf, rabbitmqUrls, web } from "./kuma-http.ts";
import { type Monitor, seconds } from "./kuma-monitor.ts";
import { dns, docker, grpc, mqtt, mysql, postgres, radius, redis, snmp, websocket } from "./kuma-services.ts";
import type { Mapping } from "./values.ts";

/** Of a port Uptime Kuma waits 5 s for an answer. */
const PORT_WAIT = "5s";
const TOKEN_LEAST = 10;
const TOKEN_USUAL = 20;

function port(monitor: Monitor): Mapping | null {
  const to = monitor.hostAndPort(undefined);
  if (to === null || to.port === undefined) return monitor.refuse(to === null ? "it has no host" : "it has no port", "add it");
  const security = monitor.text("smtp_security");
  const alert = monitor.text("expected_tls_alert");
  if (alert !== "" && alert !== "none") monitor.left("expected_tls_alert", "that the server refuses TLS with this alert is not judged: a connection is enough", "");
  const expiry = security === "secure" || security === "starttls" ? expiryOf(monitor, true) : {};
  if (Object.keys(expiry).length === 0) {
    monitor.pass("smtp_security");
    return { type: "tcp", ...to, timeout: PORT_WAIT };
  }
  const tls = { tls: { verify: false } };
  if (security === "starttls") monitor.left("smtp_security", "which protocol turns to TLS is not said: its certificate is not looked at", "add `starttls: smtp`, or imap, pop3, ldap, xmpp, and `tls: true`");
  return security === "starttls" ? { type: "tcp", ...to, timeout: PORT_WAIT } : { type: "tcp", ...to, ...tls, timeout: PORT_WAIT, ...expiry };
}

function ping(monitor: Monitor): Mapping | null {
  const host = monitor.text("hostname");
  if (host === "") return monitor.refuse("it has no host", "add one");
  const count = monitor.number("ping_count") ?? 1;
  const size = monitor.number("packet_size") ?? 56;
  const wait = monitor.number("ping_per_request_timeout") ?? 2;
  monitor.pass("ping_numeric", "timeout");
  const echoes = Math.min(100, Math.max(3, Math.round(count)));
  if (count < 3) monitor.differs("ping_count", "three echoes are sent, of which one must come back; Uptime Kuma goes on sending until one does");
  return { type: "icmp", host, ...(echoes === 3 ? {} : { count: echoes }), ...(size === 56 ? {} : { size: Math.max(0, Math.round(size)) }), ...(wait === 2 ? {} : { wait: seconds(wait) }) };
}

function tailscale(monitor: Monitor): Mapping | null {
  const keys = ping(monitor);
  if (keys !== null) monitor.differs("", "the host is pinged through the tunnel, without the tailscale program");
  return keys;
}

/** A heartbeat that is missing is told when Uptime Kuma would: after the interval, a second, and its retries. */
function push(monitor: Monitor): Mapping | null {
  const token = monitor.text("push_token");
  if (token.length < TOKEN_LEAST || !/^[\w.~-]+$/.test(token)) return monitor.refuse(token === "" ? "it has no token" : "its token could be guessed", "make one with `openssl rand -hex 20`, and tell it to the sender");
  const retries = Math.max(0, monitor.number("maxretries") ?? 0);
  const pause = monitor.number("retry_interval") || monitor.interval;
  if (retries > 0) monitor.differs("maxretries", "a failure that the sender reports is told at once; one that stays away, after the retries");
  if (token.length < TOKEN_USUAL) monitor.differs("push_token", "its token is shorter than is safe for ever; its address goes on working", "make a longer one when the sender can be changed");
  return { type: "push", within: seconds(monitor.interval), grace: seconds(1 + retries * pause), token, ...(token.length < TOKEN_USUAL ? { shortToken: true } : {}), failAfter: 1 };
}

const hosted = (type: string, usual: number | undefined, more: (monitor: Monitor) => Mapping) => (monitor: Monitor): Mapping | null => {
  const to = monitor.hostAndPort(usual);
  if (to === null) return monitor.refuse("it has no host", "add one");
  return { type, host: to.host, ...(to.port === undefined ? {} : { port: to.port }), ...more(monitor) };
};

function mailSecurity(monitor: Monitor): Mapping {
  const verify = monitor.flag("ignore_tls") ? { verify: false } : null;
  switch (monitor.text("smtp_security")) {
    case "secure":
      return { tls: verify ?? true };
    case "starttls":
      return { starttls: "required", ...(verify === null ? {} : { tls: verify }) };
    case "nostarttls":
      return { starttls: "off" };
    default:
      return { starttls: "optional", ...(verify === null ? {} : { tls: verify }) };
  }
}

function clock(monitor: Monitor): Mapping {
  const [stratum, offset, dispersion] = [monitor.number("ntp_stratum_threshold") || 5, monitor.number("ntp_time_offset_threshold") || 1000, monitor.number("ntp_root_dispersion_threshold") || 500];
  return { expect: { stratum: `< ${stratum}`, deviation: `< ${offset}ms`, rootDispersion: `< ${dispersion}ms` } };
}

function systemService(monitor: Monitor): Mapping | null {
  const name = monitor.text("system_service_name");
  if (!/^[\w.@:-]+$/.test(name)) return monitor.refuse("it names no service", "add its name");
  return { type: "script", command: ["/usr/bin/systemctl", "is-active", "--", name], format: "exit" };
}

const none = (why: string, advice: string, ...columns: readonly string[]) => (monitor: Monitor): null => {
  monitor.pass(...columns);
  return monitor.refuse(why, advice);
};

const DATABASE = ["database_connection_string", "database_query", "conditions"];
const GAME = ["hostname", "port", "game", "gamedig_given_port_only", "gamedig_token"];
const KAFKA = ["kafka_producer_topic", "kafka_producer_brokers", "kafka_producer_ssl", "kafka_producer_allow_auto_topic_creation", "kafka_producer_sasl_options", "kafka_producer_message"];

/** The types of Uptime Kuma, 1 and 2, each with what it becomes; null: not taken, with the reason among its remarks. Groups and RabbitMQ's nodes need more than one check. */
export const TYPES: { readonly [type: string]: (monitor: Monitor) => Mapping | null } = {
  http: web,
  keyword: web,
  "json-query": web,
  "real-browser": browser,
  port,
  ping,
  "tailscale-ping": tailscale,
  push,
  dns,
  docker,
  mqtt,
  redis,
  postgres,
  mysql,
  radius,
  snmp,
  "grpc-keyword": grpc,
  "websocket-upgrade": websocket,
  smtp: hosted("smtp", 25, mailSecurity),
  "sip-options": hosted("sip", 5060, () => ({ accept: [] })),
  ntp: hosted("sntp", 123, clock),
  "system-service": systemService,
  manual: none("its state is set by hand", "use a `push` check, whose address takes a state from whoever knows it", "manual_status"),
  pm2: none("it asks PM2 on Uptime Kuma's own host", "use a `script` check with `pm2 jlist`, or have the program send to a `push` check"),
  globalping: none("it asks from other places through a service", "use a check of the protocol itself from here", "hostname", "port", "url", "subtype", "location", "protocol"),
  mongodb: none("there is no check for MongoDB", "use `tcp` with its port, or a `script` check with mongosh", ...DATABASE, "json_path", "expected_value"),
  sqlserver: none("there is no check for SQL Server", "use `tcp` with its port, or a `script` check with sqlcmd", ...DATABASE),
  oracledb: none("there is no check for Oracle", "use `tcp` with its port, or a `script` check with sqlplus", ...DATABASE, "basic_auth_user", "basic_auth_pass"),
  "kafka-producer": none("there is no check that writes to Kafka", "use `tcp` with a broker's port, or a `script` check with kcat", ...KAFKA),
  steam: none("there is no check for game servers", "use `icmp`, or a `script` check with a program that asks the game", ...GAME),
  gamedig: none("there is no check for game servers", "use `icmp`, or a `script` check with a program that asks the game", ...GAME),
};

/** What RabbitMQ's monitor becomes: a check a node. */
export function rabbitmq(monitor: Monitor): readonly Mapping[] {
  const [user, password] = [monitor.exact("rabbitmq_username"), monitor.exact("rabbitmq_password")];
  return rabbitmqUrls(monitor).map((url) => ({ type: "http", url, auth: user === "" ? undefined : { user, password }, timeout: seconds(monitor.timeout), expect: { status: 200 } }));
}
