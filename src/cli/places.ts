import { join } from "node:path";
import type { Doors } from "./doors.ts";

export const CONFIGURATION_FILE = "tocsin.yaml";

/** The configuration file that a command means: the one named, or `tocsin.yaml` in this folder. */
export const configurationPath = (named: string | undefined): string => named ?? CONFIGURATION_FILE;

/** The data folder that a command means: the one named, `TOCSIN_DATA`, or `data` in this folder. */
export const dataFolder = (named: string | undefined, doors: Pick<Doors, "environment">): string => named ?? (doors.environment["TOCSIN_DATA"] || "data");

/** The Unix socket on which a running Tocsin answers commands; no login is needed there. */
export const socketPath = (folder: string): string => join(folder, "socket");
