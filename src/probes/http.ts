import { z } from "zod";
import { endpointOf } from "../dial/http.ts";
import { webAddress } from "../dial/options.ts";
import { endpoint } from "../dial/service-options.ts";
import { answerFacts, ask, connectionOptions, credentialsOf, headerProblem, method, redirects, requestOptions } from "./http-request.ts";
import type { Probe } from "./probe.ts";

const options = z.strictObject({
  url: webAddress().describe("Address to ask for, http or https; international names are allowed"),
  method: method().default("GET").describe("Request method, in capitals"),
  ...requestOptions(),
  redirects: redirects().default(5).describe("Redirects to follow at most; with 0 the redirect itself is judged"),
  ...connectionOptions(),
});

type Options = z.output<typeof options>;

/** One web request, its redirects followed, over connections of its own. */
export const http: Probe<Options> = {
  type: "http",
  about: "Asks a web server and looks at status, header fields, body and certificate; for several requests in order see http-steps",
  source: "RFC 9110, RFC 9112 (HTTP/1.1), RFC 9113 (HTTP/2)",
  options,
  facts: answerFacts,
  expect: { status: "200-299" },
  host: ({ url, proxy }) => proxy?.host ?? endpointOf(new URL(url)).host,
  target: ({ url }) => {
    const { host, port } = endpointOf(new URL(url));
    return endpoint(host, port);
  },
  check: headerProblem,
  run: (chosen, ctx) => ask({ ...chosen, url: new URL(chosen.url), credentials: credentialsOf(chosen) }, ctx),
};
