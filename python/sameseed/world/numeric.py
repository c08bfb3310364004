"""What this machine's arithmetic gives: digests of numeric results on fixed inputs, and assertions on the libraries.

A pin that a library ignores is a pin that does not hold, and libraries have changed what pins mean without a word. So a
sealed zygote computes what differs between processors, release by release: ufuncs with code for each vector width,
reductions, BLAS and LAPACK kernels, Fourier transforms, the C library's functions, and distributions built on them. The
host compares the digests with those of `images/numeric-fingerprints.json`. All inputs come from a generator whose bits
are integers' work alone. It takes some milliseconds.
"""

from __future__ import annotations

import ctypes
import glob
import math
import os
import platform
import struct
from hashlib import sha256
from typing import Any, Callable

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_DIGEST_DIGITS = 10
_LENGTH = 2051
_MATH_LENGTH = 509
_UFUNCS = (
    "exp exp2 expm1 log log2 log1p log10 sqrt cbrt sin cos tan arcsin arctan sinh cosh tanh arcsinh reciprocal".split()
)
_MATH = "exp log sin cos tan tanh atan sinh cosh erf lgamma log1p expm1".split()
_DISTRIBUTIONS: dict[str, tuple[float, ...]] = {
    "normal": (0.0, 1.0),
    "exponential": (1.0,),
    "gamma": (2.3, 1.0),
    "beta": (0.4, 1.7),
    "poisson": (12.5,),
    "vonmises": (0.0, 4.0),
}
# MXCSR without its sticky exception flags: all exceptions masked, round to nearest, denormals kept.
_MXCSR = 0x1F80
_MXCSR_FLAGS = 0x3F
_MXCSR_AT = 28


def report() -> dict[str, Any]:
    """The libraries' names, the digests by the names of the results, and the assertions that failed."""
    return {"libraries": _libraries(), "digests": _digests(), "failed": _failed()}


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:_DIGEST_DIGITS]


def _digests() -> dict[str, str]:
    found = {f"math.{name}": _digest(_packed(getattr(math, name))) for name in _MATH}
    found["math.pow"] = _digest(_packed(lambda x: x**1.7))
    found["math.atan2"] = _digest(_packed(lambda x: math.atan2(x, 3.0 - x)))
    found["math.hypot"] = _digest(_packed(lambda x: math.hypot(x, 0.7)))
    if np is not None:
        with np.errstate(all="ignore"):
            found.update({name: _array_digest(np.asarray(value)) for name, value in _numpy_results().items()})
    return found


def _packed(function: Callable[[float], float]) -> bytes:
    return struct.pack(f"<{_MATH_LENGTH}d", *(function((step * 0.61803398875) % 7.0 + 0.01) for step in range(_MATH_LENGTH)))


def _array_digest(array: Any) -> str:
    if array.dtype.kind in "fc":
        # The sign of a NaN is the processor's own.
        array = np.where(np.isnan(array), np.asarray(np.nan, array.dtype), array)
    return _digest(np.ascontiguousarray(array).tobytes())


def _numpy_results() -> dict[str, Any]:
    words = np.random.Generator(np.random.PCG64(7)).integers(1, 1 << 52, 3 * _LENGTH)
    x = words[:_LENGTH] / float(1 << 50) - 2.0
    results: dict[str, Any] = {}
    for bits, values in ((64, x), (32, x.astype(np.float32))):
        for name in _UFUNCS:
            results[f"{name}.{bits}"] = getattr(np, name)(values)
        results[f"power.{bits}"] = np.power(np.abs(values), values.dtype.type(1.7))
        results[f"arctan2.{bits}"] = np.arctan2(values, values[::-1])
        results[f"sum.{bits}"] = values.sum()
        results[f"mean.{bits}"] = values.mean()
        results[f"std.{bits}"] = values.std()
        results[f"cumsum.{bits}"] = np.cumsum(values)
        results.update(_linear(values, bits))
    results["fft"] = np.fft.fft(x[:500])
    results["rfft"] = np.fft.rfft(x[:509])
    results.update(_drawn())
    return results


