"""Which files the line tracer looks into: an environment's own package, and nothing of what computes for it."""

import os
import unittest

from sameseed.audit import places

LIBRARY = "/opt/python/lib/python3.11"
SITE = f"{LIBRARY}/site-packages"

# In very many lines, of which none says why an environment gives other values.
COMPUTING = [
    "OpenGL/GL/__init__.py",
    "PIL/Image.py",
    "absl/logging/__init__.py",
    "attr/_make.py",
    "casadi/casadi.py",
    "cffi/cparser.py",
    "chex/_src/dataclass.py",
    "cv2/__init__.py",
    "cvxpy/problems/problem.py",
    "flax/struct.py",
    "h5py/_hl/files.py",
    "imageio/core/format.py",
    "jax/_src/core.py",
    "jaxlib/xla_client.py",
    "lark/parsers/lalr_parser.py",
    "lxml/builder.py",
    "matplotlib/pyplot.py",
    "networkx/classes/graph.py",
    "numba/core/compiler.py",
    "numpy/random/__init__.py",
    "optax/_src/base.py",
    "pandas/core/frame.py",
    "ply/yacc.py",
    "pycparser/c_parser.py",
    "pydantic/main.py",
    "pygame/surfarray.py",
    "pyglet/window/__init__.py",
    "pyparsing/core.py",
    "rich/console.py",
    "scipy/integrate/_ode.py",
    "shapely/geometry/base.py",
    "sklearn/base.py",
    "sympy/core/expr.py",
    "tensorflow/python/framework/ops.py",
    "torch/nn/modules/module.py",
    "tqdm/std.py",
    "trimesh/base.py",
    "yaml/scanner.py",
]
# What stands between the referee and an environment.
PLUMBING = [
    "gymnasium/core.py",
    "gymnasium/envs/registration.py",
    "gymnasium/error.py",
    "gymnasium/spaces/discrete.py",
    "gymnasium/utils/seeding.py",
    "gymnasium/vector/sync_vector_env.py",
    "gymnasium/wrappers/common.py",
]
# Names that begin as a library's do, and environments that Gymnasium brings along.
ENVIRONMENTS = [
    "PILgrim/env.py",
    "gymnasium/envs/classic_control/cartpole.py",
    "gymnasium/envs/toy_text/frozen_lake.py",
    "gymnasium_robotics/core.py",
    "highway_env/envs/common/abstract.py",
    "jaxmarl/environments/simple.py",
    "jax_env.py",
    "mo_gymnasium/wrappers/common.py",
    "networkx_gym/env.py",
    "numba_env/step.py",
    "numpy_env.py",
    "pandas_market/market.py",
    "pygame_games/pong.py",
    "scipy_env/core.py",
    "sympy_game/env.py",
    "torchrl_games/core.py",
    # A package's own folders have whatever names it likes.
    "my_env/numpy/core.py",
    "my_env/gymnasium/core.py",
]


class Traced(unittest.TestCase):
    def setUp(self) -> None:
        self.places = places.Places(SITE, LIBRARY)

    def test_libraries_that_compute_and_plumbing_are_left_out(self) -> None:
        files = [f"{SITE}/{name}" for name in COMPUTING + PLUMBING]
        self.assertEqual([file for file in files if self.places.is_traced(file)], [])

    def test_each_entry_of_the_list_is_held_by_a_file(self) -> None:
        self.assertEqual(sorted({name.split("/")[0] for name in COMPUTING}), sorted(places.COMPUTING))

    def test_the_interpreters_library_and_sameseed_are_left_out(self) -> None:
        own = os.path.dirname(os.path.dirname(os.path.abspath(places.__file__)))
        files = [f"{LIBRARY}/random.py", f"{LIBRARY}/json/decoder.py", f"{own}/play/referee.py", "<frozen posixpath>", "<string>"]
        self.assertEqual([file for file in files if self.places.is_traced(file)], [])

    def test_an_environments_own_files_are_looked_into(self) -> None:
        files = [f"{SITE}/{name}" for name in ENVIRONMENTS]
        files += ["/tmp/env/game.py", "/tmp/env/numpy/env.py", "/tmp/policy/policy.py"]
        self.assertEqual([file for file in files if not self.places.is_traced(file)], [])


if __name__ == "__main__":
    unittest.main()
