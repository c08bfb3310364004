import type { Limits } from "../model/limits.ts";
import type { Job, RunningSandbox, SandboxBackend } from "./contract.ts";

const spin = "print(1, flush=True)\nwhile True:\n    pass\n";

/**
 * Starts sandboxes that compute as fast as they can; each has begun when this returns. The caller ends them. Where one cannot be
 * started, none stays.
 */
export async function startBusySandboxes(
  backend: SandboxBackend,
  count: number,
  limits: Limits,
  signal?: AbortSignal,
): Promise<RunningSandbox[]> {
  const job: Job = { entry: "script", name: "busy.py", source: spin, files: [], env: {} };
  const start = async (): Promise<RunningSandbox> => {
    const begun = Promise.withResolvers<void>();
    const [each] = await backend.start({
      members: [{ job, limits }],
      links: [],
      onOutput: () => begun.resolve(),
      ...(signal === undefined ? {} : { signal }),
    });
    await Promise.race([begun.promise, each!.ended]);
    return each!;
  };
  const starts = await Promise.allSettled(Array.from({ length: count }, start));
  const started = starts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed = starts.find((each) => each.status === "rejected");
  if (failed === undefined) return started;
  await endSandboxes(started);
  throw failed.reason;
}

/** Ends sandboxes and waits until everything in them is dead. */
export async function endSandboxes(sandboxes: readonly RunningSandbox[]): Promise<void> {
  for (const each of sandboxes) each.kill();
  await Promise.all(sandboxes.map(async ({ ended }) => await ended));
}
