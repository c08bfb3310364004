import { defaultImageName } from "../image/default-image.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { checkHost } from "./doctor/host-checks.ts";
import { checkSandbox } from "./doctor/sandbox-checks.ts";
import { checkTools } from "./doctor/tool-checks.ts";
import type { DoctorCheck } from "./doctor/verdicts.ts";

export type { DoctorCheck } from "./doctor/verdicts.ts";

/** How {@link runDoctor} looks. */
export interface DoctorOptions {
  /** The image that the sandbox is started from. @default `gymnasium` */
  readonly image?: string;
}

/**
 * Checks everything a sandbox needs. The last check starts a sandbox that inspects its own wall. A failed check is
 * never thrown.
 */
export async function runDoctor(options: DoctorOptions = {}): Promise<readonly DoctorCheck[]> {
  refuseUnknownOptions(options, { image: true } satisfies NamesOf<DoctorOptions>, "runDoctor");
  const image = options.image ?? defaultImageName;
  const host = checkHost();
  // Nothing of the rest can be looked at on another system.
  if (process.platform !== "linux") return host;
  return [...host, ...(await checkTools(image)), ...(await checkSandbox(image))];
}
