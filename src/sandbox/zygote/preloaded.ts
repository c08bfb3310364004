import { existsSync } from "node:fs";
import { join } from "node:path";

import type { WorldMode } from "../../model/receipt.ts";

const preload = "LD_PRELOAD";

/**
 * The environment of a zygote of this image, with what is loaded before all else. In the host's world that is the library which
 * it names, where the image has that (those of earlier versions have not), and then what the image asks for. In the sealed one
 * only the world's own may stand there.
 */
export function withPreloaded(
  rootfs: string,
  world: WorldMode,
  environment: Readonly<Record<string, string>>,
  image: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (world === "sealed") return environment;
  const { [preload]: library, ...rest } = environment;
  const own = library !== undefined && existsSync(join(rootfs, library)) ? [library] : [];
  const all = [...own, ...(image[preload] ?? "").split(/[: ]/).filter((name) => name !== "")];
  return all.length === 0 ? rest : { ...rest, [preload]: all.join(":") };
}
