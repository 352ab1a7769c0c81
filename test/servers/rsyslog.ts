import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "./certificates.ts";
import { type RunningServer, bound, freePort, listens, startServer } from "./ground.ts";

/** One message as rsyslog has it. */
export interface Logged {
  /** The way it came: `imudp`, `imtcp`, `imuxsock`. */
  readonly from: string;
  readonly priority: number;
  readonly time: string;
  readonly hostname: string;
  readonly application: string;
  readonly messageId: string;
  readonly data: string;
  readonly text: string;
}

export interface Rsyslog extends RunningServer {
  /** UDP, and TCP. */
  readonly port: number;
  readonly tlsPort: number;
  /** Its socket for programs of the same machine. */
  readonly socket: string;
  /** All messages so far that Tocsin sent. */
  logged(): readonly Logged[];
}

const FIELDS = ["inputname", "pri", "timestamp:::date-rfc3339", "hostname", "app-name", "msgid", "structured-data", "msg"];

/** rsyslog on 127.0.0.1 with every way in, writing what it gets to a file. */
export async function startRsyslog(parent: string, { good }: Certificates, authority: string): Promise<Rsyslog> {
  const port = await freePort(2);
  const tlsPort = port + 1;
  const folder = join(parent, `rsyslog-${port}`);
  mkdirSync(folder);
  const [file, socket, ca] = [join(folder, "messages"), join(folder, "log.socket"), join(folder, "ca.pem")];
  writeFileSync(ca, authority);
  writeFileSync(
    join(folder, "rsyslog.conf"),
    `global(workDirectory="${folder}" defaultNetstreamDriverCAFile="${ca}" defaultNetstreamDriverCertFile="${good.certPath}" defaultNetstreamDriverKeyFile="${good.keyPath}")
module(load="imudp")
module(load="imtcp")
module(load="imuxsock" SysSock.Use="off")
template(name="all" type="string" string="${FIELDS.map((field) => `%${field}%`).join("\\t")}\\n")
input(type="imudp" address="127.0.0.1" port="${port}")
input(type="imtcp" address="127.0.0.1" port="${port}")
input(type="imtcp" address="127.0.0.1" port="${tlsPort}" streamdriver.name="ossl" streamdriver.mode="1" streamdriver.authmode="anon")
input(type="imuxsock" Socket="${socket}")
if $programname == "tocsin" then action(type="omfile" file="${file}" template="all" asyncWriting="off")
`,
  );
  const ready = async (): Promise<boolean> => existsSync(socket) && (await listens(tlsPort)()) && (await bound(port)());
  const running = await startServer({ name: "rsyslogd", command: "rsyslogd", args: ["-n", "-i", join(folder, "pid"), "-f", join(folder, "rsyslog.conf")], folder, ready });
  const logged = (): readonly Logged[] =>
    (existsSync(file) ? readFileSync(file, "utf8") : "").split("\n").flatMap((line) => {
      const [from = "", priority = "", time = "", hostname = "", application = "", messageId = "", data = "", text = ""] = line.split("\t");
      return line === "" ? [] : [{ from, priority: Number(priority), time, hostname, application, messageId, data, text: text.trimStart() }];
    });
  return { ...running, port, tlsPort, socket, logged };
}
