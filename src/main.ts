import { openDoors } from "./app/doors.ts";
import { backtest } from "./cli/backtest.ts";
import { check } from "./cli/check.ts";
import { runForeign } from "./cli/connvitals.ts";
import { importCommand } from "./cli/import.ts";
import { notify } from "./cli/notify.ts";
import { runCommandLine } from "./cli/program.ts";
import { run } from "./cli/run.ts";
import { vitals } from "./cli/vitals.ts";

const args = process.argv.slice(2);
const doors = openDoors();
process.exitCode = await (runForeign(args, doors) ?? runCommandLine(args, doors, [run, check, notify, importCommand, vitals, backtest]));
