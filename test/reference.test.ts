import { expect, test } from "vitest";
import { channels } from "../src/alert/channels/index.ts";
import { providers } from "../src/alert/providers/index.ts";
import { configurationSchema } from "../src/config/jsonschema.ts";
import { loadSite } from "../src/config/load.ts";
import { formatProblem } from "../src/config/problems.ts";
import { STARTER } from "../src/config/starter.ts";
import { folder } from "../src/config/testdata/folder.ts";
import { probes } from "../src/probes/index.ts";
import { proofOf, unseen } from "./proofs.ts";
import { COMMAND, references } from "./reference.ts";

/** What lint prints, with the real probes and channels. */
async function lint(text: string, more: { readonly [path: string]: string } = {}): Promise<readonly string[]> {
  const environment = { SMTP_PASSWORD: "a" };
  const loading = await loadSite({ path: "/t/tocsin.yaml", files: folder({ "/t/tocsin.yaml": text, ...more }), environment, probes, channels });
  return (loading.kind === "loaded" ? loading.warnings : loading.problems).map(formatProblem);
}

test("the generated parts of the documents are what the code says", async () => {
  const old = (await references()).filter(({ now, right }) => now !== right).map(({ path }) => path);
  expect(old, `out of date: run \`${COMMAND}\``).toEqual([]);
});

test("the first configuration loads without a warning", async () => expect(await lint(STARTER)).toEqual([]));

test("so do its commented examples", async () => {
  const whole = STARTER.replaceAll(/^( *)# ((?: {0,8})(?:- |[a-z]+:).*)$/gm, "$1$2");
  expect(whole).toContain("\n  shop:\n");
  expect(await lint(whole, { "/t/chat.url": "https://chat.example.com/hook", "/t/backup.token": "d".repeat(40) })).toEqual([]);
});

test("every probe and channel explains its options", () => {
  const all = [...channels, ...providers];
  for (const kind of [...probes, ...all]) expect(kind.about).not.toBe("");
  expect(() => JSON.stringify(configurationSchema(probes, all))).not.toThrow();
});

test("every probe was seen up and down against something", () => {
  const found = probes.flatMap(({ type }) => {
    const proof = proofOf(type);
    if (proof === null) return [`${type}: no test/servers/${type}.test.ts with describeWith([...], "${type} against ..."), and no entry in test/proofs.ts`];
    return unseen(proof).map((verdict) => `${type}: ${proof.test} never sees it ${verdict}`);
  });
  expect(found.join("\n")).toBe("");
});
