import { For, type JSX } from "solid-js";
import { counts, site } from "../link/site.ts";
import { route } from "../router.ts";
import { Icon } from "./icon.tsx";

const PLACES = [
  { to: "/", icon: "now", word: "Now", views: ["now"] },
  { to: "/checks", icon: "checks", word: "Checks", views: ["checks", "check"] },
  { to: "/incidents", icon: "incidents", word: "Incidents", views: ["incidents", "incident"] },
  { to: "/site", icon: "site", word: "Site", views: ["site"] },
] as const;

/** The four places: a rail at the left of a desk, a bar under the thumb on a telephone. */
export function Rail(): JSX.Element {
  const here = (views: readonly string[]): boolean => views.includes(route().view);
  const down = (): number => counts()?.down ?? 0;
  return (
    <nav class="rail" aria-label="Places">
      <a class="rail-head" href="/" title={site()?.name ?? "Tocsin"} aria-label="Tocsin, to what is wrong now">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M16 4c5 0 7.500 3.700 7.500 8.500 0 7 3 9 3 10.500H5.500c0-1.500 3-3.500 3-10.500C8.500 7.700 11 4 16 4z" fill="currentColor" />
          <path d="M12.800 25.800a3.300 3.300 0 0 0 6.400 0z" fill="currentColor" />
        </svg>
      </a>
      <For each={PLACES}>
        {(place) => (
          <a class="rail-link" href={place.to} aria-current={here(place.views) ? "page" : undefined}>
            <Icon name={place.icon} />
            <span>{place.word}</span>
            {place.icon === "now" && down() > 0 ? <b class="rail-count" aria-label={`${down()} down`}>{down() > 99 ? "99+" : down()}</b> : null}
          </a>
        )}
      </For>
    </nav>
  );
}
