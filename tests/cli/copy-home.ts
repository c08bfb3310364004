import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { homeFolder, imagesFolder } from "../../src/base/home.ts";
import { resolveImage } from "../../src/image/image-store.ts";

/** Copies the default image and the tools to a home folder of a test's own, as `cp -a` does. */
export function copyHome(home: string): string {
  const images = join(home, "images");
  mkdirSync(images, { recursive: true, mode: 0o755 });
  const copy = (from: string, to: string): void => void execFileSync("cp", ["-a", from, to]);
  // What knows that the image is up to date comes along: another would be built anew.
  for (const part of ["names", "inputs", resolveImage("gymnasium").manifest.digest])
    copy(join(imagesFolder(), part), images);
  const tools = join(homeFolder(), "tools");
  if (existsSync(tools)) copy(tools, home);
  return home;
}
