import { afterAll, expect, test } from "vitest";

import { triedLines } from "../../../src/cli/image/tried-lines.ts";
import { listEnvironments, tryPackages } from "../../../src/cli/image/try-packages.ts";
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
