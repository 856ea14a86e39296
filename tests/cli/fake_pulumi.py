"""Stands in for `pulumi` on PATH: answers from a directory, and streams events as the engine does.

WARMLANE_FAKE names the directory: `stacks.json` (name -> resources), `<stack>.export.json`, `<stack>.events.jsonl`,
`<stack>.status` (exit status), `<stack>.seconds` (how long a run waits to be interrupted), `silent` (a directory whose
stacks can't be listed), and `<stack>.analysis.jsonl` and `<stack>.analysis.status` of a policy analysis. Every
call is appended to `calls.jsonl` with its directory, WARMLANE_FOUND and PULUMI_STACK.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

import grpc
from pulumi.runtime.proto import events_pb2, events_pb2_grpc

state = Path(os.environ["WARMLANE_FAKE"])
words = sys.argv[1:]


def read(name: str, default: str) -> str:
    path = state / name
    return path.read_text() if path.exists() else default


def option(name: str) -> str:
    return words[words.index(name) + 1]


with (state / "calls.jsonl").open("a") as calls:
    call = {"words": words, "directory": Path.cwd().name, "found": os.environ.get("WARMLANE_FOUND", "")}
    call["stack"] = os.environ.get("PULUMI_STACK", "")
    calls.write(json.dumps(call) + "\n")

stacks = json.loads(read("stacks.json", "{}"))
match words[:2]:
    case ["stack", "ls"] if Path.cwd().name == read("silent", ""):
        sys.exit("error: the backend is away")
    case ["stack", "ls"]:
        print(json.dumps([{"name": name, "resourceCount": count} for name, count in stacks.items()]))
    case ["stack", "select"]:
        stacks[words[3]] = 0
        (state / "stacks.json").write_text(json.dumps(stacks))
    case ["stack", "export"]:
        print(json.dumps({"deployment": json.loads(read(f"{option('-s')}.export.json", "{}"))}))
    case ["stack", "output"]:
        print(read(f"{option('-s')}.outputs.json", "{}"))
    case ["policy", "analyze"]:
        print(read(f"{option('-s')}.analysis.jsonl", ""))
        sys.exit(int(read(f"{option('-s')}.analysis.status", "0")))
    case ["refresh", _]:
        (state / f"{option('-s')}.export.json").write_text("{}")
    case _:
        stack = option("-s")
        address = option("--event-log").removeprefix("tcp://")
        lines = read(f"{stack}.events.jsonl", "").splitlines()
        with grpc.insecure_channel(address) as channel:
            requests = (events_pb2.EventRequest(event=line) for line in lines)
            events_pb2_grpc.EventsStub(channel).StreamEvents(requests)
        if seconds := read(f"{stack}.seconds", ""):
            (state / f"{stack}.waits").touch()
            with contextlib.suppress(KeyboardInterrupt):
                time.sleep(float(seconds))
        print(f"the fake ran {words[0]} of {stack}")
        sys.exit(int(read(f"{stack}.status", "0")))
