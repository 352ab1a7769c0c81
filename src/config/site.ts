import type { Carried } from "../core/carried.ts";
import type { ChannelName, CheckName, Millis, Policy } from "../core/types.ts";
import type { Rotation } from "../core/rotation.ts";
import type { CronSchedule, Schedule } from "../core/schedule.ts";
import type { Condition } from "../core/expect.ts";
import type { MaintenanceWindow } from "../core/maintenance.ts";

/** One whole, validated configuration with every default filled in. Plain data: it crosses from the loading worker. */
export interface Site {
  readonly settings: Settings;
  readonly channels: readonly ChannelDefinition[];
  /** On-call rotations by name. */
  readonly rotations: readonly RotationDefinition[];
  readonly checks: readonly CheckDefinition[];
  readonly maintenance: readonly MaintenanceWindow[];
  /** Hash of the whole; names this configuration in the journal. */
  readonly version: string;
  /** Every file it was read from, for watching (secrets' files too). */
  readonly files: readonly string[];
  /** Of a configuration of another system: what that believed of its checks. */
  readonly carried: readonly Carried[];
  /** What others may have asked; absent: nothing. */
  readonly probe?: ProbeAccess;
  /** Values that no log, page, answer or row may show. */
  readonly secrets: readonly string[];
}

export interface Settings {
  readonly name: string;
  readonly vantage: string;
  readonly url: string | null;
  readonly heartbeat: string | null;
  readonly listen: { readonly host: string; readonly port: number } | "off";
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly timezone: string;
  readonly retention: { readonly resultsMs: Millis; readonly incidentsMs: Millis; readonly bytes: number | null };
  /** Runs at the same time: in all, and against one target. */
  readonly limits: { readonly runs: number; readonly perTarget: number };
  /** Resolvers to ask, `host` or `host:port`; empty: the system's. */
  readonly resolvers: readonly string[];
}

/** What `GET /probe` may ask, and for whom. */
export interface ProbeAccess {
  readonly modules: readonly ProbeModule[];
  /** Networks and addresses that targets may have; empty: any, but link-local ones. */
  readonly networks: readonly string[];
  /** What a request must bring; null: nothing. With neither, nobody is answered. */
  readonly token: string | null;
}

/** A check without its target. */
export interface ProbeModule {
  readonly name: string;
  readonly type: string;
  /** As written and filled in, to be read again with a target; may hold secrets. */
  readonly options: { readonly [key: string]: unknown };
  readonly timeoutMs: Millis | null;
  readonly expect: readonly FactCondition[];
}

export interface RotationDefinition {
  readonly name: string;
  readonly rotation: Rotation;
}

export interface ChannelDefinition {
  readonly name: ChannelName;
  readonly type: string;
  /** Validated by the channel's own schema; may hold secrets. */
  readonly options: unknown;
  readonly recipients: readonly string[];
  /** It publishes states for programs, not news for people. */
  readonly publishes?: true;
  /** Messages an hour before they are rolled into one every 5 minutes; null: no cap. */
  readonly cap: number | null;
  /** Alerts that come within this time of each other go into one message. */
  readonly groupMs: Millis;
  /** Each alert has a message of its own. */
  readonly alone: boolean;
  /** Templates in place of the default texts; null for those. */
  readonly templates: { readonly subject: string | null; readonly text: string | null };
  /** Tells in its place while it does not work. */
  readonly fallback: ChannelName | null;
  /** When it gets a digest of what was wrong, and of which checks: those that it is told of, or all; null: never. */
  readonly digest: { readonly schedule: CronSchedule; readonly of: "told" | "all" } | null;
  /** What began stays open there until its end is told. */
  readonly keepsOpen?: true;
  readonly hash: string;
}

/** A fact and what it must be. */
export interface FactCondition {
  readonly fact: string;
  readonly condition: Condition;
}

export interface CheckDefinition {
  readonly name: CheckName;
  readonly type: string;
  /** Validated by the probe's own schema; may hold secrets. */
  readonly options: unknown;
  /** What is asked, for lists: `shop.example.com:443`; never a secret. */
  readonly target: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly schedule: Schedule;
  readonly timeoutMs: Millis;
  readonly retries: number;
  /** What is down counts as up, and the other way round. */
  readonly invert?: true;
  readonly expect: readonly FactCondition[];
  readonly warn: readonly FactCondition[];
  readonly policy: Policy;
  /** The former name, whose history it takes over. */
  readonly was: CheckName | null;
  readonly paused: boolean;
  /** The host whose way is traced when the check fails; null for none. */
  readonly traced: string | null;
  readonly hashes: { readonly target: string; readonly judging: string; readonly telling: string };
}
