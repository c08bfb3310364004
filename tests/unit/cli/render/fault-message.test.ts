import { expect, it } from "vitest";

import { faultMessage } from "../../../../src/cli/render/fault-message.ts";

it.for([
  [{ fault: "crash", type: "ValueError", message: "no" }, "ValueError: no"],
  [{ fault: "crash", type: "SystemExit", message: "" }, "SystemExit"],
  [
    { fault: "crash", type: "signal", message: "the policy's process was ended by SIGSEGV" },
    "the policy's process was ended by SIGSEGV",
  ],
  [{ fault: "crash", type: "", message: "no" }, "no"],
  [
    { fault: "illegal_action", type: "IllegalAction", message: "9 is not in the cells" },
    "9 is not in the cells",
  ],
] as const)("%j is told as %j", ([fault, text]) => {
  expect(faultMessage(fault)).toBe(text);
});
