import type { RolloutSpec, SpecFile } from "../model/rollout.ts";
import type { JobFile } from "../sandbox/contract.ts";

/** Where sandboxes hold an environment's file and a policy's, each with what lies beside it. */
export const environmentFolder = "/tmp/env";
/** The same for a policy. */
export const policyFolder = "/tmp/policy";

/** The file of an environment that has one, where its sandbox holds it. */
export function environmentFileOf({ environment }: Pick<RolloutSpec, "environment">): JobFile | undefined {
  if (environment.kind !== "file") return undefined;
  return { path: `${environmentFolder}/${environment.name}`, data: Buffer.from(environment.source) };
}

/** What lies beside a source, where its sandbox holds it. */
export function filesIn(folder: string, files: readonly SpecFile[] = []): JobFile[] {
  return files.map(({ path, data }) => ({ path: `${folder}/${path}`, data: Buffer.from(data, "base64") }));
}
