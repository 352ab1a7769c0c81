import { z } from "zod";

/** Headers that are ours to set. */
const RESERVED: ReadonlySet<string> = new Set(["host", "content-length", "connection", "transfer-encoding", "idempotency-key", "x-tocsin-key", "x-tocsin-signature"]);
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
export const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

const name = z
  .string()
  .regex(NAME, "a header's name is letters, digits and -")
  .refine((text) => !RESERVED.has(text.toLowerCase()), "this header is set by Tocsin");

/** Headers of a request beyond those that Tocsin sets (RFC 9110, section 5). */
export const moreHeaders = () => z.record(name, z.string().regex(HEADER_VALUE, "a header's value is one line of Latin letters")).default({}).describe("Further headers; write tokens as ${file:path} or ${env:NAME}").meta({ secret: true });
