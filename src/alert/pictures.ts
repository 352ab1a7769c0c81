import type { Alert, CheckName, Instant } from "../core/types.ts";
import type { Clock, Log } from "../sys/ports.ts";
import type { Attachment } from "./channels/channel.ts";
import { digest } from "./items.ts";

/** Draws how a check was before `asOf`; null when there is nothing to see. May reject. */
export type Draw = (check: CheckName, asOf: Instant) => Promise<Attachment | null>;

/** A message shows so many checks at most. */
const PICTURES_MAX = 3;
/** No message waits longer for its pictures. */
const DRAWING_MS = 3000;
const UNSEEN: ReadonlySet<Alert["kind"]> = new Set(["test", "channel-broken", "channel-mended", "digest"]);

/** The pictures that go with these alerts, the worst first. A message never fails for want of a picture. */
export async function picturesOf(alerts: readonly Alert[], asOf: Instant, draw: Draw, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<ReadonlyMap<CheckName, Attachment>> {
  const checks = new Set(digest(alerts).slice(0, PICTURES_MAX).flatMap(({ alert }) => (UNSEEN.has(alert.kind) ? [] : [alert.check])));
  const pictures = new Map<CheckName, Attachment>();
  const drawn = Promise.all(
    [...checks].map(async (check, at) => {
      const picture = await draw(check, asOf);
      if (picture !== null) pictures.set(check, { ...picture, name: picture.name.replace(/(?=\.\w+$)/, at === 0 ? "" : `-${at + 1}`) });
    }),
  ).catch((error: unknown) => log.warn(`a message goes without its picture: ${error instanceof Error ? error.message : String(error)}`));
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = clock.timer(DRAWING_MS, resolve);
  await Promise.race([drawn, late]);
  timer.cancel();
  // What is drawn later belongs to nothing.
  return new Map(pictures);
}
