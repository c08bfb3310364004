import { AsyncQueue } from "./async-queue.ts";

/** How {@link workThrough} works. */
export interface Workers<T, R> {
  /** Items at the same time, and results that wait to be taken. */
  readonly concurrency: number;
  /** Aborted when the consumer leaves, or an item fails: what is under way need not be finished. */
  readonly stop: AbortController;
  /** Works on one item, and hands on what comes of it. */
  readonly work: (item: T, push: (result: R) => Promise<void>) => Promise<void>;
}

/**
 * Works through items and yields their results in the order they come. Takes the next item only when a worker is free, so
 * however many there are, few are held; ends when all workers have ended, whoever leaves first.
 * @throws what the first item that failed threw
 */
export async function* workThrough<T, R>(
  items: Iterator<T>,
  { concurrency, stop, work }: Workers<T, R>,
): AsyncGenerator<R, void, undefined> {
  const queue = new AsyncQueue<R>(concurrency);
  const push = async (result: R): Promise<void> => await queue.push(result);
  const worker = async (): Promise<void> => {
    for (let next = items.next(); next.done !== true && !queue.abandoned; next = items.next())
      await work(next.value, push);
  };
  const workers = Promise.all(Array.from({ length: concurrency }, worker)).then(
    () => queue.end(),
    (error: unknown) => {
      queue.end(error);
      stop.abort();
    },
  );
  try {
    yield* queue;
  } finally {
    stop.abort();
    await workers;
  }
}
