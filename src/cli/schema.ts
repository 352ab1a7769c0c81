import type { CliCommand } from "./doors.ts";

/** `tocsin schema`: the configuration's JSON Schema, for editors. */
export const schema: CliCommand = {
  name: "schema",
  register(program, doors) {
    program
      .command("schema")
      .description("Print the JSON Schema of the configuration, for editors.")
      .addHelpText("after", `\nExample:\n  tocsin schema > tocsin.schema.json\n  and as the first line of tocsin.yaml: # yaml-language-server: $schema=tocsin.schema.json`)
      .action(async () => {
        const [{ configurationSchema }, { probes, channels }] = await Promise.all([import("../config/jsonschema.ts"), doors.registry()]);
        doors.terminal.out(`${JSON.stringify(configurationSchema(probes, channels), null, 2)}\n`);
      });
  },
};
