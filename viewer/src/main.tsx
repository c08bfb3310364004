import { render, type JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { LibraryDocument, LibraryEntry } from "../../src/view/documents.ts";
import { AuditView } from "./audit.tsx";
import { isFile, useDocument } from "./data.ts";
import { DiffView } from "./diff.tsx";
import { LeagueView } from "./league.tsx";
import { MatchupView } from "./matchup.tsx";
import { useKeys } from "./keys.ts";
import { LibraryView } from "./library.tsx";
import { Ready } from "./parts.tsx";
import { PlayView } from "./play.tsx";
import { RolloutView } from "./rollout.tsx";
import { go, href, type Route, useRoute } from "./route.ts";
import { RunView } from "./run.tsx";
import { ScoresView, ScoreView } from "./scores.tsx";
import { showTexts, shownText } from "./shown-text.ts";
import "./style.css";
import { TreeView } from "./tree.tsx";

const help: readonly (readonly [keys: string, what: string])[] = [
  ["j, k; →, ←", "next and previous line or step"],
  ["Enter", "open what is chosen"],
  ["d", "next divergence"],
  ["n, p", "next and previous rollout"],
  ["space", "play the steps"],
  ["w, b, l, s, f", "worst, best, longest, slowest first; faults only"],
  ["w, b", "among scores: worst and best completion of the same task"],
  ["u", "up: to the run, to the table"],
  ["t", "dark or light"],
  ["?", "this list"],
];

function Page(): JSX.Element {
  const route = useRoute();
  const library = useDocument<LibraryDocument>("library");
  const [isHelp, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const place = route.slice(0, 2).join("/");
  useKeys({
    "?": () => setHelp(!isHelp),
    Escape: () => setHelp(false),
    u: () => go(route.length > 1 ? href(route[0] ?? "") : "#"),
    t: () => switchTheme(),
  });
  useEffect(() => {
    document.title = route.length === 0 ? "Sameseed" : shownText(`${route.join(" · ")} · Sameseed`);
  });
  useEffect(() => {
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header>
        <nav aria-label="Place">
          <a
            href="#"
            class="home"
            onClick={(event) => {
              event.preventDefault();
              location.hash = "";
            }}
          >
            Sameseed
          </a>
          {route.slice(0, 2).map((part, at) => (
            <>
              {" › "}
              <a href={href(...route.slice(0, at + 1))}>{part.replace(/^~/, "")}</a>
            </>
          ))}
        </nav>
        {library.data?.token !== undefined && <a href="#~play">Play</a>}
        <span class="quiet">
          {isFile ? "a page in a file" : library.data?.token === undefined ? "read only" : "may run"}
        </span>
        <button type="button" onClick={() => setHelp(!isHelp)} aria-expanded={isHelp} aria-label="Keys">
          ?
        </button>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {isHelp && <Help />}
        <Ready of={library}>{(found) => <View route={route} library={found} />}</Ready>
      </main>
    </>
  );
}

function View({ route, library }: { readonly route: Route; readonly library: LibraryDocument }): JSX.Element {
  const [id, name, third, ...rest] = route;
  if (id === undefined) return <LibraryView library={library} />;
  if (id === "~play") return <PlayView />;
  const entry = library.entries.find((recording) => recording.id === id);
  if (entry === undefined)
    return (
      <p class="trouble" role="alert">
        There is no recording {id} here.
      </p>
    );
  if (entry.kind !== "run") return <Evaluation entry={entry} item={name} />;
  if (name === undefined) return <RunView key={id} id={id} />;
  if (name === "~tree") return <TreeView key={id} id={id} />;
  if (name === "~audit") return <AuditView key={id} id={id} />;
  if (third === "~diff") {
    const [otherId = "", otherName = "", step, field] = rest;
    return (
      <DiffView
        key={route.slice(0, 5).join("/")}
        a={[id, name]}
        b={[otherId, otherName]}
        step={step}
        field={field}
      />
    );
  }
  return <RolloutView key={`${id}/${name}`} id={id} name={name} step={third} field={rest[0]} />;
}

function Evaluation({
  entry,
  item,
}: {
  readonly entry: LibraryEntry;
  readonly item: string | undefined;
}): JSX.Element {
  const { id, kind } = entry;
  if (kind === "matchup") return <MatchupView key={id} id={id} />;
  if (kind === "league") return <LeagueView key={id} id={id} />;
  return item === undefined ? (
    <ScoresView key={id} id={id} />
  ) : (
    <ScoreView key={`${id}/${item}`} id={id} item={item} />
  );
}

function switchTheme(): void {
  const root = document.documentElement;
  const isDark =
    root.dataset["theme"] === undefined
      ? matchMedia("(prefers-color-scheme: dark)").matches
      : root.dataset["theme"] === "dark";
  root.dataset["theme"] = isDark ? "light" : "dark";
}

function Help(): JSX.Element {
  return (
    <section class="help" aria-label="Keys">
      <dl>
        {help.map(([keys, what]) => (
          <>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

showTexts();
const root = document.getElementById("root");
if (root !== null) render(<Page />, root);
