import { createEffect, createMemo, createSignal, type JSX, Match, on, onMount, Show, Switch } from "solid-js";
import cutIcon from "./icons/cut.svg";
import degradedIcon from "./icons/degraded.svg";
import downIcon from "./icons/down.svg";
import pendingIcon from "./icons/pending.svg";
import upIcon from "./icons/up.svg";
import { listenToKeys } from "./keys.ts";
import { connect, counts, cutOffSince, session, site } from "./link/site.ts";
import { isWide } from "./link/theme.ts";
import { Banners, CutOff } from "./pieces/bars.tsx";
import { CheckList } from "./pieces/check-list.tsx";
import { AcknowledgeDialog, KeysDialog, NoticeBar } from "./pieces/dialogs.tsx";
import { Rail } from "./pieces/rail.tsx";
import { WrongNow } from "./pieces/wrong-now.tsx";
import { followLinks, isWall, route } from "./router.ts";
import type { Route } from "./route.ts";
import { type Face, faceOf, titleOf } from "./state/title.ts";
import { ActView } from "./views/act.tsx";
import { CheckView } from "./views/check.tsx";
import { IncidentPage } from "./views/incident.tsx";
import { Incidents } from "./views/incidents.tsx";
import { SignIn } from "./views/sign-in.tsx";
import { SiteView } from "./views/site.tsx";
import { Wall } from "./views/wall.tsx";

const FACES: { readonly [face in Face]: string } = { up: upIcon, degraded: degradedIcon, down: downIcon, pending: pendingIcon, cut: cutIcon };

function placeOf(here: Route): string {
  if (here.view === "check") return here.name;
  return here.view === "incident" || here.view === "incidents" ? "incidents" : "";
}

/** The tab's title and picture tell the state. */
function tellInTab(): void {
  createEffect(() => {
    document.title = route().view === "act" ? "Do something about it · Tocsin" : session() === "out" ? "Sign in · Tocsin" : titleOf(counts(), cutOffSince() !== null, placeOf(route()), "Tocsin");
  });
  createEffect(() => {
    document.querySelector("#favicon")?.setAttribute("href", FACES[session() === "out" ? "pending" : faceOf(counts(), cutOffSince() !== null)]);
  });
}

/** The whole page. */
export function App(): JSX.Element {
  onMount(() => {
    followLinks();
    listenToKeys();
    void connect();
  });
  tellInTab();
  const acting = createMemo(() => {
    const here = route();
    return here.view === "act" ? here : null;
  });
  return (
    <Switch>
      <Match when={acting()} keyed>{(here) => <ActView token={here.token} silence={here.silence} />}</Match>
      <Match when={session() === "out"}><SignIn /></Match>
      <Match when={session() === "unknown" && cutOffSince() === null}><main class="door skeleton" aria-busy="true">Connecting</main></Match>
      <Match when={isWall()}><Wall /></Match>
      <Match when={true}>
        <div class="shell">
          <a class="skip" href="#main">Skip to the content</a>
          <Rail />
          <div class="stage">
            <CutOff />
            <Banners />
            <Stage />
          </div>
          <NoticeBar />
          <AcknowledgeDialog />
          <KeysDialog />
        </div>
      </Match>
    </Switch>
  );
}

function Stage(): JSX.Element {
  const is = (...views: readonly Route["view"][]): boolean => views.includes(route().view);
  return (
    <Switch>
      <Match when={is("now", "checks", "check")}><Checks /></Match>
      <Match when={is("incidents", "incident")}><Stories /></Match>
      <Match when={is("site")}><main class="pane pane-only" id="main"><SiteView /></main></Match>
      <Match when={is("lost")}>
        <main class="pane pane-only" id="main"><div class="empty"><p>There is nothing at this address.</p><p><a href="/">See what is wrong now</a></p></div></main>
      </Match>
    </Switch>
  );
}

/** The list, and beside it on a desk, in its stead on a telephone, one check. */
function Checks(): JSX.Element {
  const [pane, setPane] = createSignal<HTMLElement>();
  const name = createMemo(() => {
    const here = route();
    return here.view === "check" ? here.name : null;
  });
  const listOnly = createMemo<boolean>((before) => (name() === null ? route().view === "checks" : before), false);
  const hidden = (): boolean => name() !== null && !isWide();
  let scrolled = 0;
  createEffect(on(hidden, (gone) => !gone && pane()?.scrollTo(0, scrolled)));
  return (
    <div class="split" data-open={name() === null ? undefined : ""}>
      <main class="pane pane-list" id={hidden() ? undefined : "main"} hidden={hidden()} ref={setPane} onScroll={(event) => (scrolled = event.currentTarget.scrollTop)}>
        <header class="list-head">
          <h1>{site()?.name ?? "Tocsin"}</h1>
          <span class="soft">{site() === null ? "" : `seen from ${site()?.vantage}`}</span>
        </header>
        <Show when={!listOnly()}><WrongNow /></Show>
        <Show when={pane()}>{(pane) => <CheckList pane={pane()} />}</Show>
      </main>
      <Show when={name()} keyed>
        {(name) => <section class="pane pane-detail" id={hidden() ? "main" : undefined} role={hidden() ? "main" : undefined}><CheckView name={name} /></section>}
      </Show>
    </div>
  );
}

/** Incidents, and one of them as a story. */
function Stories(): JSX.Element {
  const id = createMemo(() => {
    const here = route();
    return here.view === "incident" ? here.id : null;
  });
  const hidden = (): boolean => id() !== null && !isWide();
  return (
    <div class="split" data-open={id() === null ? undefined : ""}>
      <main class="pane pane-list" hidden={hidden()} id={hidden() ? undefined : "main"}><Incidents chosen={id() ?? ""} /></main>
      <Show when={id()} keyed>
        {(id) => <section class="pane pane-detail" id={hidden() ? "main" : undefined} role={hidden() ? "main" : undefined}><IncidentPage id={id} /></section>}
      </Show>
    </div>
  );
}
