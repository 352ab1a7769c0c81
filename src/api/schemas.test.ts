import { expect, test } from "vitest";
import type { z } from "zod";
import * as schemas from "./schemas.ts";
import type * as types from "./types.ts";

type Plain<T> = T extends readonly (infer Item)[] ? Plain<Item>[] : T extends object ? { -readonly [Key in keyof T]: Plain<T[Key]> } : T;
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the one way to ask for identical types
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Does not compile unless the schema and the contract are the same type, field by field. */
const same = <Schema extends z.ZodType, Contract>(equal: Same<Plain<z.output<Schema>>, Plain<Contract>>): void => expect(equal).toBe(true);

test("every schema of an answer is its type of the contract", () => {
  same<typeof schemas.banner, types.Banner>(true);
  same<typeof schemas.checkSummary, types.CheckSummary>(true);
  same<typeof schemas.channelSummary, types.ChannelSummary>(true);
  same<typeof schemas.overview, types.Overview>(true);
  same<typeof schemas.statusReport, types.StatusReport>(true);
  same<typeof schemas.resultView, types.ResultView>(true);
  same<typeof schemas.incidentView, types.IncidentView>(true);
  same<typeof schemas.storyLine, types.StoryLine>(true);
  same<typeof schemas.incidentStory, types.IncidentStory>(true);
  same<typeof schemas.whyView, types.WhyView>(true);
  same<typeof schemas.whyLine, types.WhyLine>(true);
  same<typeof schemas.bucketView, types.BucketView>(true);
  same<typeof schemas.historyView, types.HistoryView>(true);
  same<typeof schemas.checkDetail, types.CheckDetail>(true);
  same<typeof schemas.messageView, types.MessageView>(true);
  same<typeof schemas.linkedView, types.LinkedView>(true);
  same<typeof schemas.sessionView, types.SessionView>(true);
  same<typeof schemas.reloadReport, types.ReloadReport>(true);
  same<typeof schemas.testReport, types.TestReport>(true);
  same<typeof schemas.problemView, types.ProblemView>(true);
  same<typeof schemas.streamEvent, types.StreamEvent>(true);
});

test("queries", () => {
  const f = (schema: z.ZodType, input: unknown, output: unknown) => {
    const parsed = schema.safeParse(input);
    expect(parsed.success ? parsed.data : null).toEqual(output);
  };
  f(schemas.resultsQuery, {}, { limit: 50 });
  f(schemas.resultsQuery, { limit: "500", failed: "true", before: "17" }, { limit: 500, failed: true, before: 17 });
  f(schemas.resultsQuery, { limit: "501" }, null);
  f(schemas.resultsQuery, { limit: "1.5" }, null);
  f(schemas.resultsQuery, { failed: "1" }, null);
  f(schemas.resultsQuery, { before: "-1" }, null);
  f(schemas.resultsQuery, { before: "Infinity" }, null);
  f(schemas.resultsQuery, { befor: "1" }, null);
  f(schemas.historyQuery, { stepMs: "999" }, null);
  f(schemas.historyQuery, { from: "1", to: "2", stepMs: "1000" }, { from: 1, to: 2, stepMs: 1000 });
  f(schemas.incidentParams, { id: "0123456789abcdef0123456789abcdef" }, { id: "0123456789abcdef0123456789abcdef" });
  f(schemas.incidentParams, { id: "0123456789abcdef0123456789abcdeg" }, null);
  f(schemas.acknowledgeBody, {}, { note: "" });
  f(schemas.acknowledgeBody, { note: "x".repeat(501) }, null);
  f(schemas.loginBody, { password: ["x"] }, null);
});
