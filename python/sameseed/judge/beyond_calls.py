"""What a suite does with the solution besides calling it, by its source.

Such a suite fails against a solution in another process, whatever the solution is: it is run together with it instead, and labelled.
Only what cannot work is looked for; a suite that does such a thing in a way that its source does not show says so itself.
"""

from __future__ import annotations

import ast

_PATCHES = ("patch", "object", "dict", "multiple", "setattr", "delattr", "setitem", "delitem")


def beyond_calls(source: bytes) -> str | None:
    """What the suite does, in words; None where its tests only call."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    names = _Names(tree)
    if names.has_star:
        return "imports * from the solution"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(names.is_of(base) for base in node.bases):
            return f"bases the class {node.name} on the solution's"
        if isinstance(node, ast.Call) and (what := _what(node, names)):
            return what
    return None


def _what(call: ast.Call, names: _Names) -> str | None:
    first = call.args[0] if call.args else None
    if first is None:
        return None
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in names.inspect:
        return "inspects the solution" if names.is_of(first) else None
    called = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    if called in names.inspections:
        return "inspects the solution" if names.is_of(first) else None
    if called in _PATCHES and (names.is_of(first) or _names_solution(first)):
        return "patches the solution"
    return None


def _names_solution(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(".")[0] == "solution"


class _Names:
    """The names that stand for the solution, for what is in it, and for `inspect`."""

    def __init__(self, tree: ast.Module) -> None:
        self.solution: set[str] = set()
        self.inspect: set[str] = set()
        self.inspections: set[str] = set()
        self.has_star = False
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    kind = {"solution": self.solution, "inspect": self.inspect}.get(name.name)
                    if kind is not None:
                        kind.add(name.asname or name.name)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in ("solution", "inspect"):
                given = {name.asname or name.name for name in node.names}
                self.has_star = self.has_star or (node.module == "solution" and "*" in given)
                (self.solution if node.module == "solution" else self.inspections).update(given)

    def is_of(self, node: ast.expr) -> bool:
        """Whether it is the solution, or an attribute of it."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.solution
