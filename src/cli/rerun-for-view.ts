import { installBubblewrap } from "../image/install-bubblewrap.ts";
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

/** Runs what is shown again for what it draws and writes, and says so line by line. @param keys all if undefined */
export async function rerunForView(
  cli: Cli,
  folders: readonly string[],
  makes: readonly Beside[],
  keys: readonly number[] | undefined,
): Promise<void> {
  await installBubblewrap({
    onProgress: (message) => cli.status.note(`set-up: ${message}`),
    signal: cli.signal,
  });
  await rerunRecordings(folders, {
    makes,
    ...(keys === undefined ? {} : { keys }),
    signal: cli.signal,
    onNote: (text) => cli.status.note(text),
  });
}
