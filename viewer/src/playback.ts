import { useEffect, useState } from "preact/hooks";

import { otherSuffix, type RolloutDocument, type RunDocument } from "../../src/view/documents.ts";
import { useKeys } from "./keys.ts";
import { go, href } from "./route.ts";

/** How long a step stays while the steps are played; and where the reader wants little motion. */
const stepMs = 200;
const calmMs = 1500;

interface Playback {
  readonly rollout: RolloutDocument;
  readonly run: RunDocument | undefined;
  readonly at: number;
  /** A link to the other bytes of a verification, beside these. */
  readonly other: string;
  readonly move: (to: number) => void;
}

/** The keys of a rollout's page, and whether its steps are being played. */
export function usePlayback({
  rollout,
  run,
  at,
  other,
  move,
}: Playback): readonly [boolean, (is: boolean) => void] {
  const { id, key, first, records } = rollout;
  const neighbour = (by: number): void => {
    const keys = run?.keys ?? [];
    const next = keys[keys.indexOf(Number(key.replace(otherSuffix, ""))) + by];
    if (next !== undefined) go(href(id, next));
  };
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    if (!isPlaying) return undefined;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const timer = setInterval(
      () => (at >= records - 1 ? setPlaying(false) : move(at + 1)),
      isCalm ? calmMs : stepMs,
    );
    return () => clearInterval(timer);
  }, [isPlaying, at]);
  useKeys({
    j: () => move(at + 1),
    k: () => move(at - 1),
    ArrowRight: () => move(at + 1),
    ArrowLeft: () => move(at - 1),
    Home: () => move(0),
    End: () => move(records - 1),
    " ": () => setPlaying(!isPlaying),
    n: () => neighbour(1),
    p: () => neighbour(-1),
    d: () => {
      if (rollout.hasOther) go(other);
      else if (rollout.divergence !== undefined) move(rollout.divergence.step - first);
    },
  });
  return [isPlaying, setPlaying];
}
