"""Which server a token is for. A token that another one hears is that one's to use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

_Origin = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}

# Graders are made without arguments, and play in threads: what a run was given is kept beside them.
_given: dict[_Origin, Path] = {}


def headers_for(url: str) -> dict[str, str]:
    """The headers that a server is asked with: the token that was given for it, or that of `SAMESEED_URL` for that server alone."""
    origin = _origin(url)
    if origin is None:
        return {}
    file: Path | str | None = _given.get(origin)
    if file is None and origin == _origin(os.environ.get("SAMESEED_URL", "")):
        file = os.environ.get("SAMESEED_TOKEN_FILE")
    return {"Authorization": f"Bearer {Path(file).read_text().strip()}"} if file else {}


@contextmanager
def token_for(url: str, file: Path | None) -> Iterator[None]:
    """Lets a server be asked with the token of a file, if there is one, until the end of the block."""
    origin = _origin(url)
    if origin is None or file is None:
        yield
        return
    before = _given.get(origin)
    _given[origin] = file
    try:
        yield
    finally:
        if before is None:
            del _given[origin]
        else:
            _given[origin] = before


def _origin(url: str) -> _Origin | None:
    """Scheme, host and port; None of what has none, as a socket of this machine."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or parts.hostname is None:
            return None
        return parts.scheme, parts.hostname, _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        return None
