import { expect, test } from "vitest";

import { SlotPool } from "../../../src/sandbox/zygote/slot-pool.ts";

test("a zygote that fails is told to who asked for it, not to who comes next where that one has gone", async () => {
  const starts: PromiseWithResolvers<never>[] = [];
  const pool = new SlotPool(async () => {
    const start = Promise.withResolvers<never>();
    starts.push(start);
    return await start.promise;
  }, 1);
  const abort = new AbortController();
  const first = pool.lease(1, abort.signal).catch((error: unknown) => error);
  const second = pool.lease(1).catch((error: unknown) => error);
  abort.abort();
  starts[0]!.reject(new Error("the first zygote"));
  expect(await first).toMatchObject({ code: "aborted" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(starts).toHaveLength(2);
  starts[1]!.reject(new Error("the second zygote"));
  expect(await second).toMatchObject({ message: "the second zygote" });
});
