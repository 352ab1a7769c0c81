import { parsed } from "./kuma-fields.ts";
import { addressOf, headersOf } from "./kuma-http.ts";
import { conditionsOf } from "./kuma-conditions.ts";
import { queryOf } from "./kuma-json.ts";
import { literal, type Monitor, seconds } from "./kuma-monitor.ts";
import type { Mapping } from "./values.ts";

/** A connection string's parts; null when it is no address. */
interface Connection {
  readonly scheme: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly query: URLSearchParams;
}

const part = (text: string): string | undefined => {
  try {
    return text === "" ? undefined : decodeURIComponent(text);
  } catch {
    return text;
  }
};

function connectionOf(monitor: Monitor): Connection | null {
  const text = monitor.text("database_connection_string");
  // A scheme that URL does not know has no host and port of its own: read it as one of the web.
  const [, scheme = "", rest = ""] = /^([a-z][a-z\d+]*):\/\/(.*)$/is.exec(text) ?? [];
  if (scheme === "" || !URL.canParse(`http://${rest}`)) return monitor.refuse("its connection string is no address", "write it as PROTOCOL://USER:PASSWORD@HOST:PORT/DATABASE");
  const url = new URL(`http://${rest}`);
  const [, port] = /^[^/?#]*:(\d+)(?=[/?#]|$)/.exec(rest.slice(rest.lastIndexOf("@", rest.search(/[/?#]|$/)) + 1)) ?? [];
  return { scheme: scheme.toLowerCase(), host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: port === undefined ? undefined : Number(port), user: part(url.username), password: part(url.password), database: part(url.pathname.slice(1)), query: url.searchParams };
}

const defined = (keys: Mapping): Mapping => Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));

/** Type `redis`. */
export function redis(monitor: Monitor): Mapping | null {
  const to = connectionOf(monitor);
  if (to === null) return null;
  const tls = to.scheme === "rediss" ? { tls: monitor.flag("ignore_tls") ? { verify: false } : true } : {};
  // Redis logs in with a password alone; URL has it behind a colon or as the user.
  const [user, password] = to.password === undefined && to.user !== undefined ? [undefined, to.user] : [to.user, to.password];
  if (to.database !== undefined && to.database !== "0") monitor.left("database_connection_string", "the database is not chosen: the server is asked", "");
  return defined({ type: "redis", host: to.host, port: to.port, user, password, ...tls });
}

/** Type `postgres`. */
export function postgres(monitor: Monitor): Mapping | null {
  const to = connectionOf(monitor);
  if (to === null) return null;
  const mode = to.query.get("sslmode") ?? (to.query.get("ssl") === "true" ? "require" : "");
  const tls = mode === "" || mode === "disable" ? {} : { tls: mode === "no-verify" || mode === "require" || mode === "prefer" || mode === "allow" ? { verify: false } : true };
  if (to.user === undefined) return monitor.refuse("its connection string names no user", "write postgres://USER:PASSWORD@HOST:PORT/DATABASE");
  const query = monitor.text("database_query");
  return defined({ type: "postgres", host: to.host, port: to.port, user: to.user, password: to.password, database: to.database, query: query === "" ? undefined : query, ...tls });
}

/** Type `mysql`; the password stands in a column of another type. */
export function mysql(monitor: Monitor): Mapping | null {
  const to = connectionOf(monitor);
  if (to === null) return null;
  const password = to.password ?? (monitor.exact("radius_password") || undefined);
  monitor.pass("radius_password");
  const query = monitor.text("database_query");
  if (query !== "" && !/^select 1;?$/i.test(query)) monitor.left("database_query", "the query is not asked: the server is logged in to and pinged", "let a `script` check ask it");
  const conditions = monitor.json("conditions");
  if (Array.isArray(conditions) && conditions.length > 0) monitor.left("conditions", "without a query there is no result to judge", "let a `script` check judge");
  return defined({ type: "mysql", host: to.host, port: to.port, user: to.user, password: to.user === undefined ? undefined : password });
}

