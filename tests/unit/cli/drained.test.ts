import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const drained = new URL("../../../src/cli/drained.ts", import.meta.url).href;

/** The exit code of a program that waits in a module, as the command line does. */
function exitCode(work: string): number | null {
  const waiting = `
    import { endWhereDrained } from ${JSON.stringify(drained)};
    endWhereDrained(() => 3);
    ${work}
  `;
  const main = `void import(${JSON.stringify(`data:text/javascript,${encodeURIComponent(waiting)}`)})`;
  return spawnSync(process.execPath, ["-e", main]).status;
}

it("a command whose work is never resumed does not end as if it were done", () => {
  expect(exitCode("await new Promise(() => {}); process.exit(0);")).toBe(3);
});

it("one that ends by itself has its own exit code", () => {
  expect(exitCode("await new Promise((resolve) => setTimeout(resolve, 20)); process.exit(4);")).toBe(4);
});
