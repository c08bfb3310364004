"""Makes the environment of a rollout from its reference.

A gymnasium id goes through `gymnasium.make` and keeps the wrappers that come with it (time limit, order enforcing),
but not the passive checker: the checker changes neither observations nor rewards, and costs 60 µs a rollout. A class
from a file, or of a module that the image or the caller's files have (`module:Class`), is called with the arguments; it
need not be a `gymnasium.Env`, only have `reset` and `step`. A file may also register the id that is asked for.
Environments of gym, which came before Gymnasium, are adapted (former_gym.py). The file may define `encode(value)`, which
turns objects that have no encoding into values that have one.

What the caller asked for and cannot be had raises UnknownEnvironment; every other exception is the environment's own.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType

from .failures import UnknownEnvironment
from .former_gym import adapted, import_gym, make_former, registered
from .missing import why_missing
from ..policy.source_files import import_file
from ..recording.canonical_tags import module_name
from ..recording.canonical_types import set_hook


@contextmanager
def foreign_code() -> Iterator[None]:
    """What runs inside may raise UnknownEnvironment, and says nothing by it: only this package does."""
    try:
        yield
    except UnknownEnvironment as error:
        raise RuntimeError(f"the environment raised UnknownEnvironment: {error}") from error


def unwrap(env: object) -> object:
    """The environment inside all wrappers."""
    return getattr(env, "unwrapped", env)


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a message that names what may have been meant; empty where nothing is near."""
    names = sorted(known)
    lower = {}
    for candidate in names:
        lower.setdefault(candidate.lower(), candidate)
    close = difflib.get_close_matches(name.lower(), list(lower), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(lower[match] for match in close)}?" if close else ""


def from_file(path: str, name: str, env_args: dict) -> object:
    """Makes an environment of a class in a file, or of an id that the file registers."""
    file = os.path.basename(path)
    if not os.path.isfile(path):
        raise UnknownEnvironment(f"there is no file {file}")
    try:
        with foreign_code():
            module = import_file(path)
    except ImportError as error:
        # What else the file raises while it is imported is its own failure.
        raise UnknownEnvironment(why_missing(file, error, False)) from error
    hook = module.__dict__.get("encode")
    set_hook(hook if inspect.isfunction(hook) else None)
    cls = module.__dict__.get(name)
    if not isinstance(cls, type):
        if not name.isidentifier() or name in getattr(sys.modules.get("gymnasium"), "registry", {}):
            return from_gymnasium(name, env_args)
        classes = [
            key
            for key, value in module.__dict__.items()
            if isinstance(value, type) and module_name(value) == module.__name__
        ]
        hint = suggest(name, classes) or (f"; it has {', '.join(sorted(classes))}" if classes else "; it has no class")
        raise UnknownEnvironment(f"{file} has no class {name}{hint}")
    return _of_class(cls, name, file, env_args)


def check_arguments(creator: object, name: str, env_args: dict) -> None:
    """Refuses arguments that do not fit; raises UnknownEnvironment."""
    try:
        signature = inspect.signature(creator)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(**env_args)
    except TypeError as error:
        raise UnknownEnvironment(f"{name} cannot be made {_with(env_args)}: {error}") from None


def from_gymnasium(id: str, env_args: dict) -> object:
    """Makes a registered environment, or one of a module's class; `module:Name` imports the module first."""
    gymnasium = _interface()
    module, _, name = id.rpartition(":")
    if module:
        imported = _import(module)
        cls = getattr(imported, name, None)
        if isinstance(cls, type) and name not in _known(gymnasium):
            return _of_class(cls, name, module, env_args)
    former = import_gym() if gymnasium.__name__ == "gym" else sys.modules.get("gym")
    is_former = former is not None and name not in getattr(gymnasium, "registry", {}) and name in registered(former)
    try:
        with foreign_code():
            if is_former or gymnasium is former:
                return make_former(former, name, env_args)
            return gymnasium.make(name, disable_env_checker=True, **env_args)
    except (gymnasium.error.UnregisteredEnv, gymnasium.error.DeprecatedEnv) as error:
        # What replaces a deprecated version only gymnasium knows; for the rest the nearest names say more.
        deprecated = isinstance(error, gymnasium.error.DeprecatedEnv)
        hint = f": {error}" if deprecated else suggest(name, _makeable(gymnasium))
        raise UnknownEnvironment(f"this image has no environment {id}{hint}") from None
    except gymnasium.error.DependencyNotInstalled as error:
        raise UnknownEnvironment(f"{id} needs a package that is not in this image: {error}") from None
    except gymnasium.error.Error as error:
        if _raised_in_registration(error):
            raise UnknownEnvironment(f"{id} cannot be made: {error}") from None
        raise
    except TypeError as error:
        # gymnasium raises it again with more words; the cause knows where it came from.
        cause = error.__cause__ or error
        if not _raised_in_registration(cause) or not (env_args or _lacks_arguments(cause)):
            raise
        raise UnknownEnvironment(f"{id} cannot be made {_with(env_args)}: {cause}") from None
    except (ImportError, OSError) as error:
        # Packages import what they need when they are made as well.
        reason = why_missing(id, error, False)
        if reason is None:
            raise
        raise UnknownEnvironment(reason) from error


def _makeable(gymnasium: ModuleType) -> list[str]:
    """The ids this image knows, but for Gymnasium's own that are written in JAX where it has none: no image that comes along does."""
    if importlib.util.find_spec("jax") is not None:
        return list(_known(gymnasium))
    registry = getattr(gymnasium, "registry", {})
    in_jax = ("gymnasium.envs.phys2d", "gymnasium.envs.tabular")
    points = {name: getattr(registry.get(name), "entry_point", None) for name in _known(gymnasium)}
    return [name for name, point in points.items() if not (isinstance(point, str) and point.startswith(in_jax))]


def _interface() -> ModuleType:
    """Gymnasium, or gym in an image that has only that; raises UnknownEnvironment where there is neither."""
    try:
        import gymnasium
    except ModuleNotFoundError as error:
        if error.name != "gymnasium":
            raise
        found = import_gym()
        if found is None:
            raise UnknownEnvironment(
                "this image has no gymnasium; use another image, or a FILE.py:Class environment"
            ) from None
        return found
    return gymnasium


def _known(library: ModuleType) -> Iterable[str]:
    return library.registry if library.__name__ == "gymnasium" else registered(library)


def _of_class(cls: type, name: str, where: str, env_args: dict) -> object:
    for method in ("reset", "step"):
        if not callable(getattr(cls, method, None)):
            raise UnknownEnvironment(f"{name} in {where} is not an environment: it has no {method}()")
    check_arguments(cls, name, env_args)
    with foreign_code():
        return adapted(cls(**env_args))


def _import(module: str) -> object:
    try:
        with foreign_code():
            return importlib.import_module(module)
    except UnknownEnvironment:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and (module + ".").startswith(error.name + "."):
            raise UnknownEnvironment(f"this image has no module {module}") from None
        raise UnknownEnvironment(why_missing(module, error, True)) from error


def _with(env_args: dict) -> str:
    return "with these arguments" if env_args else "without arguments"


def _lacks_arguments(error: BaseException) -> bool:
    return re.search(r"\bmissing \d+ required (?:positional|keyword-only) arguments?: ", str(error)) is not None


def _raised_in_registration(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and os.path.basename(frames[-1].filename) == "registration.py"
