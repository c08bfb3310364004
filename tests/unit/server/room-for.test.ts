import { expect, it } from "vitest";

import { roomFor } from "../../../src/server/native/recorded/run-request.ts";

it.for([
  [64, 2, 8, { many: 4, sandboxes: 8 }],
  [3, 2, 8, { many: 3, sandboxes: 6 }],
  [512, 3, 8, { many: 2, sandboxes: 6 }],
  [4, 2, 1, { many: 1, sandboxes: 1 }],
  [1, 1, 8, { many: 1, sandboxes: 1 }],
] as const)("%i at a time of %i sandboxes each, with room for %i", ([asked, each, room, found]) => {
  expect(roomFor(asked, each, room)).toEqual(found);
  const unasked = roomFor(undefined, each, room);
  expect(unasked.sandboxes).toBeLessThanOrEqual(room);
  expect(unasked.many).toBeGreaterThanOrEqual(1);
});
