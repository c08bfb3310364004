import { SameseedError } from "../base/error.ts";

/** What lies in the folder of images cannot be read: the folder that holds it may be none. */
export function unreadableStore(what: string, images: string, cause: unknown): SameseedError {
  return new SameseedError("io_failed", `${what} cannot be read`, {
    hint: `check that ${images} is a folder and that you may read it; SAMESEED_HOME names another one`,
    cause,
  });
}
