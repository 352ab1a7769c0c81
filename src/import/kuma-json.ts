import { type Monitor, literal } from "./kuma-monitor.ts";

/** `$.a.b[0]`, `a."b c"`, `$`: the steps of a JSONata path that only steps; null for anything more. */
function stepsOf(path: string): readonly string[] | null {
  let rest = path.trim().replace(/^\$(?=$|\.|\[)/, "");
  const steps: string[] = [];
  while (rest !== "") {
    const step = /^\.?(?:([A-Za-z_]\w*)|`([^`]+)`|"([^"]+)")|^\.?\[(\d+)\]/.exec(rest);
    if (step === null) return null;
    steps.push(step[1] ?? step[2] ?? step[3] ?? step[4] ?? "");
    rest = rest.slice(step[0].length);
  }
  return steps;
}

/** An operator of Uptime Kuma's and what it compares with, as a condition; null for an operator that it does not have. */
function comparison(operator: string, expected: string): string | null {
  switch (operator) {
    case "":
    case "==":
      return `== ${expected}`;
    case "!=":
      return `!= ${expected}`;
    case ">":
    case ">=":
    case "<":
    case "<=":
      return /^-?\d+(\.\d+)?$/.test(expected.trim()) ? `${operator} ${expected.trim()}` : null;
    case "contains":
      return `/${literal(expected)}/`;
    default:
      return null;
  }
}

/** The query of a monitor as a condition on a fact below `root`; null, with a remark, when it cannot be said. */
export function queryOf(monitor: Monitor, root: string): { readonly [fact: string]: string } | null {
  const path = monitor.text("json_path");
  const condition = comparison(monitor.text("json_path_operator"), monitor.exact("expected_value"));
  const steps = stepsOf(path);
  const fact = steps === null ? null : [root, ...steps].join(".");
  if (fact !== null && condition !== null) return { [fact]: condition };
  monitor.left(fact === null ? "json_path" : "expected_value", "this is more than a path of keys and indexes compared with a value: it is not judged", "write a condition such as `body.json.queue[0].depth: < 100`, or let a script check judge");
  return null;
}
