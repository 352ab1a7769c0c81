import { parseArgs } from "node:util";
import { attack } from "./attack.ts";
import { decoders } from "./decoders.ts";

const HELP = `Feeds every decoder of what comes from the network with random, cut, oversized, changed and hostile bytes.

  npm run fuzz                                    a million inputs for each decoder, in the order of --list
  npm run fuzz -- --list                          the decoders, and the files of src/wire that each runs through
  npm run fuzz -- --decoder dns --inputs 5000000  more of one; --decoder may be given several times
  npm run fuzz -- --seed 7                        other inputs; the same seed gives the same ones

Exit codes: 0 every input became a value of bounded size, 1 one did not, 2 wrong usage.`;

const { values } = parseArgs({ options: { inputs: { type: "string", default: "1000000" }, decoder: { type: "string", multiple: true, default: [] }, list: { type: "boolean" }, seed: { type: "string", default: "1" }, help: { type: "boolean", short: "h" } } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const count = (text: string): number | null => (/^\d{1,12}$/.test(text) ? Number(text) : null);

const inputs = count(values.inputs);
const seed = count(values.seed);
const strangers = values.decoder.filter((name) => !decoders.some((decoder) => decoder.name === name));
const chosen = decoders.filter(({ name }) => values.decoder.length === 0 || values.decoder.includes(name));

if (values.help === true) say(HELP);
else if (values.list === true) for (const { name, files } of decoders) say(`${name.padEnd(18)}${files.join(", ")}`.trimEnd());
else if (inputs === null || seed === null || strangers.length > 0) {
  say(strangers.length > 0 ? `there is no decoder ${strangers.join(", ")}; --list names them` : HELP);
  process.exitCode = 2;
} else {
  for (const decoder of chosen) {
    const begin = performance.now();
    const found = attack(decoder, inputs, seed);
    const seconds = (performance.now() - begin) / 1000;
    say(`${decoder.name}: ${inputs} inputs, ${found.length === 0 ? "each became a value" : `${found.length} FOUND`}, ${seconds.toFixed(1)} s`);
    for (const { input, octets, what } of found) say(`  input ${input} of seed ${seed}: ${what}\n  ${octets}`);
    if (found.length > 0) process.exitCode = 1;
  }
}
