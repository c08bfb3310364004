import { installBubblewrap } from "../image/install-bubblewrap.ts";
import { renderRecordings } from "../view/render-recordings.ts";
import type { Cli } from "./cli.ts";

/** Makes pictures of what is shown, and says so line by line. @param keys seeds or numbers of branches; all if undefined */
export async function renderForView(
  cli: Cli,
  folders: readonly string[],
  keys: readonly number[] | undefined,
): Promise<void> {
  await installBubblewrap({
    onProgress: (message) => cli.status.note(`set-up: ${message}`),
    signal: cli.signal,
  });
  await renderRecordings(folders, {
    ...(keys === undefined ? {} : { keys }),
    signal: cli.signal,
    onNote: (text) => cli.status.note(text),
  });
}
