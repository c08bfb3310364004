import type { ContractCheck } from "./contract-check.ts";
import { commandChecks } from "./checks/commands.ts";
import { fileChecks } from "./checks/files.ts";
import { groupChecks } from "./checks/groups.ts";
import { isolationChecks } from "./checks/isolation.ts";
import { lifeChecks } from "./checks/life.ts";
import { limitChecks } from "./checks/limits.ts";
import { wallChecks } from "./checks/wall.ts";

/**
 * What every sandbox backend promises, each promise as a check that any test framework can run:
 *
 * ```ts
 * for (const { name, run } of sandboxContract) test(name, () => run(backend));
 * ```
 *
 * The checks look at this host's process list, so they run where the backend's sandboxes do. They leave the backend open.
 *
 * @experimental
 */
export const sandboxContract: readonly ContractCheck[] = [
  ...commandChecks,
  ...fileChecks,
  ...groupChecks,
  ...isolationChecks,
  ...wallChecks,
  ...limitChecks,
  ...lifeChecks,
];
