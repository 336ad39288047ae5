import { useSignal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { connection, isPaused, nowMs, restarts } from "../live/feed.ts";
import { isReadOnly } from "../live/place.ts";
import { isGuarded } from "../live/rights.ts";
import { token } from "../live/session.ts";
import { distance } from "../parts/time.tsx";
import { useNarrow } from "../parts/use-narrow.ts";
import { type AgentLine, useAgentLine } from "./agent.ts";
import { Announcements } from "./announcements.tsx";
import { dialogue } from "./dialogues.ts";
import { Help } from "./help.tsx";
import type { Key } from "./keys.ts";
import { LoginButton } from "./login-button.tsx";
import { go, hrefOf, matchPath, route } from "./router.ts";
import type { Screen, ScreenProps } from "./screen.ts";
import { nextTheme, theme } from "./theme.ts";
import { showTitle } from "./title.ts";

interface AppProps {
  readonly screens: readonly Screen[];
  readonly keys: readonly Key[];
}

/** The page: its line of state, its menu, and the screen of the present path. */
export function App({ screens, keys }: AppProps): JSX.Element {
  const line = useAgentLine();
  const { path } = route.value;
  const found = screens.flatMap((screen) => {
    const params = matchPath(screen.pattern, path);
    return params ? [{ screen, params }] : [];
  })[0];
  const isLost = connection.value.kind === "lost";
  const title = found?.params["name"] ?? found?.screen.title ?? "Not found";
  const { node } = line;
  const [critical, warning] = [line.critical.size, line.warning.size];
  useEffect(
    () => showTitle({ screen: title, node, critical, warning, isLost }),
    [title, node, critical, warning, isLost],
  );
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Top {...line} />
      <Menu {...{ screens, path }} />
      <main id="main" tabIndex={-1}>
        <NotLoggedIn />
        {found ? (
          <Part key={found.screen.title} load={found.screen.load} params={found.params} />
        ) : (
          <NotFound path={path} />
        )}
      </main>
      <Restarted />
      <Announcements line={line} />
      {dialogue.value === "help" && <Help {...{ keys }} />}
      {dialogue.value === "log-in" && <Part load={loadLogIn} params={{}} />}
    </>
  );
}

function Top({ node, critical, warning }: AgentLine): JSX.Element {
  return (
    <header>
      <a class="node" href={hrefOf("/")}>
        {node ?? "Praetor"}
      </a>
      <LiveButton />
      {isReadOnly && <Lock />}
      <span class="counts">
        {critical.size > 0 && <a href={hrefOf("/services?status=critical")}>{critical.size} critical</a>}
        {warning.size > 0 && <a href={hrefOf("/services?status=warning")}>{warning.size} warning</a>}
      </span>
      <SearchBox />
      <span class="ends">
        <button type="button" class="quiet" onClick={nextTheme} aria-label={`Theme: ${theme.value}`}>
          {theme.value}
        </button>
        <LoginButton />
        <button type="button" class="quiet" onClick={() => (dialogue.value = "help")} aria-label="Keys and help">
          ?
        </button>
      </span>
    </header>
  );
}

/** The mark of an agent that lets browsers only read. */
function Lock(): JSX.Element {
  return (
    <span class="lock" data-state="read-only" title="The agent lets browsers only read (ui_config.read_only)">
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d="M3 7h10v8H3zM5 7V5a3 3 0 0 1 6 0v2" fill="none" stroke="currentColor" stroke-width="2" />
      </svg>
      read-only
    </span>
  );
}

/** Says to a user without a login that lists may be shorter than they are, as the agent leaves out what others may not see. */
function NotLoggedIn(): JSX.Element | null {
  if (!isGuarded.value || token.value !== "") return null;
  return (
    <div class="bar stale" data-state="anonymous">
      <p>You are not logged in: you see what everybody may see.</p>
      <button type="button" onClick={() => (dialogue.value = "log-in")}>
        Log in
      </button>
    </div>
  );
}

