import type { BranchPlan, RunningSandbox } from "../sandbox/contract.ts";
import type { SandboxStarter } from "./run-group.ts";

/**
 * Starts a rollout's one sandbox by copying a state.
 *
 * @param branch starts the copy
 * @param first what the copy is told before it goes on
 */
export function copyStarter(
  branch: (plan: BranchPlan) => Promise<RunningSandbox>,
  first?: Uint8Array,
): SandboxStarter {
  return {
    start: async ({ members, onOutput, signal }) => {
      const { limits, asks } = members[0]!;
      const running = await branch({
        limits,
        ...(asks === undefined ? {} : { asks }),
        ...(signal === undefined ? {} : { signal }),
        onOutput: (channel, data) => onOutput(0, channel, data),
      });
      if (first !== undefined) running.send(first);
      return [running];
    },
  };
}
