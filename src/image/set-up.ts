import { requireLinux } from "../base/require-linux.ts";
import { ensureDefaultImage } from "./default-image.ts";
import type { Bubblewrap } from "./find-bubblewrap.ts";
import type { ResolvedImage } from "./image-store.ts";
import { installBubblewrap } from "./install-bubblewrap.ts";

/** What a set-up machine has. */
export interface SetUp {
  readonly bubblewrap: Bubblewrap;
  readonly image: ResolvedImage;
}

/**
 * Makes this machine ready to run rollouts: bubblewrap and the default image. Doing it again is quick.
 *
 * @throws {SameseedError} `wall_unavailable` where there is no Linux, `tool_missing`, `image_build_failed`, `io_failed`, `disk_full`, `aborted`.
 */
export async function setUp(
  options: {
    /** Build the default image anew where files of the host have changed since it was built. @default false */
    readonly rebuild?: boolean | undefined;
    /** The interpreter to build the default image from. @default the first suitable one on PATH */
    readonly python?: string | undefined;
    /** Called with each step of the work, as a short sentence. */
    readonly onProgress?: ((message: string) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<SetUp> {
  requireLinux();
  const { rebuild, python, ...follow } = options;
  const bubblewrap = await installBubblewrap(follow);
  return { bubblewrap, image: await ensureDefaultImage({ ...follow, rebuild, python }) };
}
