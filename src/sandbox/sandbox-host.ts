import { resolveImage, type ResolvedImage } from "../image/image-store.ts";
import type { WorldMode } from "../model/receipt.ts";
import { ColdBackend } from "./cold/backend.ts";
import type { SandboxBackend } from "./contract.ts";
import { ZygoteBackend } from "./zygote/backend.ts";

/** Which backend: forks of a warm interpreter, or a new interpreter for each sandbox. */
export type BackendKind = SandboxBackend["name"];

const backends: Map<string, SandboxBackend> = new Map();

/**
 * The one backend of this process for an image, kind and world, made when it is first asked for. It costs nothing while it is
 * idle but memory, and does not keep the process running.
 * @param ofImage an image, or its name or digest in the store; a name that is built anew gives another backend
 * @throws `image_missing`, `image_damaged`, `bad_argument`
 */
export function sharedBackend(
  ofImage: string | ResolvedImage,
  kind: BackendKind,
  world: WorldMode,
): SandboxBackend {
  const image = typeof ofImage === "string" ? resolveImage(ofImage) : ofImage;
  const key = `${kind} ${world} ${image.manifest.digest}`;
  let backend = backends.get(key);
  if (backend === undefined) {
    backend = kind === "zygote" ? new ZygoteBackend(image, { world }) : new ColdBackend(image, { world });
    backends.set(key, backend);
  }
  return backend;
}

/**
 * Ends every sandbox of the shared backends and releases their resources. A process that exits leaves nothing behind
 * either; this call is for one that continues. New sandboxes can be created afterwards.
 */
export async function closeSandboxes(): Promise<void> {
  const all = [...backends.values()];
  backends.clear();
  await Promise.all(all.map((backend) => backend.close()));
}
