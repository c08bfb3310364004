import { useEffect, useState } from "preact/hooks";

import { type StepDocument, type StepsDocument, stepsPerChunk } from "../../src/view/documents.ts";
import { load, pathOf } from "./data.ts";

/** A record and the one before it, where that is in the same chunk. */
export function useStep(
  id: string,
  name: string,
  row: number,
): readonly [StepDocument | undefined, StepDocument | undefined] {
  const chunk = Math.floor(row / stepsPerChunk);
  const [pair, setPair] = useState<readonly [StepDocument | undefined, StepDocument | undefined]>([
    undefined,
    undefined,
  ]);
  useEffect(() => {
    let isCurrent = true;
    load<StepsDocument>(pathOf("steps", id, name, chunk)).then(
      ({ steps }) => {
        const place = row - chunk * stepsPerChunk;
        if (isCurrent) setPair([steps[place], steps[place - 1]]);
      },
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [id, name, row]);
  return pair;
}
