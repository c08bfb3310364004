"""What is said where an environment failed for want of a screen: of windows, which a sandbox cannot show.

Libraries say it in words of their own, some as a failure to connect. The exceptions behind one are looked at, too.
"""

from __future__ import annotations

import re

from .failures import behind

ASK = (
    "a sandbox has no screen; ask for pictures instead, where the environment makes them "
    '(render_mode="rgb_array", --env-arg render_mode=rgb_array)'
)
_PYGLET = ", and build the image with OpenGL (--system) and --env PYGLET_HEADLESS=True"

_WORDS = re.compile(
    # pyglet · tkinter · GLFW · Qt · SDL · Xlib and what is built on it
    r'NoSuchDisplay|Cannot connect to "None"|no display name and no \$DISPLAY|DISPLAY environment variable is missing|'
    r"could not connect to display|No available video device|(?:cannot|can't|unable to) open display|x11 not available",
    re.IGNORECASE,
)


def screen_hint(error: BaseException) -> str:
    """One sentence where what the exception says, or one behind it, is explained by a missing screen; else nothing."""
    for seen in behind(error):
        said = _said(seen)
        if _WORDS.search(said):
            return ASK + (_PYGLET if "NoSuchDisplay" in said or '"None"' in said else "")
    return ""


def _said(error: BaseException) -> str:
    try:
        parts = [part[:1000] for part in error.args if type(part) is str]
    except BaseException:
        parts = []
    return " ".join([type.__getattribute__(type(error), "__name__"), *parts])
