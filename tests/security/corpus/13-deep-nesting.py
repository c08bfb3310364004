# runs-as: script
# limits: memoryMb=256
# expects: json: RecursionError
# expects: pickle: RecursionError
# expects: repr: RecursionError
# why: libraries that recurse in C must end in an exception, and the sandbox in order
import json
import pickle

from kit import attempt

nested = []
for _ in range(200_000):
    nested = [nested]
attempt("json", lambda: json.loads("[" * 200_000))
attempt("pickle", lambda: pickle.dumps(nested))
attempt("repr", lambda: len(repr(nested)))
import os  # noqa: E402

os._exit(0)  # taking the list apart is not the question
