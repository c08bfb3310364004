import { defaultImageName, ensureDefaultImage } from "../image/default-image.ts";
import { installBubblewrap } from "../image/install-bubblewrap.ts";
import type { Cli } from "./cli.ts";

/**
 * Makes sure that a sandbox can be started from an image: bubblewrap is there, and the default image is built, so that a
 * package that was just installed works at once. Other images are the caller's to build.
 * @throws `tool_missing`, `image_build_failed`, `io_failed`, `disk_full`, `aborted`
 */
export async function prepareHost(cli: Cli, image: string): Promise<void> {
  const options = {
    onProgress: (message: string): void => cli.status.note(`set-up: ${message}`),
    signal: cli.signal,
  };
  await installBubblewrap(options);
  // Whether the image is still what it was built as is looked at when it is used; only `setup` mends it.
  if (image === defaultImageName) await ensureDefaultImage({ ...options, trustPresent: true });
}
