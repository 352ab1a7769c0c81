import { z } from "zod";
import { callGrpc, type GrpcAnswer } from "../dial/grpc.ts";
import { DEFAULT_TLS, type TlsSettings, family, host, port, secret, sourceAddress, tlsSettings } from "../dial/options.ts";
import { evidenceOf, printable, tenth, verdictOf } from "../dial/outcome.ts";
import { openStream } from "../dial/stream.ts";
import type { Facts } from "../core/types.ts";
import type { Failure } from "../sys/ports.ts";
import { decodeHealthAnswer, encodeHealthRequest, grpcStatusName, grpcWords } from "../wire/grpc.ts";
import type { Outcome, Probe, ProbeContext } from "./probe.ts";

const PATH = "/grpc.health.v1.Health/Check";
const SERVICE_MAX = 200;

const options = z.strictObject({
  host: host().describe("Host name or address"),
  port: port().default(50_051).describe("TCP port"),
  service: z.string().max(SERVICE_MAX).default("").describe('Service to ask for: shop.v1.Orders; "" asks for the server as a whole'),
  tls: z
    .union([z.boolean(), tlsSettings()])
    .transform((value): TlsSettings | null => (value === false ? null : value === true ? DEFAULT_TLS : value))
    .default(null)
    .describe("TLS from the first byte: true, or {verify, ca, servername, minVersion, cert, key}"),
  token: secret().regex(/^[\x21-\x7e]+$/, "a token holds no blanks").nullable().default(null).describe("Bearer token to send as authorization").meta({ source: "RFC 6750" }),
  family: family(),
  source: sourceAddress(),
});

type Options = z.output<typeof options>;

/** The server itself says whether it serves. An exchange of our own over node:http2: gRPC's library pools, tries again and hides errors. */
export const grpc: Probe<Options> = {
  type: "grpc",
  about: "Asks a gRPC server, or one of its services, by the health protocol whether it serves",
  source: "gRPC Health Checking Protocol v1 (grpc/doc/health-checking.md); grpc/doc/PROTOCOL-HTTP2.md; RFC 9113",
  options,
  facts: {
    serving: { about: "SERVING, NOT_SERVING, UNKNOWN or SERVICE_UNKNOWN; a condition on it decides instead of SERVING" },
    grpcStatus: { number: true, about: "Status of the call: 0 for OK" },
    grpcStatusName: { about: "Its name: OK, NOT_FOUND, UNIMPLEMENTED, UNAVAILABLE, ..." },
    status: { number: true, about: "HTTP status of the answer" },
    address: { about: "The address that answered" },
    "certificate.days": { unit: "days", about: "With TLS: whole days until the first certificate of the chain expires" },
    "tls.protocol": { about: "With TLS: TLSv1.2 or TLSv1.3" },
  },
  leaves: ["serving", "grpcStatus", "grpcStatusName"],
  target: ({ host, port }) => authorityOf(host, port),
  run,
};

const authorityOf = (host: string, port: number): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

async function run(chosen: Options, ctx: ProbeContext): Promise<Outcome> {
  const { host, port, service, tls, token } = chosen;
  const stream = await openStream({ ...chosen, alpn: ["h2"] }, ctx);
  const attempts = stream.attempts.join("\n");
  if (stream.kind === "failed") return { verdict: verdictOf(stream.failure.code), ...stream.failure, phases: stream.phases, facts: stream.facts, evidence: evidenceOf({ attempts }) };
  const peer = `${host} port ${port}`;
  const what = service === "" ? peer : `the service ${service} of ${peer}`;
  const scheme = tls === null ? "http" : "https";
  const begun = ctx.clock.monotonic();
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await callGrpc(stream.socket, { scheme, authority: authorityOf(host, port), path: PATH, headers, body: encodeHealthRequest(service), peer }, ctx);
  stream.socket.destroy();
  const phases = { ...stream.phases, call: tenth(ctx.clock.monotonic() - begun) };
  const judged = judge(answer, what, peer, ctx);
  const received = [answer.status === 0 ? "" : `HTTP ${answer.status}`, JSON.stringify(answer.trailers, null, 1), printable(answer.body)].join("\n");
  const evidence = evidenceOf({ attempts, sent: `POST ${PATH} ${JSON.stringify(service)}`, received: answer.status === 0 ? "" : received });
  const facts = { ...stream.facts, ...judged.facts };
  if (judged.failure !== null) return { verdict: verdictOf(judged.failure.code), ...judged.failure, phases, facts, evidence };
  return { verdict: "up", code: "ok", sentence: judged.sentence, phases, facts, evidence };
}

interface Judged {
  readonly facts: Facts;
  readonly failure: Failure | null;
  readonly sentence: string;
}

function judge(answer: GrpcAnswer, what: string, peer: string, ctx: ProbeContext): Judged {
  const facts: Facts = answer.status === 0 ? {} : { status: answer.status };
  const wrong = (code: Failure["code"], sentence: string, more: Facts = {}): Judged => ({ facts: { ...facts, ...more }, failure: { code, sentence }, sentence: "" });
  if (answer.failure !== null) return { facts, failure: answer.failure, sentence: "" };
  const told = answer.trailers["grpc-status"];
  // A proxy before the server answers in HTTP alone.
  if (told === undefined) return wrong("status", `${peer} answered HTTP ${answer.status}, not gRPC`);
  if (!/^\d{1,3}$/.test(told)) return wrong("protocol", `${peer} sent the gRPC status ${printable(told).slice(0, 40)}`);
  const status = Number(told);
  const called: Facts = { grpcStatus: status, grpcStatusName: grpcStatusName(status) };
  const words = printable(grpcWords(answer.trailers["grpc-message"] ?? "")).slice(0, 200);
  if (status !== 0) return refused(status, `${grpcStatusName(status)} (${status})${words === "" ? "" : `, ${words}`}`, { facts: { ...facts, ...called }, what, peer, ctx });
  const health = decodeHealthAnswer(answer.body);
  if (health.kind === "bad") return wrong("protocol", `${peer} sent ${health.reason}`, called);
  const { serving } = health;
  const all: Facts = { ...called, serving };
  if (serving === "SERVING") return { facts: { ...facts, ...all }, failure: null, sentence: `${what} serves` };
  return ctx.wants.has("serving") ? { facts: { ...facts, ...all }, failure: null, sentence: `${what} says ${serving}` } : wrong("status", `${what} says that it does not serve: ${serving}`, all);
}

/** The call did not succeed: who asks, what is asked for, or a trouble of the server. */
function refused(status: number, words: string, { facts, what, peer, ctx }: { readonly facts: Facts; readonly what: string; readonly peer: string; readonly ctx: ProbeContext }): Judged {
  if (ctx.wants.has("grpcStatus") || ctx.wants.has("grpcStatusName")) return { facts, failure: null, sentence: `${what}: ${words}` };
  const failure = (code: Failure["code"], sentence: string): Judged => ({ facts, failure: { code, sentence }, sentence: "" });
  if (status === 5) return failure("mismatch", `${peer} does not know what was asked for: ${words}`);
  if (status === 7 || status === 16) return failure("auth", `${peer} refused the call: ${words}`);
  if (status === 12) return failure("status", `${peer} speaks gRPC, but has no health service: ${words}`);
  return failure("status", `${what} could not be asked: ${words}`);
}