def _linear(values: Any, bits: int) -> dict[str, Any]:
    """Sizes that are no multiples of a kernel's block, so that its edges are in it, too."""
    a, b = values[: 41 * 37].reshape(41, 37), values[: 37 * 29].reshape(37, 29)
    square = values[: 31 * 31].reshape(31, 31)
    return {
        f"dot.{bits}": np.dot(values, values[::-1]),
        f"norm.{bits}": np.linalg.norm(values),
        f"matmul.{bits}": a @ b,
        f"matvec.{bits}": a @ b[:, 0],
        f"matmul4x4.{bits}": square[:4, :4].copy() @ square[4:8, :4].copy(),
        f"gram.{bits}": a.T @ a,
        f"einsum.{bits}": np.einsum("ij,jk->ik", a, b),
        f"solve.{bits}": np.linalg.solve(square + 40 * np.eye(31, dtype=square.dtype), square[:, 0]),
        f"inv.{bits}": np.linalg.inv(square + 40 * np.eye(31, dtype=square.dtype)),
        f"svd.{bits}": np.linalg.svd(square, compute_uv=False),
    }


def _drawn() -> dict[str, Any]:
    results = {}
    for name, arguments in _DISTRIBUTIONS.items():
        results[f"Generator.{name}"] = getattr(np.random.Generator(np.random.PCG64(9)), name)(*arguments, 503)
        results[f"RandomState.{name}"] = getattr(np.random.RandomState(3), name)(*arguments, 503)
    return results


def _libraries() -> str:
    names = ["".join(platform.libc_ver()[:1]) + " " + platform.libc_ver()[1]]
    if np is not None:
        names = [f"numpy {np.__version__}", _blas_name(), *names]
    return ", ".join(names)


def _blas_name() -> str:
    try:
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas['version']}"
    except (TypeError, KeyError):  # a numpy from before these words
        return "unknown BLAS"


def _failed() -> list[str]:
    """What was asked of the libraries by the environment and is not so; each name is explained in the guide."""
    failed = []
    if not _floats_default():
        failed.append("float-environment")
    if np is None:
        return failed
    # The one is asked of numpy from 2.4 on, the other of those before.
    asked = os.environ.get("NPY_ENABLE_CPU_FEATURES") == "X86_V3" or "NPY_DISABLE_CPU_FEATURES" in os.environ
    if asked and not _features_v3():
        failed.append("numpy-features")
    blas = _openblas()
    if blas is None:
        return [*failed, "blas-unknown"]
    core, threads = blas
    if os.environ.get("OPENBLAS_CORETYPE", core).lower() != core.lower():
        failed.append("blas-core")
    if threads != 1:
        failed.append("blas-threads")
    return failed


def _features_v3() -> bool:
    """Whether numpy will choose code of x86-64-v3 and no more. What the processor has and no code is for, does not count."""
    try:
        from numpy._core import _multiarray_umath as core
    except ImportError:
        from numpy.core import _multiarray_umath as core
    chosen = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    more = [name for name in chosen if name.startswith("AVX512") or name == "X86_V4"]
    return not more and bool(core.__cpu_features__.get("AVX2")) and bool(core.__cpu_features__.get("FMA3"))


def _openblas() -> tuple[str, int] | None:
    """The kernels OpenBLAS runs, and its threads; None where numpy is built with another library."""
    beside = os.path.join(os.path.dirname(os.path.dirname(np.__file__)), "numpy.libs")
    for path in sorted(glob.glob(os.path.join(beside, "*openblas*"))):
        library = ctypes.CDLL(path)
        for prefix, suffix in (("scipy_openblas", "64_"), ("openblas", "64_"), ("openblas", "")):
            core = getattr(library, f"{prefix}_get_corename{suffix}", None)
            threads = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
            if core is not None and threads is not None:
                core.restype = ctypes.c_char_p
                return core().decode(), threads()
    return None


def _floats_default() -> bool:
    """Whether importing everything has left the processor's floating-point settings as they were."""
    if platform.machine() != "x86_64":
        return True
    environment = (ctypes.c_ubyte * 64)()
    ctypes.CDLL("libm.so.6").fegetenv(environment)
    (mxcsr,) = struct.unpack_from("<I", environment, _MXCSR_AT)
    return mxcsr & ~_MXCSR_FLAGS == _MXCSR
