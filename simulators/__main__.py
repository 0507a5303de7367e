"""Run the simulated departments: `python -m simulators --port 8090 --secrets FILE`."""

import argparse
import json
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn
from pydantic import TypeAdapter

from simulators.app import create_app
from simulators.department import Secrets
from simulators.memory import Memory
from simulators.script import Script
from simulators.server import address, configuration, listen


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the door for scripts has no lock: keep it on loopback")
    parser.add_argument("--port", type=int, default=8090, help="0: a free one; the address is the first line printed")
    parser.add_argument("--callback-base", help="engine's address; default: the one that each request names")
    parser.add_argument("--secrets", type=Path, required=True, help="JSON: code → webhook_secrets, bearer_token")
    parser.add_argument("--scripts", type=Path, help="JSON: code → script")
    parser.add_argument("--memory", type=Path, help="file that keeps the rounds taken in over a restart")
    chosen = parser.parse_args()
    secrets = TypeAdapter(dict[str, Secrets]).validate_json(chosen.secrets.read_bytes())
    scripts = TypeAdapter(dict[str, Script]).validate_json(chosen.scripts.read_bytes()) if chosen.scripts else {}
    app = create_app(secrets, scripts, callback_base=chosen.callback_base, memory=Memory(chosen.memory))
    listening = listen(chosen.host, chosen.port)
    sys.stdout.write(json.dumps({"url": address(listening)}) + "\n")
    sys.stdout.flush()
    # After its graceful end the server raises the interrupt again; Ctrl-C is no failure
    with suppress(KeyboardInterrupt):
        uvicorn.Server(configuration(app)).run(sockets=[listening])


if __name__ == "__main__":
    main()
