import { join } from "node:path";
import { expect, it } from "vitest";

import { Library } from "../../../src/view/library.ts";
import { Folder } from "./recorded-folder.ts";

it("shows what has come to be, below its folders or beside them, and nothing else beside them", async () => {
  using folder = new Folder();
  const [first, second] = [await folder.run("first", 1), await folder.run("second", 1)];
  await folder.run("third", 1);
  const beside = new Library([first]);
  expect(beside.list().map(({ id }) => id)).toEqual(["first"]);
  expect(beside.add(second)).toBe("second");
  expect(beside.add(second)).toBe("second");
  expect(beside.list().map(({ id }) => id)).toEqual(["first", "second"]);
  expect(beside.find("second")).toMatchObject({ kind: "run", dir: second });
  expect(() => beside.find("third")).toThrow("no recording third");
  const above = new Library([folder.path]);
  expect(above.add(join(folder.path, "..", folder.path.split("/").at(-1)!, "third"))).toBe("third");
  expect(above.list()).toHaveLength(3);
});
