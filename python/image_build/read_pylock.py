"""Prints a lock of the form `pylock.toml` (as uv and pip write it) as a requirements lock.

What such a file can say and a requirements lock cannot (a folder, a repository, a plain archive) ends with exit code 1 and one line.
"""

import sys
import tomllib


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        lock = tomllib.load(file)
    for package in lock["packages"]:
        name, version = package["name"], package.get("version")
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        if version is None or not files:
            sys.exit(f"{name} is neither a wheel nor a source archive of an index")
        marker = f" ; {package['marker']}" if "marker" in package else ""
        hashes = [f"--hash={kind}:{value}" for each in files for kind, value in each["hashes"].items() if kind == "sha256"]
        print(" \\\n    ".join([f"{name}=={version}{marker}", *dict.fromkeys(hashes)]))


main()
