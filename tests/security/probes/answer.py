"""What every probe says: one line of JSON, whether it got through, and what it saw."""

import json


def answer(through, seen):
    print(json.dumps({"through": bool(through), "seen": str(seen)}))
