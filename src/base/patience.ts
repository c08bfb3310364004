/** How many parts a wait is cut into. */
const parts = 8;

/**
 * Calls back once, after a time during which this process could have heard an answer. A wait is cut into parts: where
 * this process is stopped and goes on, or its machine sleeps, that counts as one part, and what came meanwhile is heard
 * before the next. Does not keep the process running.
 * @returns ends the wait
 */
export function startPatience(ms: number, isOver: () => void): () => void {
  let left = parts;
  const wait = (): void => {
    if (left-- === 0) isOver();
    else timer = setTimeout(wait, Math.ceil(ms / parts)).unref();
  };
  let timer: NodeJS.Timeout | undefined;
  wait();
  return () => clearTimeout(timer);
}
