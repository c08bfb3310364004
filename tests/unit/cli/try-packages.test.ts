import fc from "fast-check";
import { afterAll, expect, test } from "vitest";

import { triedLines } from "../../../src/cli/image/tried-lines.ts";
import { listEnvironments, idsToTry, tryPackages } from "../../../src/cli/image/try-packages.ts";
import { resolveImage } from "../../../src/image/image-store.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

test("a package that cannot be imported says which package of which version has what is missing", async () => {
  expect(await listEnvironments(resolveImage("gymnasium"), ["pkg-resources", "gymnasium"])).toMatchObject({
    "pkg-resources": {
      names: [],
      error:
        "pkg_resources needs the module pkg_resources (package setuptools<81), which is not in this image",
    },
    gymnasium: { error: null },
  });
});

test("a package that lacks another names the command that builds the image with it", async () => {
  const [tried] = await tryPackages(resolveImage("gymnasium"), ["sklearn"], new AbortController().signal);
  expect(tried).toMatchObject({
    problem: "sklearn needs the module sklearn (package scikit-learn), which is not in this image",
    fix: "sameseed image build NAME --packages scikit-learn",
  });
  expect(triedLines(tried!, "mine")).toEqual([
    "sklearn: cannot be imported: sklearn needs the module sklearn (package scikit-learn), which is not in this image",
    "  fix: `sameseed image build NAME --packages scikit-learn` builds it with what is missing",
  ]);
});

test("the newest version of each environment is tried before older ones, and others than the first few", () => {
  const ids = ["p:Reach-v1", "p:Reach-v10", "p:Reach-v2", "p:Plain", "p:Slide-v0"];
  expect(idsToTry(ids, 9)).toEqual(["p:Reach-v10", "p:Plain", "p:Slide-v0", "p:Reach-v1", "p:Reach-v2"]);
  expect(idsToTry(ids, 4)).toEqual(["p:Reach-v10", "p:Plain", "p:Slide-v0", "p:Reach-v1"]);
  // Those of shimmy: what wraps another package comes first, and there is much of it.
  const wrapped = Array.from({ length: 90 }, (_, at) => `dm_control/task-${at}`);
  expect(idsToTry(["GymV21", "GymV26", "bsuite", ...wrapped], 5)).toEqual(
    ["GymV21", 15, 34, 52, 71].map((at) => (typeof at === "string" ? at : `dm_control/task-${at}`)),
  );
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-c](-v\d{1,2})?$/)),
      fc.integer({ min: 1, max: 9 }),
      (given, most) => {
        const tried = idsToTry(given, most);
        expect(tried).toHaveLength(Math.min(given.length, most));
        expect(tried.every((id) => given.includes(id))).toBe(true);
      },
    ),
  );
});
