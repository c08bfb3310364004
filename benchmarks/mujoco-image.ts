import { listImages } from "../src/image/image-store.ts";
import { readRuntimeFiles } from "../src/image/runtime-files.ts";

/** The digest of an image of this version that has MuJoCo; where none is installed, says that Humanoid is left out. */
export function findMujocoImage(say: (line: string) => void): string | undefined {
  const runtime = readRuntimeFiles().digest;
  const found = listImages().find(
    ({ manifest }) => manifest.runtime === runtime && "mujoco" in manifest.packages,
  );
  if (found === undefined) say("  no image with mujoco is installed: Humanoid is left out");
  return found?.manifest.digest;
}
