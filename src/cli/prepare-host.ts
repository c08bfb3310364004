import { isSameseedError, SameseedError } from "../base/error.ts";
import { requireLinux } from "../base/require-linux.ts";
import { defaultImageName, ensureDefaultImage } from "../image/default-image.ts";
import { importWhereNamed } from "../image/import-image.ts";
import { isImageThere } from "../image/is-image-there.ts";
import { installBubblewrap } from "../image/install-bubblewrap.ts";
import { whatChanged } from "../image/name-changes.ts";
import type { Cli } from "./cli.ts";

/**
 * Makes sure that a sandbox can be started from an image: bubblewrap is there, and the default image is built where there
 * is none yet, so that a package that was just installed works at once. Other images are the caller's to build. An image
 * that is there is used as it is: what has changed on the host since it was built is said, once for each command.
 * @throws `wall_unavailable` where there is no Linux, `tool_missing`, `image_build_failed`, `io_failed`, `disk_full`, `aborted`
 */
export async function prepareHost(cli: Cli, image: string): Promise<void> {
  requireLinux();
  const options = {
    onProgress: (message: string): void => cli.status.note(`set-up: ${message}`),
    signal: cli.signal,
  };
  await installBubblewrap(options);
  if (image === defaultImageName && !isImageThere(image)) await buildDefault(options);
  await importWhereNamed(image, cli.signal);
  const changed = whatChanged(image);
  if (changed !== undefined) cli.status.note(changed);
}

/** A host that has nothing to build an image with can have one that another has built. */
async function buildDefault(options: Parameters<typeof ensureDefaultImage>[0]): Promise<void> {
  try {
    await ensureDefaultImage(options);
  } catch (error) {
    if (!isSameseedError(error) || error.code !== "tool_missing") throw error;
    const fix = error.hint === undefined ? "" : `${error.hint}; or `;
    throw new SameseedError(error.code, error.message, {
      hint: `${fix}bring an image from a host that has it: \`sameseed image export ${defaultImageName} FILE\` there, \`sameseed image import FILE\` here`,
      context: error.context,
      cause: error,
    });
  }
}
