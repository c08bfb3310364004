import { expect, test } from "vitest";

import { runPart } from "./native-program.ts";

test("a trunk says which step of its ids' map failed, and why", () => {
  expect(runPart("id_map.c", "without-python").split("\n")).toEqual([
    "a map: given",
    "no map: be given user ids: open the map: No such file or directory",
    "a map that takes nothing: be given user ids: write the map: No space left on device",
    "another number: be given user ids: open the map: No such file or directory",
    "no number: be given user ids: say its number: Invalid argument",
    "1000 1073741825 1",
    "1073741826 1073741826 1",
    "",
  ]);
});
