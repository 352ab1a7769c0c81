import { z } from "zod";
import type { Probe } from "./probe.ts";

const options = z.strictObject({});

/** Stands in the list for its options: members, require and run are keys of the check itself, and the engine judges a group. */
export const group: Probe<z.output<typeof options>> = {
  type: "group",
  about: "Is up when all, any or enough of its members are; they run in turn, or by their own schedules",
  source: "Tocsin's own",
  options,
  facts: { failing: { about: "Names of the members that fail" }, up: { number: true, about: "Members that are up or degraded" }, members: { number: true, about: "Members that take part" } },
  target: () => "",
  run: () => Promise.reject(new Error("a group is judged by the engine")),
};
