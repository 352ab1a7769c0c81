/** The import table of the house as data: which room may import what. The first room whose `files` match a path holds. */
export interface Room {
  readonly name: string;
  readonly files: RegExp;
  /** Paths of the project, without extension, that it may import. */
  readonly may: RegExp;
  /** Paths of which it may import types only. */
  readonly types?: RegExp;
  /** Modules of Node, without `node:`; `*` for all. */
  readonly node: readonly string[] | "*";
  /** Packages besides; a name covers its sub-paths. */
  readonly packages: readonly string[];
  /** Why, and what to use instead; told with each finding. */
  readonly instead: string;
}

const SCHEMA = /^src\/(core\/|template\/|dial\/options$)/;

export const ROOMS: readonly Room[] = [
  {
    name: "core",
    files: /^src\/core\//,
    may: /^src\/core\//,
    node: [],
    packages: [],
    instead: "belief must be replayable from a log: take time, randomness and what was read as arguments, and return effects as data",
  },
  {
    name: "wire",
    files: /^src\/wire\//,
    may: /^src\/wire\//,
    node: ["crypto"],
    packages: [],
    instead: "bytes in, values out: leave sockets, clocks and randomness to the caller in dial, probes or sys",
  },
  {
    name: "sys",
    files: /^src\/sys\//,
    may: /^src\/(sys|wire)\/|^src\/core\/types$/,
    node: "*",
    packages: ["koffi", "pino"],
    instead: "sys is the only place where the world comes in, and knows nothing of what it is used for: give it what it needs as arguments",
  },
  {
    name: "template",
    files: /^src\/template\//,
    may: /^src\/template\//,
    node: [],
    packages: ["liquidjs"],
    instead: "templates turn values into text and know nothing of where either comes from",
  },
  {
    name: "dial",
    files: /^src\/dial\//,
    may: /^src\/(dial|wire)\/|^src\/core\/(types|time)$|^src\/sys\/(ports|failures|until-aborted)$/,
    node: ["crypto", "http", "http2", "net", "stream", "tls", "url", "zlib"],
    packages: ["zod"],
    instead: "what probes and channels share over a socket knows neither of them: take sockets, clock and signal from the context",
  },
  {
    name: "list of probes",
    files: /^src\/probes\/index\.ts$/,
    may: /^src\/probes\//,
    node: [],
    packages: [],
    instead: "the list names probes and does nothing",
  },
  {
    name: "probe",
    files: /^src\/probes\//,
    // Files of one probe begin with its name: `http.ts`, `http-json.ts`. The check below holds them to it.
    may: /^src\/(probes\/|dial\/|wire\/)|^src\/core\/(types|expect|number-facts|mask|path|time|schedule)$/,
    types: /^src\/sys\/ports$/,
    node: ["buffer", "crypto", "http", "http2", "net", "stream", "tls", "url", "zlib"],
    packages: ["zod", "ssh2", "socks", "net-snmp", "pg", "mysql2", "mqtt", "@xmpp/client"],
    instead: "a probe observes; judging, storing and telling are for run, store and alert, and what two probes share belongs to dial or wire",
  },
  {
    name: "list of channels",
    files: /^src\/alert\/channels\/index\.ts$/,
    may: /^src\/alert\/channels\//,
    node: [],
    packages: [],
    instead: "the list names channels and does nothing",
  },
  {
    name: "channel",
    files: /^src\/alert\/(channels|providers)\//,
    may: /^src\/(alert\/(channels|providers)\/|dial\/|wire\/|template\/)|^src\/core\/(types|time|mask)$/,
    types: /^src\/sys\/ports$/,
    node: ["buffer", "crypto", "http", "net", "stream", "tls", "url"],
    packages: ["zod", "nodemailer", "mqtt", "@xmpp/client"],
    instead: "a channel says it once and classifies the answer: the outbox retries, and what two channels share has a file of its own beside them or in dial",
  },
  {
    name: "alert",
    files: /^src\/alert\//,
    may: /^src\/(alert\/[^/]+$|core\/|sys\/|template\/|store\/store$|alert\/channels\/channel$)/,
    types: /^src\/config\/site$/,
    node: [],
    packages: [],
    instead: "delivery does not depend on what or where: use the contracts alert/channels/channel.ts and store/store.ts, and let app hand in the rest",
  },
  {
    name: "embedded store",
    files: /^src\/store\/sqlite\//,
    may: /^src\/(store\/(sqlite\/|[^/]+$)|sys\/)|^src\/core\/(types|state|ids)$/,
    node: ["fs", "fs/promises", "os", "path", "process", "sqlite", "url", "worker_threads"],
    packages: [],
    instead: "a driver knows the contract and its own database, nothing else",
  },
  {
    name: "PostgreSQL store",
    files: /^src\/store\/postgres\//,
    may: /^src\/(store\/(postgres\/|[^/]+$)|sys\/)|^src\/core\/(types|state|ids)$/,
    node: ["url"],
    packages: ["pg"],
    instead: "a driver knows the contract and its own database, nothing else",
  },
  {
    name: "store contract",
    files: /^src\/store\//,
    may: /^src\/store\/[^/]+$|^src\/core\/(types|state|ids)$/,
    node: [],
    packages: [],
    instead: "the contract is pure: put what needs a driver or the disk into store/sqlite, or behind the port in store/disk.ts",
  },
  {
    name: "cluster",
    files: /^src\/cluster\//,
    may: /^src\/(cluster\/|sys\/|wire\/)|^src\/core\/types$/,
    node: ["crypto", "tls", "url"],
    packages: ["@nats-io/transport-node", "@nats-io/jetstream", "@nats-io/kv", "@nats-io/nats-core"],
    instead: "the cluster carries results and membership and has no opinions: give it callbacks",
  },
  {
    name: "loading worker",
    files: /^src\/config\/(worker|loader)\.ts$/,
    may: /^src\/(config|core|template)\/|^src\/dial\/options$/,
    types: /^src\/(sys\/ports|probes\/probe|alert\/channels\/channel)$/,
    node: ["fs", "fs/promises", "url", "worker_threads"],
    packages: ["zod", "js-yaml"],
    instead: "reading a file must not load client libraries: take the lists of probes and channels as module addresses",
  },
  {
    name: "config",
    files: /^src\/config\//,
    may: new RegExp(`^src/config/|${SCHEMA.source}`),
    types: /^src\/(sys\/ports|probes\/probe|alert\/channels\/channel)$/,
    node: [],
    packages: ["zod", "js-yaml"],
    instead: "reading a file must not load client libraries: take probes, channels and files as arguments (types may be imported)",
  },
  {
    name: "import",
    files: /^src\/import\//,
    may: /^src\/(import|config|core)\//,
    types: /^src\/sys\/ports$/,
    node: [],
    packages: ["js-yaml"],
    instead: "an importer turns files into a document, warnings, state and history: take bytes as arguments and return values",
  },
  {
    name: "vitals",
    files: /^src\/vitals\//,
    may: /^src\/(vitals|dial)\/|^src\/import\/connmonitor$|^src\/core\/(types|time)$/,
    types: /^src\/sys\/(ports|screen)$/,
    node: [],
    packages: [],
    instead: "measuring for the eyes, without memory, judgement or telling: take clock, network and pinger from the world, and let app read files, take signals and hold the terminal",
  },
  {
    name: "run",
    files: /^src\/run\//,
    may: /^src\/(run|core|sys)\/|^src\/(probes\/probe|store\/store|cluster\/peer)$/,
    types: /^src\/config\/site$/,
    node: [],
    packages: [],
    instead: "the loop knows shapes, not brands: use the contracts of probes, store and cluster, and let app hand in the rest",
  },
  {
    name: "api types",
    files: /^src\/api\/types\.ts$/,
    may: /^$/,
    node: [],
    packages: [],
    instead: "the page imports this file: plain types, words and marks only",
  },
  {
    name: "api",
    files: /^src\/api\//,
    may: /^src\/(api|core|config)\/|^src\/store\/store$/,
    types: /^src\/sys\/ports$/,
    node: ["crypto", "fs", "fs/promises", "http", "https", "net", "path", "stream", "tls", "url", "zlib"],
    packages: ["hono", "@hono/node-server", "zod"],
    instead: "thin: validate, call the handle, map errors; SQL, probes and channels are behind the handle",
  },
  {
    name: "cli",
    files: /^src\/cli\//,
    // Perfdata: `tocsin check` serves as a Nagios plugin.
    may: /^src\/(cli|config|import|core)\/|^src\/api\/types$|^src\/wire\/perfdata$/,
    types: /^src\/(probes\/probe|alert\/channels\/channel)$/,
    node: ["fs", "http", "path", "readline", "url"],
    packages: ["commander"],
    instead: "a command asks through its doors (src/cli/doors.ts), so that local and remote behave alike",
  },
  { name: "start", files: /^src\/main\.ts$/, may: /^src\/(cli\/|app(\/.*)?$)/, node: [], packages: [], instead: "main.ts hands the arguments to the command line, nothing else" },
  { name: "app", files: /^src\/app(\/.*)?\.ts$/, may: /^src\//, node: "*", packages: [], instead: "the composition root joins rooms; a client library belongs to the room that uses it" },
  {
    name: "page",
    files: /^web\//,
    may: /^web\/|^src\/api\/types$/,
    node: ["url"],
    packages: ["solid-js", "uplot", "vite", "vite-plugin-solid"],
    instead: "the API is the page's only door: src/api/types.ts holds what both know",
  },
  { name: "tests and benches", files: /^(test|bench)\//, may: /^(src|test|bench|web)\//, node: "*", packages: ["*"], instead: "" },
];

/** What tests beside the code may import besides what their room may. */
export const TEST_PACKAGES = ["vitest", "fast-check", "smtp-server", "playwright-core"];
