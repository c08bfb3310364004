import { SameseedError } from "../base/error.ts";

/**
 * Waits for something so long and no longer. What comes later is not heard.
 * @throws `queue_timeout`
 */
export async function within<T>(ms: number, answer: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SameseedError("queue_timeout", what, { hint: unreachable })), ms);
  });
  answer.catch(() => {});
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

const unreachable = "check that its Redis runs and that this host reaches it";
