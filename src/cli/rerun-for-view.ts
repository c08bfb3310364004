import { installBubblewrap } from "../image/install-bubblewrap.ts";
import type { Chosen } from "../view/choice.ts";
import { type Beside, rerunRecordings } from "../view/rerun-recordings.ts";
import type { Cli } from "./cli.ts";

/** What `--render` and `--stdio` ask for. */
export interface RerunFlags {
  readonly render?: true;
  readonly stdio?: true;
}

/** What rollouts are run again for; nothing where neither option is given. */
export function besidesOf({ render, stdio }: RerunFlags): readonly Beside[] {
  return [...(render ? ["pictures" as const] : []), ...(stdio ? ["stdio" as const] : [])];
}

/** The options that name rollouts. */
export interface ChoiceFlags {
  readonly seeds?: readonly number[];
  readonly branch?: readonly number[];
}

/** What they name; undefined where neither is given. */
export function chosenOf({ seeds, branch }: ChoiceFlags): Chosen | undefined {
  if (seeds === undefined && branch === undefined) return undefined;
  return { ...(seeds === undefined ? {} : { seeds }), ...(branch === undefined ? {} : { branches: branch }) };
}

/** Runs what is shown again for what it draws and writes, and says so line by line. @param chosen all if undefined */
export async function rerunForView(
  cli: Cli,
  folders: readonly string[],
  makes: readonly Beside[],
  chosen: Chosen | undefined,
): Promise<void> {
  await installBubblewrap({
    onProgress: (message) => cli.status.note(`set-up: ${message}`),
    signal: cli.signal,
  });
  await rerunRecordings(folders, {
    makes,
    ...(chosen === undefined ? {} : { chosen }),
    signal: cli.signal,
    onNote: (text) => cli.status.note(text),
  });
}
