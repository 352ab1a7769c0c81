/** The formats that `--from` takes, each with whose configuration it is; light, for help and completion. `index.ts` has an importer for each. */
export const FORMATS: { readonly [format: string]: string } = {
  fletchck: "a site in one JSON file, 1.0 or 1.1",
  csv: "a table with Fletchck's columns, a row a check",
  monsta: "monsta.conf, with conf.d beside it",
  downtime: "blocks of services and servers in one file",
  dmonitor: "a folder with hosts.d, alert.d, plugins and nodes.txt",
  connmonitor: "hosts to measure, in the old or the new format",
  nagios: "nagios.cfg with the files it names, or a file or folder of objects",
  "uptime-kuma": "kuma.db of versions 1 and 2, or the JSON backup of version 1",
  blackbox: "blackbox.yml with the prometheus.yml beside it, or a folder with both",
  gatus: "config.yaml, or a folder of several files",
};

/** What other systems call a type of check or channel, and what it is here; for those who type the word they know. */
export const FOREIGN_TYPES: { readonly [word: string]: string } = {
  cert: "tls",
  dnslookup: "dns",
  dnsserial: "dns-serial",
  https: "http",
  jabber: "xmpp",
  mailbox: "mailflow",
  ping: "icmp",
  portconnect: "tcp",
  sequence: "group",
  sms_clickatell: "sms-clickatell-legacy",
  submit: "smtp",
  temp: "temperature",
};
