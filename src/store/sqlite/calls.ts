import type { CheckName, ChannelName, IncidentId, Instant } from "../../core/types.ts";
import type { OutboxChange, Range, Retention, Settlement, Store } from "../store.ts";
import type { Opening } from "./database.ts";
import type { Holder } from "./lock.ts";
import type { Parcel } from "./parcel.ts";
import type { Told } from "./trouble.ts";

/** What the writer is started with. */
export interface WriterOptions {
  readonly folder: string;
  readonly holder: Holder;
  readonly busyMs: number;
  readonly reserveBytes: number;
  /** Damage is set aside under this stamp; null: it is an error. */
  readonly stamp: string | null;
}

/** The writer's first message. */
export type Opened = { readonly opened: Opening; readonly reserve: boolean } | { readonly told: Told };

export type WriterCall =
  | { readonly verb: "commit"; readonly parcel: Parcel }
  | { readonly verb: "load" | "sequence" | "close" }
  | { readonly verb: "outbox"; readonly limit: number }
  | { readonly verb: "unsettled"; readonly channel: ChannelName; readonly recipient: string; readonly limit: number }
  | { readonly verb: "change"; readonly change: OutboxChange }
  | { readonly verb: "claim"; readonly id: string; readonly now: Instant; readonly leaseUntil: Instant }
  | { readonly verb: "settle"; readonly id: string; readonly settlement: Settlement }
  | { readonly verb: "wasTold"; readonly incident: IncidentId; readonly channel: ChannelName; readonly recipient: string }
  | { readonly verb: "formedSince"; readonly channel: ChannelName; readonly since: Instant }
  | { readonly verb: "rename"; readonly from: CheckName; readonly to: CheckName }
  /** Begins to prune; `pruneOn` goes on, a step each. Both answer with rows removed, or null when nothing is left to do. */
  | { readonly verb: "prune"; readonly retention: Retention; readonly now: Instant }
  | { readonly verb: "pruneOn" };

/** What a commit answers. */
export interface Committed {
  /** Plain results are left out: the disk is full. */
  readonly tight: boolean;
  readonly dropped: number;
}

export type ReaderCall =
  | { readonly verb: "range"; readonly range: Range }
  | { readonly verb: "results"; readonly query: Parameters<Store["results"]>[0] }
  | { readonly verb: "incidents"; readonly query: Parameters<Store["incidents"]>[0] }
  | { readonly verb: "incident"; readonly id: IncidentId }
  | { readonly verb: "transitions"; readonly query: Parameters<Store["transitions"]>[0] }
  | { readonly verb: "messages"; readonly query: Parameters<Store["messages"]>[0] }
  | { readonly verb: "journal"; readonly query: Parameters<Store["journal"]>[0] }
  | { readonly verb: "facts" };

export interface Request<Call> {
  readonly id: number;
  /** Null: the query of that id passed its time limit; drop it. */
  readonly call: Call | null;
}

export type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly told: Told };

