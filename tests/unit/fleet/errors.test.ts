import { afterEach, expect, it, vi } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import type { Cli } from "../../../src/cli/cli.ts";
import { fleetOf } from "../../../src/cli/fleet-choice.ts";
import { errorOf } from "../../../src/fleet/drive/batch-errors.ts";
import { openFleet } from "../../../src/fleet/open-fleet.ts";
import { failureOf } from "../../../src/fleet/queue/dispatcher.ts";
import { maskedUrl } from "../../../src/fleet/queue/masked-url.ts";
import { checkQueueUrl } from "../../../src/fleet/queue/open-dispatcher.ts";

afterEach(() => vi.unstubAllEnvs());

it("clips what a host says of a failure, so that it can still be read", () => {
  const long = "x".repeat(20_000);
  const context = { image: "i", text: long, list: [long], few: [1] };
  const failure = failureOf(new SameseedError("image_missing", long, { hint: long, context }), "a");
  expect(JSON.stringify(failure).length).toBeLessThan(8_000);
  const { code, message, context: kept } = errorOf(failure);
  expect([code, message.length]).toEqual(["image_missing", 2_000]);
  expect(kept).toEqual({ image: "i", text: "x".repeat(2_000), few: [1] });
});

it.each(["toString", "constructor", "__proto__"])("takes %j for no code of an error", (code) => {
  expect(errorOf({ kind: "error", error: { code, message: "m" } }).code).toBe("internal");
});

it.each([
  ["redis://queue:6379/1", "redis://queue:6379/1"],
  ["redis+unix:/run/redis.sock", "redis+unix:/run/redis.sock"],
  ["rediss://u:p@queue", "rediss://***@queue"],
  ["redis://:p/a@ss@queue:1", "redis://***@queue:1"],
  ["redis://queue?db=1&password=secret", "redis://queue?db=1&password=***"],
])("shows %j as %j", (url, shown) => {
  expect(maskedUrl(url)).toBe(shown);
});

it("shows no password of a queue", () => {
  expect(openFleet("rediss://u:secret@queue").url).toBe("rediss://***@queue");
  expect(() => checkQueueUrl("http://u:secret@queue")).toThrow("http://***@queue");
});

it("takes the queue's address from the environment where none is named", async () => {
  vi.stubEnv("SAMESEED_FLEET", "redis://u:secret@there");
  const cli = {} as Cli;
  expect((await fleetOf(cli, { weight: 2 })).fleet?.url).toBe("redis://***@there");
  expect((await fleetOf(cli, { fleet: "redis://here" })).fleet?.url).toBe("redis://here");
  // How many at the same time is about this machine.
  expect(await fleetOf(cli, { concurrency: 2 })).toEqual({});
  vi.stubEnv("SAMESEED_FLEET", "");
  expect(await fleetOf(cli, {})).toEqual({});
});
