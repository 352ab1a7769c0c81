import type { Failure } from "../sys/ports.ts";
import { type MysqlGreeting, type MysqlPacket, decodeMysql, encodeMysqlLogin, mysqlPacket, mysqlProof } from "../wire/mysql.ts";
import type { Read } from "./dialogue.ts";
import type { Session } from "./session.ts";

/** Who we are without credentials: a server counts whoever leaves after the greeting as an error, and shuts such hosts out in the end; a refused login it does not. */
const NOBODY = "tocsin";
const PACKET_MAX = 16_384;
/** Turns of a login: switch, proof, more data, end. */
const TURNS_MAX = 6;

export type MysqlError = Extract<MysqlPacket, { kind: "error" }>;

/** Whom to log in as; without a user as nobody, to be refused politely. */
export interface MysqlLogin {
  readonly user: string | null;
  readonly password: string | null;
}

/** Logs in after the greeting. Null when we are in, or the server's error. */
export async function loginMysql(session: Pick<Session, "dialogue" | "secured">, { user, password }: MysqlLogin, greeting: Pick<MysqlGreeting, "plugin" | "salt">): Promise<Read<MysqlError | null>> {
  const failed = (code: Failure["code"], sentence: string): Read<never> => ({ kind: "failed", failure: { code, sentence } });
  const { dialogue } = session;
  const [name, secret] = [user ?? NOBODY, password ?? ""];
  // A plugin that is not known here may be the server's default and not the user's: the server will switch.
  let plugin = mysqlProof(greeting.plugin, "", greeting.salt) === null ? "mysql_native_password" : greeting.plugin;
  dialogue.write(encodeMysqlLogin(session.secured ? 2 : 1, session.secured, name, plugin, mysqlProof(plugin, secret, greeting.salt) ?? new Uint8Array(0)), `login as ${name} (${plugin}) …\n`);
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const next = await receiveMysql(session, decodeMysql, null);
    if (next.kind === "failed") return next;
    const { packet, sequence } = next.value;
    if (packet.kind === "ok") return { kind: "read", value: null };
    if (packet.kind === "error") return { kind: "read", value: packet };
    if (packet.kind === "bad") return failed("protocol", `the server sent ${packet.reason}`);
    if (packet.kind === "switch") {
      plugin = packet.plugin;
      const proof = mysqlProof(plugin, secret, packet.salt) ?? (plugin === "mysql_clear_password" && session.secured ? Buffer.from(`${secret}\0`) : null);
      if (proof === null) return failed("auth", `the server wants a login by ${plugin.slice(0, 80)}, which is not ${plugin === "mysql_clear_password" ? "used without TLS" : "known here"}`);
      dialogue.write(mysqlPacket(sequence + 1, proof), `proof (${plugin}) …\n`);
    } else if (packet.data[0] === 4 && plugin === "caching_sha2_password") {
      if (!session.secured) return failed("auth", "the server wants the password itself, and that is sent only under TLS");
      dialogue.write(mysqlPacket(sequence + 1, Buffer.from(`${secret}\0`)), "password …\n");
    } else if (packet.data[0] !== 3) return failed("protocol", "the server wants something in the login that is not known here");
  }
  return failed("protocol", "the server's login does not come to an end");
}

/** The next packet as `decode` reads its payload; `sequence`: the only number that it may have, null for any. */
export async function receiveMysql<Packet>({ dialogue }: Pick<Session, "dialogue">, decode: (payload: Uint8Array) => Packet, sequence: number | null): Promise<Read<{ readonly packet: Packet; readonly sequence: number }>> {
  const head = await dialogue.take(4);
  if (head.kind === "failed") return head;
  const [low = 0, middle = 0, high = 0, number = 0] = head.value;
  const length = low + middle * 0x100 + high * 0x10000;
  if (length === 0 || (sequence !== null && number !== sequence)) return { kind: "failed", failure: { code: "protocol", sentence: "the server does not speak the protocol of MySQL" } };
  if (length > PACKET_MAX) return { kind: "failed", failure: { code: "too-large", sentence: `the server announces a packet of ${length} bytes` } };
  const payload = await dialogue.take(length);
  return payload.kind === "failed" ? payload : { kind: "read", value: { packet: decode(payload.value), sequence: number } };
}
