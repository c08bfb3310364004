"""The text of a judge, as it is run."""

from __future__ import annotations

import ast
import dis
import importlib
import types

# No text can have it: it is no name.
_TYPE = "@type"
# How modules are called by everybody.
_CALLED = {"np": "numpy", "pd": "pandas"}


def compiled(source: bytes | str, path: str) -> types.CodeType:
    """The code of a judge's text; ``type(x)`` of a guarded value is that of the plain one in it."""
    tree = ast.parse(source, path)
    # Nothing changed is compiled as it is written.
    return compile(tree if ask_plain_types(tree) else source, path, "exec", dont_inherit=True)


def ask_plain_types(tree: ast.Module) -> bool:
    """Makes ``type(x)`` ask for the type that the solution's value has; says whether there was any to change."""
    nodes = list(ast.walk(tree))
    if any(_binds_type(node) for node in nodes):
        return False
    asking = [node for node in nodes if _asks_type(node)]
    if not asking:
        return False
    for node in asking:
        node.func.id = _TYPE
    given = ast.ImportFrom("sameseed.judge.empty_values", [ast.alias("plain_type", _TYPE)], 0)
    at = _begins(tree.body)
    place = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
    for node in (given, *given.names):
        for name, value in place.items():
            setattr(node, name, value)
    tree.body.insert(at, given)
    return True


def names_lacking(tree: ast.Module, text: str) -> list[str]:
    """The global names that a statement reads and does not import itself; names of attributes are none of them."""
    imported = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    own = {(alias.asname or alias.name).partition(".")[0] for node in imported for alias in node.names}
    return sorted(_names_read(compile(text, "judge.py", "exec", dont_inherit=True)) - own)


def library_meant(tree: ast.Module, name: str) -> types.ModuleType | None:
    """The module that a statement means by a name, where it only asks for what that module has: ``math`` in ``math.pi``.

    A name that is called or handed on is meant as a function's, such as ``bisect``.
    """
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    asked = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    ]
    if not asked or len(asked) < len(uses):
        return None
    try:
        module = importlib.import_module(_CALLED.get(name, name))
    except Exception:
        return None
    return module if all(_has(module, each) for each in asked) else None


def _has(module: types.ModuleType, name: str) -> bool:
    if hasattr(module, name):
        return True
    try:
        importlib.import_module(f"{module.__name__}.{name}")
    except Exception:
        return False
    return True


def _names_read(code: types.CodeType) -> set[str]:
    found = {each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names_read(constant)
    return found


def _asks_type(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "type":
        return False
    return len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred)


def _binds_type(node: ast.AST) -> bool:
    """Whether the text has a `type` of its own."""
    if isinstance(node, ast.Name):
        return node.id == "type" and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.arg):
        return node.arg == "type"
    if isinstance(node, ast.alias):
        return (node.asname or node.name) == "type"
    return getattr(node, "name", None) == "type"


def _begins(body: list[ast.stmt]) -> int:
    """Where the first statement is that may follow something: behind the text's own docstring and what it asks of the future."""
    at = 0
    for node in body:
        says = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and at == 0
        if not says and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        at += 1
    return at
