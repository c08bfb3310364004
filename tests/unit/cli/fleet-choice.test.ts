import { expect, it } from "vitest";

import type { Cli } from "../../../src/cli/cli.ts";
import { fleetOf } from "../../../src/cli/fleet-choice.ts";

const cli = {} as Cli;

it("names no fleet where none is given", async () => {
  expect(await fleetOf(cli, {})).toEqual({});
});

it.each([{ store: "x" }, { weight: 2 }, { priority: 0 }])("refuses %j without --fleet", async (given) => {
  await expect(fleetOf(cli, given)).rejects.toMatchObject({ code: "bad_argument", hint: "add --fleet URL" });
});

it.each(["http://queue", "redis:", "queue:6379", ""])("refuses %j as a queue", async (fleet) => {
  await expect(fleetOf(cli, { fleet })).rejects.toThrow(/names no fleet/);
});

it.each(["redis://queue", "rediss://u:p@queue:6379/1", "redis+unix:/run/redis.sock"])(
  "takes %j",
  async (fleet) => {
    expect(await fleetOf(cli, { fleet, weight: 3 })).toHaveProperty("fleet");
  },
);
