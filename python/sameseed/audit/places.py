"""Which files the line tracer looks into: an environment's own, and nothing of what computes for it."""

from __future__ import annotations

import os
import sys
import sysconfig

from ..recording.canonical_tags import module_name

# Libraries that compute, draw or parse for an environment, in very many lines: what they return is seen where it is used.
COMPUTING = (
    "numpy", "scipy", "pandas", "matplotlib", "PIL", "networkx", "sklearn", "sympy", "torch", "jax", "numba", "pygame",
    "jaxlib", "flax", "optax", "chex", "tensorflow", "cv2", "imageio", "h5py", "trimesh", "shapely", "OpenGL", "pyglet",
    "cvxpy", "casadi", "cffi", "pycparser", "ply", "lark", "pyparsing", "yaml", "lxml", "pydantic", "attr", "absl", "tqdm", "rich"
)  # fmt: skip
# What of Gymnasium, and of the gym before it, stands between the referee and an environment.
_PLUMBING = ("core.py", "wrappers", "utils", "spaces", "error.py", "vector", os.path.join("envs", "registration.py"))

OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Places:
    """Where packages and the interpreter's library are."""

    def __init__(self, site: str | None = None, library: str | None = None) -> None:
        self.site = site or sysconfig.get_path("purelib")
        self.library = library or sysconfig.get_path("stdlib")
        plumbing = (os.path.join(self.site, package, name) for package in ("gymnasium", "gym") for name in _PLUMBING)
        self._left_out = (OWN, *(os.path.join(self.site, name, "") for name in COMPUTING), *plumbing)
        self._known: dict[str, bool] = {}
        self._own_classes: dict[type, bool] = {}

    def is_traced(self, file: str) -> bool:
        known = self._known.get(file)
        if known is None:
            known = self._known[file] = (
                os.path.isabs(file)
                and not file.startswith(self._left_out)
                and (file.startswith(self.site) or not file.startswith(self.library))
            )
        return known

    def is_own(self, kind: type) -> bool:
        """Whether a class's methods are traced, so that what they make of its objects is seen there."""
        known = self._own_classes.get(kind)
        if known is None:
            file = getattr(sys.modules.get(module_name(kind)), "__file__", None)
            begins = getattr(getattr(kind, "__init__", None), "__code__", None)
            # The method of a dataclass is of no file.
            generated = begins is not None and begins.co_filename.startswith("<")
            known = self._own_classes[kind] = file is not None and self.is_traced(os.path.abspath(file)) and not generated
        return known
