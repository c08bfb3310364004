import { describe, expect, it } from "vitest";

import { extractCode, pythonFences } from "../../../src/judge/extract-code.ts";

const how = { extract: "fenced" as const, fences: pythonFences, prefix: "", preamble: "" };
const code = (text: string, over: Partial<Parameters<typeof extractCode>[1]> = {}): string | undefined =>
  extractCode(text, { ...how, ...over });

describe("code is taken out of a completion", () => {
  it("from the last fence of the language", () => {
    expect(code("```python\na = 1\n```\nor\n```py\na = 2\n```\n```\noutput\n```")).toBe("a = 2\n");
    expect(code("```json\n{}\n```")).toBeUndefined();
    expect(code("```\na = 3\n```")).toBe("a = 3\n");
    expect(code("~~~ Python title\na = 4\n~~~")).toBe("a = 4\n");
    expect(code('```python\ntext = """\n``` inside\n"""\n```')).toBe('text = """\n``` inside\n"""\n');
    expect(code("````python\n```\n````")).toBe("```\n");
  });

  it("with what belongs before it, behind what Python wants first", () => {
    const before = { extract: "auto" as const, preamble: "import a\n", prefix: "import b\n" };
    expect(code("```python\nx = 1\n```", before)).toBe("import a\nx = 1\n");
    expect(code("x = 1\n", before)).toBe("import b\nx = 1\n");
    const future = "# one\nfrom __future__ import annotations\n";
    expect(code("```python\n" + future + "x = 1\n```", before)).toBe(future + "import a\nx = 1\n");
    expect(code(future + "x = 1\n", before)).toBe(future + "import b\nx = 1\n");
    expect(code("x = 1\n    from __future__ import a\n", before)).toBe(
      "import b\nx = 1\n    from __future__ import a\n",
    );
  });

  it("to the end where the model was stopped at the fence", () => {
    expect(code("Here:\n```python\na = 5")).toBe("a = 5\n");
  });

  it("without the fences that belong to it, or to the text around it", () => {
    const doc = 'def f():\n    """Use:\n\n    ```python\n    f()\n    ```\n    """\n';
    expect(code("```python\n" + doc + "```")).toBe(doc);
    expect(code("1. So:\n\n    ```python\n    def f():\n        pass\n\n    ```\n2. Done")).toBe(
      "def f():\n    pass\n\n",
    );
    expect(code("\t```py\n\ta = 8\n\t```")).toBe("a = 8\n");
    expect(code("```python\na = 9```\nThat is all: `a`.")).toBe("a = 9\n");
    expect(code("```python\na = 10\n    ```\nThat is all.")).toBe("a = 10\n    \n");
    expect(code('```python\na = 11\n# see ```b```\nb = """')).toBe('a = 11\n# see ```b```\nb = """\n');
    expect(code("The answer: ```python\na = 12\n```")).toBe("a = 12\n");
    expect(code("The output: ```text\na = 13\n```")).toBeUndefined();
  });

  it("however the fence names the language", () => {
    for (const name of ["python3.11", "python:main.py", "Python title=x", "{.python}", "py, x"])
      expect(code(`\`\`\`${name}\na = 14\n\`\`\``), name).toBe("a = 14\n");
  });

  it("and not from what it thought aloud", () => {
    expect(code("<think>```python\na = 6\n```</think> I do not know.")).toBeUndefined();
    expect(code("<think>hm</think>```python\na = 7\n```")).toBe("a = 7\n");
    expect(code("hm\n```python\na = 6\n```</think>\nI do not know.")).toBeUndefined();
    expect(code("hm\n```python\na = 6\n```\nso</think>```python\na = 7\n```")).toBe("a = 7\n");
    expect(code("<think>a</think><think>b\n```python\na = 6\n```\n</think>No.")).toBeUndefined();
  });

  it("whose text may hold the tag itself", () => {
    const split = "def f(s):\n    return s.split('</think>')[-1]\n";
    expect(code("```python\n" + split + "```")).toBe(split);
    expect(code("<think>hm</think>\n```python\n" + split + "```\n")).toBe(split);
    expect(code("It is done.\r\n```python\r\n" + split + "```")).toBe(split);
  });

  it("and takes no longer for a line that is long: with the square of its length each of these would take hours", () => {
    const many = 2_000_000;
    for (const line of ["```" + " ".repeat(many) + "`", "~".repeat(many) + "`", "`".repeat(many) + " `"])
      expect(code(line)).toBeUndefined();
    expect(code(`a ${"`".repeat(many)} b`)).toBeUndefined();
    expect(code(`${"~".repeat(many)}python\na = 15`)).toBe("a = 15\n");
  });

  it("and not where there is none", () => {
    for (const text of ["", "a = 1", "```python\n\n```", "``` python `x`"])
      expect(code(text)).toBeUndefined();
  });

  it("as a whole where the task says so", () => {
    expect(code("    return 1\n", { extract: "raw", prefix: "def f():\n" })).toBe("def f():\n    return 1\n");
    expect(code("    return 1\n", { extract: "auto", prefix: "def f():\n" })).toBe(
      "def f():\n    return 1\n",
    );
    expect(code("```python\na\n```", { extract: "auto", prefix: "p\n", preamble: "import x\n" })).toBe(
      "import x\na\n",
    );
    expect(code("  \n", { extract: "raw" })).toBeUndefined();
  });
});
