import { openDoors } from "./app/doors.ts";
import { check } from "./cli/check.ts";
import { importCommand } from "./cli/import.ts";
import { notify } from "./cli/notify.ts";
import { runCommandLine } from "./cli/program.ts";
import { run } from "./cli/run.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), openDoors(), [run, check, notify, importCommand]);
