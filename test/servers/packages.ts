/** A Debian package that tests of real servers need, and the programs by which it is recognised. */
export interface DebianPackage {
  readonly name: string;
  /** Any path-less program names; all must be there. */
  readonly programs: readonly string[];
  /** Paths by which a package without programs is recognised. */
  readonly files?: readonly string[];
}

/** Everything the test command installs on Debian when it runs as root. One line a package; keep it sorted. */
export const packages = [
  { name: "apprise", programs: ["apprise"] },
  { name: "bind9", programs: ["named", "named-checkconf"] },
  { name: "chrony", programs: ["chronyd"] },
  { name: "dante-server", programs: ["danted"] },
  { name: "dovecot-imapd", programs: ["dovecot", "imap-login"] },
  { name: "dovecot-lmtpd", programs: ["lmtp"] },
  { name: "dovecot-pop3d", programs: ["pop3-login"] },
  { name: "dropbear-bin", programs: ["dropbear", "dropbearkey"] },
  { name: "fping", programs: ["fping"] },
  { name: "freeradius", programs: ["freeradius"] },
  { name: "frr", programs: ["vtysh"] },
  { name: "inn2", programs: ["nnrpd"] },
  { name: "iproute2", programs: ["ip"] },
  { name: "chromium", programs: ["chromium"] },
  { name: "iputils-ping", programs: ["ping"] },
  { name: "kamailio", programs: ["kamailio"] },
  { name: "kamailio-tls-modules", programs: [], files: ["/etc/kamailio/tls.cfg"] },
  { name: "mariadb-server", programs: ["mariadbd", "mariadb-install-db"] },
  { name: "memcached", programs: ["memcached"] },
  { name: "microsocks", programs: ["microsocks"] },
  { name: "monitoring-plugins-basic", programs: ["check_dummy", "check_load", "check_tcp"] },
  { name: "mosquitto", programs: ["mosquitto", "mosquitto_passwd"] },
  { name: "mosquitto-clients", programs: ["mosquitto_sub"] },
  { name: "nftables", programs: ["nft"] },
  { name: "nginx-light", programs: ["nginx"] },
  { name: "nut-server", programs: ["upsd"] },
  { name: "openssh-server", programs: ["ssh-keygen", "sshd"] },
  { name: "openssl", programs: ["openssl"] },
  { name: "openvpn", programs: ["openvpn"] },
  { name: "postfix", programs: ["postconf", "postfix", "sendmail"] },
  { name: "postgresql", programs: ["pg_ctlcluster"] },
  { name: "prometheus-alertmanager", programs: ["prometheus-alertmanager"] },
  { name: "prometheus-blackbox-exporter", programs: ["prometheus-blackbox-exporter"] },
  { name: "rbldnsd", programs: ["rbldnsd"] },
  { name: "prosody", programs: ["prosody"] },
  { name: "redis-server", programs: ["redis-server"] },
  { name: "python3-apscheduler", programs: [], files: ["/usr/lib/python3/dist-packages/apscheduler/__init__.py"] },
  { name: "python3-grpcio", programs: [], files: ["/usr/lib/python3/dist-packages/grpc/__init__.py"] },
  { name: "python3-websockets", programs: [], files: ["/usr/lib/python3/dist-packages/websockets/__init__.py"] },
  { name: "rsyslog", programs: ["rsyslogd"] },
  { name: "rsyslog-openssl", programs: [], files: ["/usr/share/doc/rsyslog-openssl/copyright"] },
  { name: "samba", programs: ["smbd"] },
  { name: "slapd", programs: ["slapd", "slapadd"] },
  { name: "snmpd", programs: ["snmpd"] },
  { name: "systemd", programs: ["systemd-analyze"] },
  { name: "tmux", programs: ["tmux"] },
  { name: "traceroute", programs: ["traceroute"] },
  { name: "unbound", programs: ["unbound"] },
  { name: "vsftpd", programs: ["vsftpd"] },
] as const satisfies readonly DebianPackage[];

export type PackageName = (typeof packages)[number]["name"];
