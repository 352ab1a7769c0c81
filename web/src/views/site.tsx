import { For, type JSX, Show } from "solid-js";
import { setKeysShown } from "../acts.ts";
import { tell } from "../link/api.ts";
import { now } from "../link/clock.ts";
import { channels, counts, signedOut, site, user } from "../link/site.ts";
import { setTheme, type Theme, theme, THEMES } from "../link/theme.ts";
import { DeadLetters } from "../pieces/dead-letters.tsx";
import { KeyList } from "../pieces/dialogs.tsx";
import { Time } from "../pieces/time.tsx";
import { counted, duration, named } from "../state/format.ts";

/** Schedules have the site's zone, this page the reader's. */
function zones(site: string): string {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return here === site ? site : `${site} in schedules, ${here} on this page`;
}

const THEME_WORDS: { readonly [theme in Theme]: string } = { system: "as the system", light: "light", dark: "dark" };

/** Tocsin itself: what runs, whom it can tell, how the page looks. */
export function SiteView(): JSX.Element {
  const total = (): number => Object.values(counts() ?? {}).reduce((sum, count) => sum + count, 0);
  const leave = async (): Promise<void> => {
    await tell("logout");
    signedOut();
  };
  return (
    <div class="site-view">
      <h1>{site()?.name ?? "Tocsin"}</h1>
      <Show when={site()}>
        {(site) => (
          <dl class="facts">
            <div><dt>Place</dt><dd>{site().vantage}</dd></div>
            <div><dt>Runs since</dt><dd><Time at={site().startedAt} /> ({duration(now() - site().startedAt)})</dd></div>
            <div><dt>Checks</dt><dd class="figure">{total()}</dd></div>
            <div><dt>Version</dt><dd class="figure">{site().version}</dd></div>
            <div><dt>Time zone</dt><dd>{zones(site().timezone)}</dd></div>
          </dl>
        )}
      </Show>
      <section class="block" aria-label="Channels">
        <h2>Channels</h2>
        <Show when={channels().length > 0} fallback={<p class="empty soft">No channels, so nobody is told of anything. Add one under <code>channels</code> in the configuration.</p>}>
          <ul class="channels">
            <For each={channels()}>
              {(channel) => (
                <li data-broken={channel.brokenSince === null && channel.unreachable.length === 0 ? undefined : ""}>
                  <b>{channel.name}</b>
                  <span class="soft">{channel.type}{channel.recipients.join("") === "" ? "" : ` to ${named(channel.recipients, 3)}`}</span>
                  <span>{channel.brokenSince === null ? (channel.unreachable.length === 0 ? "works" : `cannot reach ${named(channel.unreachable.map(({ recipient, reason }) => `${recipient} (${reason})`), 3)}`) : <>broken since <Time at={channel.brokenSince} />: {channel.reason}</>}</span>
                  <span class="soft figure">{channel.waiting === 0 ? "" : `${counted(channel.waiting, "message")} waiting`}</span>
                </li>
              )}
            </For>
          </ul>
        </Show>
      </section>
      <DeadLetters />
      <section class="block" aria-label="This page">
        <h2>This page</h2>
        <div class="site-row">
          <span>Colours</span>
          <div class="choice" role="group" aria-label="Colours">
            <For each={THEMES}>{(one) => <button type="button" aria-pressed={theme() === one} onClick={() => setTheme(one)}>{THEME_WORDS[one]}</button>}</For>
          </div>
        </div>
        <div class="site-row"><span>Wall screen</span><a class="button" href="/?wall">Open the wall</a></div>
        <div class="site-row"><span>Signed in as {user() || "admin"}</span><button type="button" class="button" onClick={() => void leave()}>Sign out</button></div>
        <div class="site-row phone-only"><span>Keys</span><button type="button" class="button" onClick={() => setKeysShown(true)}>Show</button></div>
      </section>
      <section class="block desk-only" aria-label="Keys">
        <h2>Keys</h2>
        <KeyList />
      </section>
    </div>
  );
}
