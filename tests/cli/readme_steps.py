"""The README's first steps, as a newcomer types them."""

import re
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BASH = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
_API = "API=http://127.0.0.1:8000"


def walk_through(data: Path, api_url: str, folder: Path, patience_seconds: float) -> str:
    """Run every command of the section in `folder`, against a product on another address; what they print.

    Where the README waits ten seconds for the departments, it is asked until the case has closed.
    """
    blocks = _BASH.findall(_section("First steps with curl"))
    assert len(blocks) == 3, "registering, launching, and what is refused"
    *way, refused = [block.replace("data/tokens.json", str(data / "tokens.json")) for block in blocks]
    assert _API in way[0]
    steps = "".join(way).replace(_API, f"API={api_url}")
    waited = steps.index("sleep 10;")
    steps, look = steps[:waited], steps[waited:].removeprefix("sleep 10;").partition("#")[0]
    told = _bash(steps, folder)
    again = steps[: steps.index("as clerk")] + _case(steps) + look
    give_up = time.monotonic() + patience_seconds
    while '"stage":"CLOSED"' not in (seen := _bash(again, folder)):
        assert time.monotonic() < give_up, seen
        time.sleep(0.5)
    return told + seen + _bash(steps[: steps.index("as clerk")] + _case(steps) + refused, folder)


def _section(title: str) -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def _case(steps: str) -> str:
    return next(line for line in steps.splitlines(keepends=True) if line.startswith("CASE="))


def _bash(script: str, folder: Path) -> str:
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
