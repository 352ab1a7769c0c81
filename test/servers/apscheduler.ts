import { execFileSync } from "node:child_process";

/** What a trigger is asked: its arguments, from when on (ms since 1970), and how many runs. */
export interface TriggerOrder {
  readonly kind: "cron" | "interval";
  readonly fields: { readonly [name: string]: string | number };
  readonly after: number;
  readonly count: number;
}

const PROGRAM = `
import json, sys
from datetime import datetime, timedelta, timezone
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MAKERS = {"cron": CronTrigger, "interval": IntervalTrigger}

def slots(order):
    try:
        trigger = MAKERS[order["kind"]](**order["fields"])
    except ValueError:
        return None
    found, previous = [], None
    now = (EPOCH + timedelta(milliseconds=order["after"])).astimezone(trigger.timezone)
    while len(found) < order["count"]:
        at = trigger.get_next_fire_time(previous, now)
        if at is None:
            break
        found.append(round((at - EPOCH).total_seconds() * 1000))
        previous = now = at
    return found

print(json.dumps([slots(order) for order in json.load(sys.stdin)]))
`;

/** The runs that the installed APScheduler 3 gives each trigger, in ms since 1970; null where it refuses the arguments. */
export function askApscheduler(orders: readonly TriggerOrder[]): readonly (readonly number[] | null)[] {
  const answer = execFileSync("/usr/bin/python3", ["-c", PROGRAM], { input: JSON.stringify(orders), env: { LANG: "C.UTF-8", TZ: "UTC" }, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(answer.toString()) as readonly (readonly number[] | null)[];
}
