import { parseArgs } from "node:util";
import { attack } from "./attack.ts";
import { decoders } from "./decoders.ts";

const HELP = `Feeds every decoder of what comes from the network with random, cut, oversized, changed and hostile bytes.

  npm run fuzz                                    a million inputs for each decoder
  npm run fuzz -- --decoder dns --inputs 5000000  more of one: ${decoders.map(({ name }) => name).join(", ")}
  npm run fuzz -- --seed 7                        other inputs; the same seed gives the same ones

Exit codes: 0 every input became a value of bounded size, 1 one did not, 2 wrong usage.`;

const { values } = parseArgs({ options: { inputs: { type: "string", default: "1000000" }, decoder: { type: "string" }, seed: { type: "string", default: "1" }, help: { type: "boolean", short: "h" } } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const count = (text: string): number | null => (/^\d{1,12}$/.test(text) ? Number(text) : null);

const inputs = count(values.inputs);
const seed = count(values.seed);
const chosen = decoders.filter(({ name }) => values.decoder === undefined || values.decoder === name);

if (values.help === true) say(HELP);
else if (inputs === null || seed === null || chosen.length === 0) {
  say(HELP);
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
