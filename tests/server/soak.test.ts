/* A share of what `npm run soak -- server` does for long: the same requests every time. */
import { afterAll, beforeAll, expect, it } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { serve, type Served } from "./served.ts";
import { cutAnswers } from "./soak/cuts.ts";
import { fuzzServer } from "./soak/fuzz.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ leaseMs: 1000 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const defects = (): unknown[] => served.log.filter(({ level }) => level === "error");

it("requests and messages with turned, cut and doubled bytes get answers with a form, and leave nothing", async () => {
  const { wrong, requests, messages } = await fuzzServer(served.port, {
    count: 900,
    seed: 7,
    concurrency: 8,
  });
  expect([wrong, requests, messages]).toEqual([[], 600, 300]);
  expect(defects()).toEqual([]);
});

it("a command, a creation, an input and a step happen once each, also where their answers are cut", async () => {
  const { wrong, cuts } = await cutAnswers(served.port, 32);
  expect(wrong).toEqual([]);
  expect(cuts).toEqual({ commands: 8, creations: 8, inputs: 8, steps: 8 });
  expect(defects()).toEqual([]);
});
