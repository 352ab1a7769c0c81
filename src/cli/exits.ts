import type { Verdict } from "../core/types.ts";

/** Exit codes of the Nagios plugin API. */
export const PLUGIN_EXITS: { readonly [verdict in Verdict]: number } = { up: 0, degraded: 1, down: 2, unknown: 3 };

/** Exit code of a command line that cannot be understood (sysexits.h, EX_USAGE): none of those that `status` or a Nagios plugin use. */
export const EXIT_USAGE = 64;
