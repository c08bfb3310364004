"""What the environment of a rollout that is played again renders, told beside its records.

Theory of operation. A picture is taken behind a record, when everything of the step has been hashed, and what the
environment does to draw it is no part of the step: the world's clock and counts are set back. So the chain is that of the
recording, unless drawing changes what the environment does next; the host compares, and keeps no picture then.

Pixels are sent as they are, deflated; whoever gets them makes an image file of them. Nothing of the environment's is ever
taken for an image file.
"""

from __future__ import annotations

import os
import zlib
from typing import Callable

from ..recording.canonical import encode
from ..recording.frames import MAX_PAYLOAD, PICTURE, HostStream
from ..recording.hidden import HiddenState, NoHidden
from ..recording.recorder import Recorder
from ..world.sealed import apart
from .failures import describe

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

# The longest side a picture is sent with; of a larger one every second, third… pixel is.
_LONGEST_SIDE = 640
_MOST_TEXT = 1 << 16
# What draws into memory needs no screen and no sound.
_WITHOUT_SCREEN = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}


class CannotRender(Exception):
    """The environment gives no picture."""


class PicturedRecorder(Recorder):
    """Records a rollout and, behind some of its records, what the environment renders."""

    def __init__(
        self,
        stream: HostStream,
        hidden: HiddenState,
        volatile: list[str],
        render: Callable[[], object],
        *,
        first: int,
        every: int,
        last: int,
    ) -> None:
        super().__init__(stream, hidden, volatile)
        self._render = render
        self._first, self._every, self._last = first, every, last
        self._failed = False
        os.environ.update(_WITHOUT_SCREEN)

    def reset(self, observation: object, info: dict) -> None:
        super().reset(observation, info)
        self._take(0)

    def step(self, action: bytes, result: tuple) -> None:
        number = self._next
        super().step(action, result)
        self._take(number)

    def _take(self, k: int) -> None:
        if self._failed or k < self._first or ((k - self._first) % self._every and k != self._last):
            return
        with apart():
            try:
                said = picture_of(self._render())
            except BaseException as error:
                self._failed = True
                name, message, _ = describe(error)
                said = {"why": message if isinstance(error, CannotRender) else f"{name}: {message}"}
        payload = encode({"k": k, **said})
        if len(payload) > MAX_PAYLOAD:
            payload = encode({"k": k, "why": "a picture is too large"})
        self._stream.send(PICTURE, payload)


def draw(episode: object, stream: HostStream, volatile: list[str], pictures: dict) -> None:
    """Lets an episode tell what is rendered behind its records: the `first`, each `every`-th from there, and the `last`."""
    episode.recorder = PicturedRecorder(stream, episode.hidden, volatile, lambda: episode.stage.env.render(), **pictures)


def picture_of(rendered: object) -> dict:
    """What is told of something rendered: `{shape, pixels}` or `{text}`."""
    text = rendered.getvalue() if hasattr(rendered, "getvalue") else rendered
    if type(text) is str:
        return {"text": text[:_MOST_TEXT].encode("utf-8", "backslashreplace").decode()}
    if np is None or not isinstance(rendered, np.ndarray):
        raise CannotRender(f"render() returned a value of type {type(rendered).__name__}, no picture and no text")
    pixels = np.asarray(rendered)
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, axis=-1)
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise CannotRender(f"render() returned an array of {pixels.dtype} and shape {pixels.shape}, which is no picture")
    apart = -(-max(pixels.shape[:2]) // _LONGEST_SIDE)
    pixels = np.ascontiguousarray(pixels[::apart, ::apart, :3])
    return {"shape": list(pixels.shape[:2]), "pixels": zlib.compress(pixels.tobytes(), 1)}
