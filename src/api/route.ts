import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Clock, Log } from "../sys/ports.ts";
import type { Board } from "./board.ts";
import type { Handle } from "./handle.ts";
import type { Metrics } from "./metrics.ts";
import type { SignIn } from "./sign-in.ts";
import type { Streams } from "./stream.ts";

/** What every handler may use. */
export interface Room {
  readonly handle: Handle;
  readonly clock: Clock;
  readonly log: Log;
  readonly board: Board;
  readonly streams: Streams;
  readonly metrics: Metrics;
  readonly signIn: SignIn | null;
  /** Address of the page for people, null when there is none. */
  readonly page: () => string | null;
}

/**
 * Who may call: `anybody` (not even the Host is looked at: probes of load balancers, senders of heartbeats), `page` (Host and Origin must
 * be ours), `local` (signed in, or a program of this machine), `login` (signed in, or over the socket in the data folder).
 */
export type Access = "anybody" | "page" | "local" | "login";

/** Who asks. */
export interface Asker {
  /** Null when not signed in. */
  readonly user: string | null;
  /** A program of this machine, as far as can be told. */
  readonly local: boolean;
  readonly address: string;
  readonly secure: boolean;
  /** Id of the session, when a cookie named one. */
  readonly session: string | null;
  /** Whether what let the asker in still holds; for connections that stay. */
  readonly holds: () => Promise<boolean>;
}

export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly asker: Asker;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

type Frozen<T> = T extends readonly (infer Item)[] ? readonly Frozen<Item>[] : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

export interface Problem {
  readonly kind: "problem";
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 414 | 415 | 421 | 429 | 500 | 503;
  readonly error: string;
  readonly advice: string;
  readonly retryAfterMs?: number;
}

export type Reply<Answer> =
  | { readonly kind: "json"; readonly value: Frozen<Answer>; readonly status?: number; readonly cookie?: string }
  /** What was serialised before, in pieces; JSON unless `type` says otherwise. */
  | { readonly kind: "pieces"; readonly pieces: readonly Buffer[]; readonly type?: string }
  | { readonly kind: "text"; readonly type: string; readonly text: string; readonly status?: number }
  | { readonly kind: "empty"; readonly cookie?: string }
  /** The handler keeps the connection and writes to it. */
  | { readonly kind: "kept" }
  | Problem;

/** What a route answers with: a schema of JSON, the media type of something else, or nothing. */
export type AnswerShape<Schema extends z.ZodType> = { readonly json: Schema } | { readonly type: string; readonly about: string } | null;

interface Definition<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType> {
  readonly method: "GET" | "POST" | "PUT";
  /** With `{name}` for parameters. */
  readonly path: string;
  /** Patterns without groups that parameters have to match; with another value the path is not this route's. */
  readonly shapes?: { readonly [param: string]: string };
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  readonly params?: Params;
  readonly query?: Query;
  /** JSON; absent: none is read. */
  readonly body?: Body;
  readonly answer: AnswerShape<Answer>;
  readonly handle: (room: Room, call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Reply<z.output<Answer>>> | Reply<z.output<Answer>>;
}

export interface Route extends Omit<Definition<z.ZodType, z.ZodType, z.ZodType, z.ZodType>, "handle"> {
  /** Validates what came in, then handles it. */
  readonly run: (room: Room, call: Call<unknown, unknown, unknown>) => Promise<Reply<unknown>>;
}

/** One row of the table of routes; handlers see only what their schemas let through. */
export function route<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType>(definition: Definition<Params, Query, Body, Answer>): Route {
  const { handle, ...shape } = definition;
  return {
    ...shape,
    run: async (room, call) => {
      const params = read(definition.params, call.params, "path");
      if (params.kind === "problem") return params;
      const query = read(definition.query, call.query, "query");
      if (query.kind === "problem") return query;
      const body = read(definition.body, call.body, "body");
      if (body.kind === "problem") return body;
      return handle(room, { ...call, params: params.value, query: query.value, body: body.value });
    },
  };
}

function read<Schema extends z.ZodType>(schema: Schema | undefined, value: unknown, where: string): { readonly kind: "read"; readonly value: z.output<Schema> } | Problem {
  const parsed = (schema ?? z.unknown()).safeParse(value);
  if (parsed.success) return { kind: "read", value: parsed.data as z.output<Schema> };
  const issue = parsed.error.issues[0];
  const name = issue?.path.join(".") ?? "";
  return problem(400, `${where}${name === "" ? "" : ` \`${name}\``}: ${issue?.message ?? "not valid"}`, "see /api/v1/openapi.json for what it takes");
}

export function problem(status: Problem["status"], error: string, advice: string): Problem {
  return { kind: "problem", status, error, advice };
}