/** Type `mqtt`. */
export function mqtt(monitor: Monitor): Mapping | null {
  const written = monitor.text("hostname");
  const [, scheme = "mqtt", host = ""] = /^(?:([a-z]+):\/\/)?\[?([^/\]]+?)\]?\/*$/i.exec(written) ?? [];
  if (host === "") return monitor.refuse("it has no host", "add one");
  if (!/^mqtts?$/i.test(scheme)) return monitor.refuse("it speaks MQTT over WebSocket, for which there is no counterpart", "use the broker's own port, 1883 or 8883");
  const topic = monitor.text("mqtt_topic");
  if (topic === "" || /[+#]/.test(topic)) return monitor.refuse("its topic stands for many, and a message on one is waited for", "name one topic without + and #");
  const success = monitor.exact("mqtt_success_message");
  monitor.pass("mqtt_websocket_path");
  const query = monitor.text("mqtt_check_type") === "json-query";
  if (query) {
    monitor.pass("mqtt_success_message");
    monitor.left("json_path", "a message in JSON is not taken apart: any message is well", "write `message:` with a text or /pattern/ of it");
    monitor.pass("json_path", "expected_value", "json_path_operator");
  }
  const conditions = monitor.json("conditions");
  if (Array.isArray(conditions) && conditions.length > 0) monitor.left("conditions", "conditions on topic and message are not judged", "write `message:` with a text or /pattern/ of it");
  const user = monitor.text("mqtt_username");
  const password = monitor.exact("mqtt_password");
  return defined({
    type: "mqtt",
    host,
    port: monitor.number("port") || undefined,
    ...(scheme.toLowerCase() === "mqtts" ? { tls: true } : {}),
    ...(user === "" ? {} : { user, ...(password === "" ? {} : { password }) }),
    topic,
    message: success === "" || query ? "/^/" : /^\/.*\/$/s.test(success) ? `/${literal(success)}/` : success,
    timeout: seconds(monitor.interval * 0.8),
  });
}

/** Type `radius`. */
export function radius(monitor: Monitor): Mapping | null {
  const to = monitor.hostAndPort(1812);
  const secret = monitor.exact("radius_secret");
  if (to === null || secret === "") return monitor.refuse(to === null ? "it has no host" : "it has no secret", "add it");
  const text = (column: string): string | undefined => monitor.exact(column) || undefined;
  const keys = { type: "radius", ...to, secret, user: text("radius_username"), password: text("radius_password"), calledStationId: text("radius_called_station_id"), callingStationId: text("radius_calling_station_id"), timeout: seconds(monitor.interval * 0.4) };
  return defined(keys);
}

/** Type `snmp`; the community stands in a column of another type. */
export function snmp(monitor: Monitor): Mapping | null {
  const to = monitor.hostAndPort(161);
  const oid = monitor.text("snmp_oid").replace(/^\./, "");
  if (to === null || oid === "") return monitor.refuse(to === null ? "it has no host" : "it has no OID", "add it");
  const version = monitor.text("snmp_version") || "2c";
  const community = monitor.exact("radius_password");
  const user = monitor.text("snmp_v3_username");
  const login = version === "3" ? { user: user === "" ? undefined : user } : { community: community === "" ? undefined : community };
  const path = monitor.text("json_path");
  const expect = path === "" && monitor.exact("expected_value") === "" ? null : queryOf(monitor, "value");
  return defined({ type: "snmp", ...to, version: version === "2c" ? "2c" : Number(version), ...login, oids: { value: oid }, timeout: seconds(monitor.timeout), ...(expect === null ? {} : { expect }) });
}

