import { expect, test } from "vitest";
import { digest } from "../src/alert/items.ts";
import { STATUS_MARKS, type StatusWord } from "../src/api/types.ts";
import { sampleAlert } from "../src/store/samples.ts";

test.each(Object.entries(STATUS_MARKS) as [StatusWord, (typeof STATUS_MARKS)[StatusWord]][])("messages have the mark, word and order of the page: %s", (status, { mark, word, trouble }) => {
  expect(digest([sampleAlert("a", "shop", 0, { kind: "run", status })])).toMatchObject([{ mark, word: word.toUpperCase(), trouble }]);
});
