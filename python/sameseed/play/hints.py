"""What is said where a failure is explained by what a sandbox does not have: a screen, a file or a network."""

from __future__ import annotations

from .no_file import file_hint
from .no_network import network_hint
from .no_screen import screen_hint


def with_hint(message: str, error: BaseException) -> str:
    """The message of an exception with the hint that explains it, where there is one."""
    # "Cannot connect" is said of a screen as well.
    hint = screen_hint(error) or file_hint(error) or network_hint(error)
    if not hint:
        return message
    return f"{message} ({hint})" if message else hint