/** Type `grpc-keyword`: what is asked of gRPC's own health service has a counterpart. */
export function grpc(monitor: Monitor): Mapping | null {
  const [, secure = "", host = "", port = ""] = /^(?:(https?|grpcs?):\/\/)?\[?([^/\]]+?)\]?(?::(\d+))?\/*$/i.exec(monitor.text("grpc_url")) ?? [];
  const health = /^(grpc\.health\.v1\.)?Health$/.test(monitor.text("grpc_service_name")) && /^check$/i.test(monitor.text("grpc_method"));
  const keyword = monitor.text("keyword");
  const inverted = monitor.flag("invert_keyword");
  monitor.pass("grpc_protobuf", "grpc_metadata");
  const body = monitor.text("grpc_body");
  if (!health || host === "" || keyword !== "SERVING" || inverted) return monitor.refuse("it calls a method of its own and looks for a keyword; here gRPC's own health service is asked", "use `grpc` if the server has that service, or a `script` check with grpcurl");
  const wanted = parsed(body);
  const service = typeof wanted === "object" && wanted !== null && "service" in wanted && typeof wanted.service === "string" ? wanted.service : "";
  return defined({ type: "grpc", host, port: port === "" ? undefined : Number(port), service, ...(monitor.flag("grpc_enable_tls") || /s$/i.test(secure) ? { tls: monitor.flag("ignore_tls") ? { verify: false } : true } : {}) });
}

/** Type `docker`. */
export function docker(monitor: Monitor): Mapping | null {
  const container = monitor.text("docker_container");
  if (container === "") return monitor.refuse("it names no container", "add one");
  const id = monitor.text("docker_host");
  const { dockers } = monitor.around;
  const daemon = dockers?.get(id);
  const text = (key: string): string => (typeof daemon?.[key] === "string" ? daemon[key] : "");
  const keys = { type: "docker", container, timeout: seconds(monitor.interval * 0.8) };
  if (dockers !== null && daemon === undefined) return monitor.refuse("its Docker host is not in this file", "add `socket` or `host`");
  if (daemon === undefined) {
    monitor.differs("docker_host", "a backup does not say which Docker host it is on: this machine's is asked", "add `host` where it is another");
    return keys;
  }
  if (text("docker_type") === "socket") return { ...keys, ...(text("docker_daemon") === "/var/run/docker.sock" ? {} : { socket: text("docker_daemon") }) };
  const address = addressOf(text("docker_daemon").replace(/^(tcp|npipe):/i, "http:"));
  if (address === null) return monitor.refuse("its Docker host is no address", "write it as http://HOST:2375");
  const { hostname, port } = new URL(address.url);
  if (address.secure) monitor.differs("docker_host", "certificates of Uptime Kuma's docker-tls folder are not taken over", "add `tls: {ca, cert, key}` where the engine wants them");
  return defined({ ...keys, host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? (address.secure ? 443 : 80) : Number(port), ...(address.secure ? { tls: monitor.flag("ignore_tls") ? { verify: false } : true } : {}) });
}

/** Type `websocket-upgrade`. */
export function websocket(monitor: Monitor): Mapping | null {
  const address = addressOf(monitor.text("url"));
  if (address === null) return monitor.refuse("its URL is no address of a WebSocket", "write wss://HOST/PATH");
  const method = monitor.text("auth_method");
  const basic = `Basic ${btoa(String.fromCodePoint(...new TextEncoder().encode(`${monitor.exact("basic_auth_user")}:${monitor.exact("basic_auth_pass")}`)))}`;
  const token = monitor.text("bearer_token");
  if (!["", "null", "basic", "bearer", "mtls"].includes(method)) return monitor.refuse(`it logs in by ${method.slice(0, 20)}, for which there is no counterpart`, "send a token in `headers`");
  const login = method === "basic" ? { Authorization: basic } : method === "bearer" ? { Authorization: `Bearer ${token}` } : {};
  const headers = { ...login, ...headersOf(monitor) };
  const statuses = monitor.json("accepted_statuscodes_json");
  if (Array.isArray(statuses) && statuses.some((status) => !["1000", "200-299"].includes(String(status)))) monitor.left("accepted_statuscodes_json", "how the connection is closed is not judged: the handshake decides", "");
  if (monitor.flag("ws_ignore_sec_websocket_accept_header")) monitor.left("ws_ignore_sec_websocket_accept_header", "a server without the right Sec-WebSocket-Accept is down", "");
  const [cert, key, ca] = ["tls_cert", "tls_key", "tls_ca"].map((column) => monitor.text(column) || undefined);
  const tls = defined({ ...(monitor.flag("ignore_tls") ? { verify: false } : {}), ...(method === "mtls" ? { cert, key, ca } : {}) });
  return { type: "websocket", url: address.url.replace(/^http/i, "ws"), ...(monitor.words("ws_subprotocol").length === 0 ? {} : { subprotocols: monitor.words("ws_subprotocol") }), ...(Object.keys(headers).length === 0 ? {} : { headers }), ...(Object.keys(tls).length === 0 ? {} : { tls }), ping: false, timeout: seconds(monitor.timeout) };
}

/** Type `dns`. */
export function dns(monitor: Monitor): Mapping | null {
  const name = monitor.text("hostname");
  if (name === "") return monitor.refuse("it has no name to look up", "add one");
  const servers = monitor.words("dns_resolve_server");
  if (servers.length > 1) monitor.differs("dns_resolve_server", "each of its servers must answer; Uptime Kuma is content with the first that does");
  const record = (monitor.text("dns_resolve_type") || "A").toUpperCase();
  const port = monitor.number("port") ?? 53;
  const expect = conditionsOf(monitor, "record", "answers");
  return defined({ type: "dns", name, record, ...(servers.length === 0 ? {} : { server: servers.length === 1 ? servers[0] : servers, port: port === 53 || port === 0 ? undefined : port }), ...(expect === null ? {} : { expect }) });
}
