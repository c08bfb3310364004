"""Asks who it is."""

import os

ids = [os.getresuid(), os.getresgid()]
answer(ids != [(1000,) * 3] * 2, ids)
