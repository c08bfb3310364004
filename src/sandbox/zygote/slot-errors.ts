import { SameseedError } from "../../base/error.ts";
import { signalOfStatus } from "../linux/signal-name.ts";

/** Steps of the wall that hosts refuse, by what they are called, and what helps. */
const fixes: readonly (readonly [step: RegExp, hint: string])[] = [
  [/^park a stream/, "raise the limit on open files (`ulimit -n`) to 1024 or more"],
  [
    /^\/proc\/sys\/net/,
    "a sandbox with a network sets its limits there: in a container, let /proc/sys be written (`--security-opt systempaths=unconfined`, in Podman `unmask=ALL`)",
  ],
  [
    /^have listening sockets counted/,
    "a sandbox with a network needs a seccomp listener of its own: this process must not be below another one, as in LXD with intercepted calls",
  ],
];

/** A sandbox that could not be started. @param reason the step that failed, in the wall's own words */
export function startError(reason: string): SameseedError {
  return new SameseedError("sandbox_failed", `the sandbox could not be started: ${reason}`, {
    context: { reason },
    hint: fixes.find(([step]) => step.test(reason))?.[1] ?? "`sameseed doctor` checks what this host allows",
  });
}

/** The kernel ends sandboxes first when a machine has no memory left: what a rollout used itself says nothing then. */
export function hostMemory(): SameseedError {
  return new SameseedError("sandbox_failed", "the sandbox was killed because the host ran out of memory", {
    hint: "free some memory, raise the container's limit, or lower the concurrency",
  });
}

/** How a sandbox ended that said nothing. @param status as `waitpid` gives it */
export function describeStatus(status: number): string {
  const signal = signalOfStatus(status);
  return signal === null
    ? `its first process exited with status ${status >> 8}`
    : `its first process was ended by ${signal}`;
}
