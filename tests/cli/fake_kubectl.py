"""Stands in for `kubectl` on PATH: answers from the directory that WARMLANE_FAKE names.

`cluster.json` has what the API server has by path; without the file no cluster answers. `counts.json` has, by
`<pod>/<container>`, what one exec after the other prints (the last one again and again). Every call is appended to
`kubectl.jsonl`.
"""

import json
import os
import sys
from pathlib import Path

state = Path(os.environ["WARMLANE_FAKE"])
words = sys.argv[1:]
with (state / "kubectl.jsonl").open("a") as calls:
    calls.write(json.dumps(words) + "\n")
if not (state / "cluster.json").exists():
    sys.exit("error: no cluster answers to this context")
objects = json.loads((state / "cluster.json").read_text())
verb, *rest = words[2:]
if verb == "get":
    path = rest[-1]
    if path not in objects:
        sys.exit(f'Error from server (NotFound): "{path}" not found')
    print(json.dumps(objects[path]))
if verb == "exec":
    counts = json.loads((state / "counts.json").read_text())
    place = f"{rest[3]}/{rest[rest.index('-c') + 1]}"
    if place not in counts:
        sys.exit("error: unable to upgrade connection: container not found")
    looks = counts[place]
    print(json.dumps(looks[0]))
    counts[place] = looks[1:] or looks
    (state / "counts.json").write_text(json.dumps(counts))
