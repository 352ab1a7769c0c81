import { blackbox } from "./blackbox.ts";
import { connmonitor } from "./connmonitor-import.ts";
import { csv } from "./csv.ts";
import { dmonitor } from "./dmonitor.ts";
import { downtime } from "./downtime.ts";
import { fletchck } from "./fletchck.ts";
import { gatus } from "./gatus.ts";
import type { Importer } from "./importer.ts";
import { kuma } from "./kuma.ts";
import { monsta } from "./monsta.ts";
import { nagios } from "./nagios.ts";

/** Every foreign format, in the order in which they are shown. A new one is one line here. */
export const importers: readonly Importer[] = [fletchck, csv, monsta, downtime, dmonitor, connmonitor, nagios, kuma, blackbox, gatus];
