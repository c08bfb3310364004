import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { RolloutDocument } from "../../src/view/documents.ts";
import { type PicturesDocument, picturesPerChunk } from "../../src/view/shown-pictures.ts";
import { AnsiText } from "./ansi-text.tsx";
import { load, pathOf, useDocument } from "./data.ts";
import { when } from "./parts.tsx";

interface PicturesProps {
  readonly rollout: RolloutDocument;
  readonly step: number;
  readonly onPick: (step: number) => void;
}

/** How many pictures of the strip are before the present one, and how many in all. */
const stripBefore = 3;
const stripLength = 9;
/** A picture that fits into this side several times is enlarged. */
const smallSide = 320;

/** What the environment rendered: the picture of the present step, and a strip of those around it. */
export function Pictures({ rollout, step, onPick }: PicturesProps): JSX.Element | null {
  const { pictures } = rollout;
  const steps = pictures?.steps ?? [];
  const place = Math.max(
    0,
    steps.findLastIndex((own) => own <= step),
  );
  useEffect(() => {
    // What is played next is there when it is due.
    const next = Math.floor((place + stripLength) / picturesPerChunk);
    if (next * picturesPerChunk < steps.length)
      load(pathOf("pictures", rollout.id, rollout.key, next)).catch(() => {});
  }, [place]);
  if (pictures === undefined || steps.length === 0) return null;
  const first = Math.max(0, Math.min(place - stripBefore, steps.length - stripLength));
  const shown = steps.slice(first, first + stripLength);
  const own = steps[place] ?? 0;
  return (
    <div class="pictures">
      <figure>
        <Picture rollout={rollout} place={place} />
        <figcaption class="quiet">
          {own === 0 ? "Reset" : `Step ${own}`}
          {own !== step && ", the last one with a picture"} · rendered {when(pictures.at)}, when the rollout
          was played again and gave the same bytes
          {!pictures.exact && ", but for what it asked of the world"}
          {pictures.cut && " · the last steps have none: there was no more room"}
        </figcaption>
      </figure>
      <div class="strip" role="group" aria-label="pictures around this step">
        {shown.map((at, index) => (
          <button
            type="button"
            key={at}
            aria-current={at === own ? "step" : undefined}
            onClick={() => onPick(at)}
          >
            <Picture rollout={rollout} place={first + index} isSmall />
            <span>step {at}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

interface PictureProps {
  readonly rollout: RolloutDocument;
  /** Which of the rollout's pictures. */
  readonly place: number;
  readonly isSmall?: boolean;
}

function Picture({ rollout, place, isSmall = false }: PictureProps): JSX.Element {
  const { id, key, pictures } = rollout;
  const chunk = Math.floor(place / picturesPerChunk);
  const { data } = useDocument<PicturesDocument>(pathOf("pictures", id, key, chunk));
  const body = data?.pictures[place - chunk * picturesPerChunk];
  if (pictures?.kind === "text") return <AnsiText text={body ?? ""} isSmall={isSmall} />;
  const { width = 0, height = 0 } = pictures ?? {};
  // Small worlds are drawn with a few pixels.
  const scale = isSmall ? 1 : Math.max(1, Math.floor(smallSide / Math.max(width, height, 1)));
  return (
    <img
      class={scale > 1 ? "picture pixelated" : "picture"}
      width={width * scale}
      height={height * scale}
      alt={isSmall ? "" : `what the environment rendered at step ${pictures?.steps[place] ?? 0}`}
      src={body === undefined ? "data:," : `data:image/png;base64,${body}`}
    />
  );
}
