import { buildImage, type BuildImageOptions } from "./build-image.ts";
import { defaultImageName } from "./image-names.ts";
import type { ResolvedImage } from "./image-store.ts";
import { packagedLock } from "./runtime-files.ts";

export { defaultImageName };

/**
 * Builds the default image when it is missing or damaged, or when the package's lock or its runtime files have changed
 * since it was built; otherwise finds it within some milliseconds.
 *
 * @throws {SameseedError} as {@link buildImage}.
 */
export async function ensureDefaultImage(
  options: Omit<BuildImageOptions, "name" | "requirements" | "packages"> = {},
): Promise<ResolvedImage> {
  return buildImage({ ...options, name: defaultImageName, requirements: packagedLock(defaultImageName) });
}
