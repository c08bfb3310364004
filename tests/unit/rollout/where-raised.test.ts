import { expect, test } from "vitest";

import { whereRaised } from "../../../src/rollout/where-raised.ts";

test("an exception without a message is told by its last line", () => {
  const traceback = `Traceback (most recent call last):
  File "/opt/python/lib/python3.11/site-packages/p/env.py", line 7, in __init__
    self.begin()
  File "/opt/python/lib/python3.11/site-packages/p/joints.py", line 42, in begin
    assert kind in allowed
           ^^^^^^^^^^^^^^^
AssertionError
`;
  expect(whereRaised(traceback)).toBe("at joints.py:42: assert kind in allowed");
  expect(whereRaised("AssertionError\n")).toBe("");
  expect(whereRaised(undefined)).toBe("");
});

test("the line is the last one outside of Python's standard library", () => {
  const own = `  File "/opt/python/lib/python3.11/site-packages/p/env.py", line 7, in begin
    run([engine])
`;
  const standard = `  File "/opt/python/lib/python3.11/subprocess.py", line 1950, in _execute_child
    raise child_exception_type(errno_num, err_msg, err_filename)
`;
  expect(whereRaised(own + standard)).toBe("at env.py:7: run([engine])");
  expect(whereRaised(standard)).toContain("at subprocess.py:1950: raise");
});
