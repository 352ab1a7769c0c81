interface Step {
  readonly after: number | string;
  readonly to: readonly string[];
  readonly repeat?: string;
}

/** Each name once at a time, where other systems may name it twice: in the first step that repeats, else in the first. Steps without names are left out. */
export function onceAtATime<Its extends Step>(steps: readonly Its[]): readonly Its[] {
  const keyOf = (step: Its, name: string): string => JSON.stringify([step.after, name]);
  const holders = new Map<string, Its>();
  for (const step of steps) {
    for (const name of step.to) {
      const holder = holders.get(keyOf(step, name));
      if (holder === undefined || (holder.repeat === undefined && step.repeat !== undefined)) holders.set(keyOf(step, name), step);
    }
  }
  return steps.map((step) => ({ ...step, to: step.to.filter((name) => holders.get(keyOf(step, name)) === step) })).filter(({ to }) => to.length > 0);
}
