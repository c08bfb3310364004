"""Asks where it is."""

import os

answer(os.uname().nodename != "sandbox", os.uname().nodename)
