import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { resolveImage, type ResolvedImage } from "../image/image-store.ts";
import { importWhereNamed } from "../image/import-image.ts";
import type { WorldMode } from "../model/receipt.ts";
import type { BackendReceipt, SandboxBackend } from "../sandbox/contract.ts";
import { sharedBackend } from "../sandbox/sandbox-host.ts";

/** A kind of backend, or a backend that the caller created. */
export type BackendChoice = SandboxBackend["name"] | SandboxBackend;

/** Reads a {@link BackendChoice}. */
export const backendSchema: z.ZodType<BackendChoice> = z.union([
  z.enum(["zygote", "cold"]),
  z.custom<SandboxBackend>(isBackend, "neither `zygote`, `cold` nor a backend"),
]);

function isBackend(value: unknown): boolean {
  const parts = ["receipt", "start", "close"] as const;
  return typeof value === "object" && value !== null && parts.every((part) => part in value);
}

/** Where the rollouts of one call run: found once, and the same for all of them. */
export interface RolloutHost {
  readonly image: ResolvedImage;
  readonly backend: SandboxBackend;
  /** What the backend enforces. */
  readonly receipt: BackendReceipt;
}

/**
 * Finds the image and what starts sandboxes of it.
 * @throws `image_missing`, `image_damaged`, `wall_unavailable`; `bad_argument` where a backend that was handed in is of another
 * image or world
 */
export async function openHost(options: {
  readonly image: string;
  readonly backend: BackendChoice;
  readonly world: WorldMode;
}): Promise<RolloutHost> {
  await importWhereNamed(options.image);
  const image = resolveImage(options.image);
  const { backend: choice, world } = options;
  const backend = typeof choice === "string" ? sharedBackend(image, choice, world) : choice;
  const receipt = await backend.receipt();
  if (typeof choice !== "string") refuseOther(receipt, image, world);
  return { image, backend, receipt };
}

function refuseOther(receipt: BackendReceipt, { manifest }: ResolvedImage, world: WorldMode): void {
  const digest = `sha256:${manifest.digest}`;
  if (receipt.image.digest === digest && receipt.world.mode === world) return;
  throw new SameseedError(
    "bad_argument",
    `the backend has image ${receipt.image.digest} and the ${receipt.world.mode} world, but ${digest} and the ${world} world are requested`,
    { hint: "create the backend with that image and world, or leave out `backend`" },
  );
}

/** The name of the kind of backend. */
export function backendName(choice: BackendChoice): SandboxBackend["name"] {
  return typeof choice === "string" ? choice : choice.name;
}
