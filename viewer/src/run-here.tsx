import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { BranchedDocument } from "../../src/view/asked-documents.ts";
import { otherSuffix, type RolloutDocument } from "../../src/view/documents.ts";
import { ask, useCanRun } from "./ask.ts";
import { forget } from "./data.ts";
import { go, href } from "./route.ts";

/** What a server that may run offers at a rollout's step: branches from there, pictures, and what it writes. */
export function RunHere({
  rollout,
  step,
}: {
  readonly rollout: RolloutDocument;
  readonly step: number;
}): JSX.Element | null {
  const [count, setCount] = useState(4);
  const [state, setState] = useState<{ readonly busy?: string; readonly trouble?: string }>({});
  const canRun = useCanRun();
  const { id, key } = rollout;
  if (!canRun || key.endsWith(otherSuffix)) return null;
  const run = (busy: string, work: () => Promise<void>): void => {
    setState({ busy });
    work().then(
      () => setState({}),
      (error: unknown) => setState({ trouble: error instanceof Error ? error.message : String(error) }),
    );
  };
  const branch = async (): Promise<void> => {
    const reseed = Array.from({ length: count }, (_, at) => at + 1);
    const made = await ask<BranchedDocument>("branch", { id, key: Number(key), step, reseed });
    forget(id);
    go(href(made.id, "~tree"));
  };
  const render = async (): Promise<void> => {
    await ask("render", { id, key: Number(key) });
    forget(id);
  };
  const capture = async (): Promise<void> => {
    await ask("stdio", { id, key: Number(key) });
    forget(id);
  };
  const isBusy = state.busy !== undefined;
  return (
    <p class="bar-row">
      <label>
        Branches{" "}
        <input
          type="number"
          min={1}
          max={64}
          value={count}
          onInput={(event) => setCount(Math.max(1, Math.min(64, event.currentTarget.valueAsNumber || 1)))}
        />
      </label>
      <button type="button" disabled={isBusy} onClick={() => run("branching", branch)}>
        Branch from step {step}
      </button>
      {rollout.pictures === undefined && (
        <button type="button" disabled={isBusy} onClick={() => run("rendering", render)}>
          Make pictures
        </button>
      )}
      {!rollout.hasStdio && (
        <button type="button" disabled={isBusy} onClick={() => run("running it again", capture)}>
          Show stdout and stderr
        </button>
      )}
      <span role="status" class="quiet">
        {isBusy ? `${state.busy}, in sandboxes…` : ""}
      </span>
      {state.trouble !== undefined && (
        <span role="alert" class="trouble">
          {state.trouble}
        </span>
      )}
    </p>
  );
}
