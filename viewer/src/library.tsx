import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { LibraryDocument, LibraryEntry } from "../../src/view/documents.ts";
import { JsonLink, numberText, VerdictBadge, when } from "./parts.tsx";
import { go, href } from "./route.ts";
import { type GridColumn, VirtualGrid } from "./virtual-grid.tsx";
import { useKeys } from "./keys.ts";

const columns: readonly GridColumn[] = [
  { title: "recording", width: "minmax(9em, 2fr)" },
  { title: "what", width: "minmax(8em, 1.5fr)", isWide: true },
  { title: "who", width: "minmax(7em, 1fr)", isWide: true },
  { title: "size", width: "5em", narrow: "3em", align: "right" },
  { title: "mean", width: "5.5em", narrow: "4em", align: "right" },
  { title: "left out", width: "5em", align: "right", isWide: true },
  { title: "verdict", width: "10em", narrow: "8.5em" },
  { title: "image", width: "8em", isWide: true },
  { title: "recorded", width: "11.5em", isWide: true },
];

/** `#`: everything that is recorded below the folders that are shown. */
export function LibraryView({ library }: { readonly library: LibraryDocument }): JSX.Element {
  const [wanted, setWanted] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [selected, setSelected] = useState(0);
  const word = wanted.toLowerCase();
  const parts = library.entries.filter(({ part }) => part !== undefined).length;
  const shown = library.entries.filter((entry) => {
    if (entry.part !== undefined && !isOpen && word === "") return false;
    return `${entry.id} ${entry.title} ${entry.policy} ${entry.verdict}`.toLowerCase().includes(word);
  });
  const at = Math.min(selected, shown.length - 1);
  const open = (row: number): void => {
    const entry = shown[row];
    if (entry !== undefined) go(href(entry.id));
  };
  useKeys({
    j: () => setSelected(Math.min(shown.length - 1, at + 1)),
    k: () => setSelected(Math.max(0, at - 1)),
    Enter: () => open(at),
  });
  return (
    <>
      <h1>Recordings</h1>
      <div class="bar-row">
        <label>
          Find{" "}
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </label>
        {parts > 0 && (
          <label>
            <input type="checkbox" checked={isOpen} onChange={() => setOpen(!isOpen)} /> parts of matchups and
            leagues ({parts})
          </label>
        )}
        <JsonLink path="library" />
      </div>
      {shown.length === 0 ? (
        <p class="quiet">
          Nothing is recorded here{word === "" ? "" : " by that name"}.{" "}
          <code>sameseed run CartPole-v1 --seeds 42..45</code> records a run.
        </p>
      ) : (
        <VirtualGrid
          label="recordings"
          columns={columns}
          count={shown.length}
          selected={at}
          onSelect={setSelected}
          onOpen={open}
          cells={(row) => cellsOf(shown[row]!)}
        />
      )}
    </>
  );
}

function cellsOf(entry: LibraryEntry): (JSX.Element | string)[] {
  const {
    id,
    kind,
    title,
    policy,
    size,
    missing,
    mean,
    faults,
    verdict,
    image,
    createdAt,
    live,
    damage,
    part,
  } = entry;
  const name = (
    <span class={part === undefined ? "" : "part"}>
      <a href={href(id)}>{id}</a> {kind !== "run" && <span class="badge">{kind}</span>}{" "}
      {live && <span class="badge live">recording</span>}
    </span>
  );
  if (damage !== undefined)
    return [
      name,
      <span class="trouble">{damage}</span>,
      "",
      "",
      "",
      "",
      <span class="badge verdict-altered">! unreadable</span>,
      "",
      "",
    ];
  return [
    name,
    title,
    policy,
    missing === 0 ? String(size) : `${size}/${size + missing}`,
    numberText(mean),
    faults === 0 ? "0" : <span class="trouble">{faults}</span>,
    kind === "run" ? <VerdictBadge state={verdict} /> : "",
    image,
    when(createdAt),
  ];
}
