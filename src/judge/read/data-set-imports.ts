/*
 * What the graders of LiveCodeBench and APPS put before a solution. Starter code names `List` and `deque` without an import, and published
 * solutions do the same, so a right one would end in a NameError without it. The list is that of LiveCodeBench's
 * lcb_runner/evaluation/testing_util.py; the order decides which of two equal names is meant (`pow` is the built-in one).
 */
const modules =
  "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json";

const imported = modules.split(" ");

/** Python source that ends with a line end. */
export const dataSetImports: string = [
  ...[...imported, "builtins", "typing"].map((name) => `from ${name} import *`),
  `import ${imported.join(", ")}`,
  "sys.setrecursionlimit(50_000)",
  "",
].join("\n");
