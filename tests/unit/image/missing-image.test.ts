import { expect, it } from "vitest";

import { missingImageHint } from "../../../src/image/shipped-images.ts";

it.each([
  ["gymnasum", "did you mean gymnasium? `sameseed image list` lists the images"],
  ["boxd", "did you mean box2d? `sameseed image build box2d` builds it"],
  ["box2d", "`sameseed image list` lists the images, and `sameseed image build box2d` builds one"],
  [
    "roads",
    "`sameseed image list` lists the images, and `sameseed image build roads --packages PACKAGE …` builds one",
  ],
])("where there is no image %s, the hint names the one that was meant, or how to build it", (name, hint) => {
  expect(missingImageHint(name, ["gymnasium", "mine"])).toBe(hint);
});
