"""A worker process: the engine's queue and all departments' queues, or only those named.

python worker.py                          what LIANDONG_WORKER__… says, everything by default
python worker.py --department police      only this department's queue (repeatable), without the engine's
python worker.py --engine                 only the engine's queue; both options together run both
"""

import argparse
import asyncio
import sys

from bootstrap.core_log import forward_core_log
from bootstrap.log import configure_logging
from bootstrap.operator_error import OperatorError
from bootstrap.settings import load_settings
from bootstrap.worker_process import choose_queues, run_worker_process


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="store_true", help="run the engine's queue")
    parser.add_argument("--department", action="append", metavar="CODE", help="run this department's queue")
    chosen = parser.parse_args()
    try:
        settings = choose_queues(load_settings(), engine=chosen.engine, departments=chosen.department)
        configure_logging(settings.log)
        forward_core_log()
        asyncio.run(run_worker_process(settings))
    except OperatorError as error:
        print(error, file=sys.stderr)  # noqa: T201  the process's own last word
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
