"""Prints `[{"path", "name", "line", "lines"}]` for every function of the Python files named on the command line."""

import ast
import json
import sys


def functions(path: str) -> list[dict[str, object]]:
    """The functions and methods of one file, decorators included in their length; none of a file that is not Python."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        tree = ast.parse(text, path)
    except SyntaxError:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines = (node.end_lineno or first) - first + 1
            found.append({"path": path, "name": node.name, "line": first, "lines": lines})
    return found


if __name__ == "__main__":
    print(json.dumps([entry for path in sys.argv[1:] for entry in functions(path)]))
