"""Play departments, all of a district or a single one.

python -m simulators --technique polled            one department to develop against: webhook, polled, xml or people
python -m simulators --secrets FILE --port 8090    those of a running product, by its file of secrets
"""

import argparse
import asyncio
import json
import secrets as chance
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn
from pydantic import TypeAdapter, ValidationError

from simulators.app import create_app
from simulators.department import Secrets
from simulators.lifeline import end_with_starter
from simulators.memory import Memory
from simulators.officer import SimulatedOfficer
from simulators.script import Script
from simulators.server import address, configuration, listen
from simulators.single import QUICK, SYSTEMS, Single


def main() -> None:
    parser = _parser()
    chosen = parser.parse_args()
    if chosen.lifeline:
        end_with_starter()
    try:
        # After its graceful end the server raises the interrupt again; Ctrl-C is no failure
        with suppress(KeyboardInterrupt):
            _play(parser, chosen)
    except (OSError, ValidationError, ValueError) as error:
        sys.exit(f"✗ {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--secrets", type=Path, help="JSON: code → webhook_secrets, bearer_token")
    whom.add_argument("--technique", choices=[*SYSTEMS, "people"], help="a single department")
    parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    parser.add_argument("--port", type=int, default=8090, help="0: a free one; the first line printed tells it")
    parser.add_argument("--callback-base", help="engine's address; default: the one that each request names")
    parser.add_argument("--lifeline", action="store_true", help="end when standard input ends")
    parser.add_argument("--memory", type=Path, help="file that keeps the rounds taken in over a restart")
    many = parser.add_argument_group("all of a district")
    many.add_argument("--scripts", type=Path, help="JSON: code → script")
    one = parser.add_argument_group("a single department")
    one.add_argument("--code", default="archive", help="its code, the last part of its address")
    one.add_argument("--secret", help="shared secret (whsec_…) or bearer token; default: a new one, which is printed")
    one.add_argument("--script", type=Path, help="JSON: how it behaves; see simulators/script.py")
    one.add_argument("--engine", help="people: the address of the product whose inbox the officer reads")
    one.add_argument("--token-file", type=Path, help="people: holds the officer's token and nothing else")
    return parser


def _play(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    if chosen.technique == "people":
        if not chosen.engine or not chosen.token_file:
            parser.error("people have no address of their own: name --engine and --token-file")
        script = Script.model_validate_json(chosen.script.read_bytes()) if chosen.script else QUICK
        token = chosen.token_file.read_text(encoding="utf-8").strip()
        _say(f"{chosen.code}: reads the inbox at {chosen.engine}; Ctrl-C ends it")
        asyncio.run(SimulatedOfficer(chosen.code, chosen.engine.rstrip("/"), token, script).run())
    elif chosen.technique:
        single = Single.of(chosen.technique, chosen.code, chosen.secret)
        script = Script.model_validate_json(chosen.script.read_bytes()) if chosen.script else QUICK
        _serve({chosen.code: single.secrets}, {chosen.code: script}, chosen, single)
    else:
        secrets = TypeAdapter(dict[str, Secrets]).validate_json(chosen.secrets.read_bytes())
        given = chosen.scripts.read_bytes() if chosen.scripts else b"{}"
        _serve(secrets, TypeAdapter(dict[str, Script]).validate_json(given), chosen, None)


def _serve(
    secrets: dict[str, Secrets], scripts: dict[str, Script], chosen: argparse.Namespace, single: Single | None
) -> None:
    control, memory = chance.token_urlsafe(32), Memory(chosen.memory)
    app = create_app(secrets, scripts, callback_base=chosen.callback_base, memory=memory, control=control)
    listening = listen(chosen.host, chosen.port)
    url = address(listening)
    # Standard output belongs to whoever started us; a command line could be read by everybody on the machine
    _say(json.dumps({"url": url, "control": control}))
    if single is not None:
        _say(single.told(url, control))
    uvicorn.Server(configuration(app)).run(sockets=[listening])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
