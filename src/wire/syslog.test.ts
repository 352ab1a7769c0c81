import fc from "fast-check";
import { expect, test } from "vitest";
import { FACILITIES, type SyslogRecord, encodeLocalSyslog, encodeSyslog, syslogFrame } from "./syslog.ts";

const record: SyslogRecord = { facility: "local4", severity: "notice", timestamp: "2003-08-24T12:14:15.000Z", hostname: "192.0.2.1", application: "myproc", messageId: "ID47", data: { id: "a@32473", values: [["iut", "3"]] }, text: "An event" };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const f = (more: Partial<SyslogRecord>): string => text(encodeSyslog({ ...record, ...more }));

test("is that of RFC 5424, section 6", () => expect(f({})).toBe('<165>1 2003-08-24T12:14:15.000Z 192.0.2.1 myproc - ID47 [a@32473 iut="3"] An event'));
test("the priority is facility and severity", () => {
  expect(f({ facility: "kern", severity: "emerg" })).toMatch(/^<0>1 /);
  expect(f({ facility: "local7", severity: "debug" })).toMatch(/^<191>1 /);
  expect(FACILITIES).toHaveLength(24);
});
test("values are escaped, and nothing makes a second line", () => {
  expect(f({ data: { id: "a@1", values: [["k", 'a"b\\c]d\ne'], ["n=]\"", ""]] }, text: "one\r\n<1>two" })).toMatch(/\[a@1 k="a\\"b\\\\c\\\]d e" n---=""\] one <1>two$/);
});
test("names without a printable sign are nothing", () => expect(f({ hostname: "", application: "töcsin", messageId: " " })).toContain(" - t-csin - - ["));
test("what is too long loses its end, at a sign", () => {
  const long = encodeSyslog({ ...record, text: "ü".repeat(3000) });
  expect([long.length <= 2048, long.length >= 2047, text(long).includes("\ufffd")]).toEqual([true, true, false]);
});
test("to the daemon of the machine: tag, text, pairs", () => expect(text(encodeLocalSyslog({ ...record, text: "a\nb" }))).toBe('<165>myproc: a b iut="3"'));
test("on a stream its length comes first, in octets", () => expect(text(syslogFrame(Buffer.from("ü")))).toBe("2 ü"));
test("whatever is said: one line of at most 2048 octets", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3000 }), fc.string(), (any, name) => {
      for (const bytes of [encodeSyslog, encodeLocalSyslog].map((encode) => encode({ ...record, text: any, hostname: any, data: { id: "a@1", values: [[name, any]] } }))) {
        expect(bytes.length).toBeLessThanOrEqual(2048);
        expect(text(bytes)).not.toMatch(/[\n\r\0]/);
      }
    }),
  );
});
