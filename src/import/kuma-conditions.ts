import { literal, type Monitor } from "./kuma-monitor.ts";
import { isMapping } from "./values.ts";

/** An operator on a text of a list of which one is enough, as a condition; null where it would mean something else. */
function conditionOf(operator: string, value: string): string | null {
  const text = literal(value);
  switch (operator) {
    case "equals":
      return `== ${value}`;
    case "contains":
      return `/${text}/`;
    case "starts_with":
      return `/^${text}/`;
    case "ends_with":
      return `/${text}$/`;
    default:
      return null;
  }
}

/** The conditions of a monitor on one variable, as a condition on a fact; null where there are none, or, with a remark, where they cannot be said. */
export function conditionsOf(monitor: Monitor, variable: string, fact: string): { readonly [fact: string]: string } | null {
  const given = monitor.json("conditions");
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  if (list.length === 0) return null;
  const [only] = list;
  if (list.length === 1 && isMapping(only) && only["type"] === "expression" && only["variable"] === variable && typeof only["value"] === "string") {
    const condition = conditionOf(String(only["operator"]), only["value"]);
    if (condition !== null) return { [fact]: condition };
  }
  monitor.left("conditions", "more than one condition, or one that says what must not be, is not judged: any answer is well", "write it as `expect`, such as `answers: /^192\\.0\\.2\\./`");
  return null;
}
