const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The exit code of an interrupted command. */
export const interruptedExitCode = 130;

/**
 * Ctrl-C once ends the work in order: the given controller aborts, what is recorded stays. A second time ends this
 * process at once; the kernel then ends every sandbox with it. SIGTERM and SIGHUP count the same.
 */
export function abortOnInterrupt(controller: AbortController, beforeKill: () => void): void {
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      controller.abort();
      return;
    }
    beforeKill();
    process.exit(interruptedExitCode);
  };
  for (const signal of signals) process.on(signal, onSignal);
}
