"""The solution's end of a link to a judge: it loads the solution and answers what is asked of it.

It guards nothing, as `solution` does not: whatever the solution does here can only make other answers.
"""

from __future__ import annotations

import builtins
import os

from ..recording.canonical import encode
from ..recording.canonical_decode import decode
from ..recording.frames import ACTION, ERROR, HELLO, READY, STEP, Link, LinkClosed
from .link_ops import MAX_FRAME, MODULE, NONCE, OBJECT, OPERATIONS, RAISED, VALUE
from .solution import failure, load
from .values import NoValue, decode_value, encode_value

_MUTABLE = (list, dict, set)


def serve(*, fd: int, entry: str, seed: int) -> None:
    """Answers each request until the judge closes the link."""
    link = Link(fd, MAX_FRAME, MAX_FRAME, NONCE)
    own = os.getpid()
    try:
        link.receive((HELLO,), 0)
        try:
            module = load(entry, seed)
        except BaseException as error:
            if os.getpid() != own:
                return
            kind, said = failure(error)
            link.send(ERROR, 0, encode({"kind": kind, "said": said}))
            return
        link.send(READY, 0, encode({}))
        objects = {MODULE: module}
        sequence = 0
        while True:
            sequence += 1
            _, payload = link.receive((STEP,), sequence)
            answer = _answer(objects, decode(payload))
            # A child of the solution's that comes back here, as `sys.exit` in one does, has nothing to answer.
            if os.getpid() != own:
                return
            link.send(ACTION, sequence, encode(answer))
    except LinkClosed:
        pass


def _answer(objects: dict, request: dict) -> dict:
    try:
        target = objects[request["of"]]
        name = request["name"]
        if request["op"] == "get":
            return _found(objects, getattr(target, name))
        if request["op"] == "set":
            setattr(target, name, _argument(objects, request["value"]))
            return _found(objects, None)
        args = [_argument(objects, each) for each in request["args"]]
        kwargs = {key: _argument(objects, each) for key, each in request["kwargs"].items()}
        if name in OPERATIONS:
            result = OPERATIONS[name](target, *args)
        else:
            result = (target if name == "" else getattr(target, name))(*args, **kwargs)
        return {**_found(objects, result), "changed": _changed(request, args, kwargs)}
    except BaseException as error:
        return _raised(objects, error)


def _argument(objects: dict, sent: list) -> object:
    return objects[sent[1]] if sent[0] == "o" else decode_value(sent[1])


def _changed(request: dict, args: list, kwargs: dict) -> list:
    """Arguments that the call changed, as they are now, by place or name: by value means that they must be carried back."""
    sent = {**dict(enumerate(request["args"])), **request["kwargs"]}
    changed = []
    for at, value in {**dict(enumerate(args)), **kwargs}.items():
        if sent[at][0] == "v" and isinstance(value, _MUTABLE):
            try:
                data = encode_value(value, "argument")
            except NoValue:
                continue
            if data != sent[at][1]:
                changed.append([at, data])
    return changed


def _found(objects: dict, value: object) -> dict:
    try:
        return {"as": VALUE, "value": encode_value(value, "result")}
    except NoValue:
        number = _number(objects, value)
        name = type(value).__name__[:200]
        iterates = hasattr(type(value), "__next__")
        return {"as": OBJECT, "id": number, "type": name, "error": _error_base(value), "iterates": iterates}


def _number(objects: dict, value: object) -> int:
    for number, known in objects.items():
        if known is value:
            return number
    number = len(objects)
    objects[number] = value
    return number


def _error_base(value: object) -> str | None:
    """The builtin that an exception class derives from; None for anything else."""
    if not (isinstance(value, type) and issubclass(value, (Exception, SystemExit))):
        return None
    for base in value.__mro__:
        if getattr(builtins, base.__name__, None) is base:
            return base.__name__
    return "Exception"


def _raised(objects: dict, error: BaseException) -> dict:
    _, said = failure(error)
    kind = type(error)
    try:
        args = encode_value(list(error.args), "args")
    except NoValue:
        args = None
    own = None if getattr(builtins, kind.__name__, None) is kind else _number(objects, kind)
    return {"as": RAISED, "said": said, "args": args, "type": kind.__name__[:200], "class": own, "error": _error_base(kind)}