/** The search in keys and values. It is empty on every screen: the text belongs to the search's address. */
function SearchBox(): JSX.Element {
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("q");
        if (!(field instanceof HTMLInputElement) || field.value === "") return;
        go(`/search?q=${encodeURIComponent(field.value)}`);
        field.value = "";
      }}
    >
      <input
        name="q"
        data-search
        aria-label="Search all keys and values"
        placeholder="Search keys"
        autocomplete="off"
      />
    </form>
  );
}

/** The state of the connection; a press pauses all updates, and another goes on. */
function LiveButton(): JSX.Element {
  const state = connection.value;
  const word = isPaused.value ? "paused" : wordOf(state.kind, "sinceMs" in state ? nowMs.value - state.sinceMs : 0);
  return (
    <button
      type="button"
      class={`quiet live ${isPaused.value ? "paused" : state.kind}`}
      data-connection={state.kind}
      aria-pressed={isPaused.value}
      title="Pause or go on with all updates"
      onClick={() => (isPaused.value = !isPaused.peek())}
    >
      <span class="dot" aria-hidden="true" />
      {word}
    </button>
  );
}

function wordOf(kind: typeof connection.value.kind, lostMs: number): string {
  switch (kind) {
    case "held":
      return "live";
    case "lost":
      return `no answer for ${distance(lostMs)}`;
    case "opening":
      return "connecting";
    case "released":
      return "not live";
    case "denied":
      return "denied";
  }
}

/** Screens that the bar of a phone names; the others are behind its fifth place. */
const namedOnPhone = 4;

function Menu({ screens, path }: { readonly screens: readonly Screen[]; readonly path: string }): JSX.Element {
  const listed = screens.filter(({ key }) => key !== undefined);
  const named = useNarrow() ? namedOnPhone : listed.length;
  const linkOf = ({ pattern, title }: Screen): JSX.Element => {
    const isHere = pattern === "/" ? path === "/" : path.startsWith(pattern);
    return (
      <a key={pattern} href={hrefOf(pattern)} {...(isHere && { "aria-current": "page" as const })}>
        {title}
      </a>
    );
  };
  return (
    <nav aria-label="Screens">
      {listed.slice(0, named).map(linkOf)}
      {listed.length > named && (
        // A new path makes a new element, so that the list closes when one of its screens opens.
        <details key={path} class="more">
          <summary>More</summary>
          <div>{listed.slice(named).map(linkOf)}</div>
        </details>
      )}
    </nav>
  );
}

interface PartProps extends ScreenProps {
  readonly load: () => Promise<ComponentType<ScreenProps>>;
}

/** Shows a component, such as a screen, as soon as its script is there. */
function Part({ load, params }: PartProps): JSX.Element {
  const View = useSignal<ComponentType<ScreenProps> | undefined>(undefined);
  const fault = useSignal("");
  useEffect(() => {
    load().then(
      (component) => (View.value = component),
      () => (fault.value = "This part of the page did not come. The agent may have been replaced: reload the page."),
    );
  }, [load]);
  if (fault.value !== "") return <p class="bar refused">{fault.value}</p>;
  const Shown = View.value;
  return Shown ? <Shown params={params} /> : <div class="bar loading" aria-busy="true" />;
}

/** The dialogue is a script of its own, as most visits need none. */
const loadLogIn = async (): Promise<ComponentType<ScreenProps>> => (await import("./log-in.tsx")).LogIn;

function NotFound({ path }: { readonly path: string }): JSX.Element {
  return (
    <>
      <h1>No such screen</h1>
      <p>
        There is no screen at <code>{path}</code>. <a href={hrefOf("/services")}>Services</a>
      </p>
    </>
  );
}

/** Says a restart of the agent. */
function Restarted(): JSX.Element {
  const restarted = useSignal(0);
  const isNew = restarts.value > restarted.value;
  return (
    <div role="status">
      {isNew && (
        <p class="bar stale" data-state="restarted">
          The agent has restarted; everything was read again.{" "}
          <button type="button" onClick={() => (restarted.value = restarts.peek())}>
            OK
          </button>
        </p>
      )}
    </div>
  );
}
