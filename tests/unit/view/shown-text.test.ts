/* No text of a run may turn the order of the letters after it, on the page or read out. */
import { h } from "preact";
import { expect, it } from "vitest";

import { showTexts } from "../../../viewer/src/shown-text.ts";

const turned = "a\u202eb";
const shown = "a\\u202eb";

it("writes out what turns letters, in texts and in what is read out or shown beside", () => {
  showTexts();
  const names = ["aria-label", "aria-valuetext", "alt", "title", "placeholder"];
  for (const name of names)
    expect(h("p", { [name]: turned, id: turned }).props).toMatchObject({ [name]: shown, id: turned });
  expect(h("p", { "aria-label": shown }, turned, [turned, h("b", {})]).props).toMatchObject({
    "aria-label": shown,
    children: [shown, [shown, { type: "b" }]],
  });
});
