import type { AnyChannel } from "../alert/channels/channel.ts";
import type { OptionRow } from "../config/reference.ts";
import type { AnyProbe } from "../probes/probe.ts";
import type { CliCommand } from "./doors.ts";
import { unknownType } from "./unknown.ts";

/** `tocsin types`: what the probes and channels do, and their options. */
export const types: CliCommand = {
  name: "types",
  register(program, doors, end) {
    program
      .command("types")
      .description("List the types of checks and channels, or explain one: what it does, its options with unit and default, its facts.")
      .argument("[type]", "a type, such as http or email")
      .addHelpText("after", `\nExample:\n  tocsin types http\n\nExit codes: 0 printed, 2 there is no such type.`)
      .action(async (type: string | undefined) => {
        const { terminal } = doors;
        const { probes, channels } = await doors.registry();
        if (type === undefined) {
          terminal.out(`Checks:\n${list(probes)}\nChannels:\n${list(channels)}\n\`tocsin types TYPE\` explains one.\n`);
          return;
        }
        const probe = probes.find((it) => it.type === type);
        const channel = channels.find((it) => it.type === type);
        if (probe === undefined && channel === undefined) {
          terminal.err(`${await unknownType(type, [...probes, ...channels].map((it) => it.type))}\n`);
          end(2);
          return;
        }
        const { optionRows } = await import("../config/reference.ts");
        if (probe !== undefined) terminal.out(explain("check", probe, optionRows(probe.options), probe));
        if (channel !== undefined) terminal.out(explain("channel", channel, optionRows(channel.options), null));
      });
  },
};

function list(kinds: readonly (AnyProbe | AnyChannel)[]): string {
  const width = Math.max(0, ...kinds.map(({ type }) => type.length));
  return kinds.map(({ type, about }) => `  ${type.padEnd(width)}  ${about}\n`).join("");
}

function optionText(row: OptionRow): string {
  const standing = row.required ? "required" : row.default === null ? "optional" : `default ${row.default}`;
  const marks = [standing, row.secret ? "secret, never shown" : "", row.hostPower ? "changes only in the file" : "", row.source ?? ""].filter((mark) => mark !== "");
  return `  ${row.option}: ${row.type} (${marks.join("; ")})\n${row.about === "" ? "" : `      ${row.about}\n`}`;
}

/** One type as plain text. */
function explain(noun: string, kind: AnyProbe | AnyChannel, rows: readonly OptionRow[], probe: AnyProbe | null): string {
  const options = rows.length === 0 ? "No options of its own.\n" : `Options:\n${rows.map(optionText).join("")}`;
  const facts = Object.entries(probe?.facts ?? {}).map(([name, { unit, about }]) => `  ${name}${unit === undefined ? "" : ` (${unit})`}: ${about}\n`);
  const expected = Object.entries(probe?.expect ?? {}).map(([fact, condition]) => `  ${fact}: ${condition}\n`);
  const parts = [
    `${kind.type} (${noun}): ${kind.about}\nSource: ${kind.source}\n`,
    options,
    facts.length === 0 ? "" : `Facts, for \`expect\` and \`warn\`:\n${facts.join("")}`,
    expected.length === 0 ? "" : `Expected unless the check says otherwise:\n${expected.join("")}`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}
