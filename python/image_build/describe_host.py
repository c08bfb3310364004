"""Prints one JSON object about the interpreter that runs it: what the image builder must know to copy it."""

import importlib.util
import json
import os
import platform
import sys
import sysconfig

print(
    json.dumps(
        {
            "implementation": sys.implementation.name,
            "version": platform.python_version(),
            "versionInfo": list(sys.version_info[:2]),
            "executable": os.path.realpath(getattr(sys, "_base_executable", sys.executable)),
            "stdlib": os.path.realpath(os.path.dirname(os.__file__)),
            "dynload": sysconfig.get_config_var("DESTSHARED") or "",
            "include": sysconfig.get_config_var("INCLUDEPY") or "",
            "extensionSuffix": sysconfig.get_config_var("EXT_SUFFIX") or ".so",
            "freeThreaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
            "libDirectory": sys.platlibdir,
            "machine": platform.machine(),
            "libc": os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else "",
            "pip": importlib.util.find_spec("pip") is not None,
            "venv": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
        }
    )
)
