import fc from "fast-check";
import { afterAll, expect, test } from "vitest";

import { triedLines } from "../../../src/cli/image/tried-lines.ts";
import { listEnvironments, newestFirst, tryPackages } from "../../../src/cli/image/try-packages.ts";
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

test("the newest version of each environment is tried before older ones", () => {
  expect(newestFirst(["p:Reach-v1", "p:Reach-v10", "p:Reach-v2", "p:Plain", "p:Slide-v0"])).toEqual([
    "p:Reach-v10",
    "p:Plain",
    "p:Slide-v0",
    "p:Reach-v1",
    "p:Reach-v2",
  ]);
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-c](-v\d{1,2})?$/)), (ids) => {
      expect(newestFirst(ids).toSorted()).toEqual(ids.toSorted());
    }),
  );
});
