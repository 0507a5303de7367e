"""The simulated departments as a process of their own."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from simulators.process import SimulatorProcess

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
"""For what takes a second on a quiet machine."""
STARTER = """
import sys
from pathlib import Path
from simulators.process import SimulatorProcess

simulator = SimulatorProcess(Path(sys.argv[1])).start()
print(simulator.url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def secrets_file(tmp_path: Path) -> Path:
    path = tmp_path / "departments.secrets"
    path.write_text(json.dumps({"market": {"webhook_secrets": ["whsec_c2ltdWxhdG9yLXNlY3JldC1mb3ItdGVzdHM="]}}))
    return path


def test_it_starts_on_a_free_port_and_ends_when_asked(secrets_file: Path) -> None:
    simulator = SimulatorProcess(secrets_file).start()
    try:
        health = httpx.get(f"{simulator.url}/health", trust_env=False)
        assert health.json() == {"departments": ["market"]}
    finally:
        code = simulator.stop()
    # 0, or the signal that the server re-raises after its graceful end
    assert code in (0, -15)


def test_scripts_can_be_given_at_the_start(secrets_file: Path, tmp_path: Path) -> None:
    scripts = tmp_path / "scripts.json"
    scripts.write_text(json.dumps({"market": {"default": {"answer_after": 42}}}))
    with SimulatorProcess(secrets_file, ["--scripts", str(scripts)]) as simulator:
        allowed = {"Authorization": f"Bearer {simulator.control}"}
        script = httpx.get(f"{simulator.url}/scripts/market", headers=allowed, trust_env=False).json()
    assert script["default"]["answer_after"] == 42


def test_a_start_without_secrets_fails_loudly(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        SimulatorProcess(tmp_path / "missing").start()


def test_an_interrupt_from_the_terminal_is_a_quiet_end(secrets_file: Path) -> None:
    command = [sys.executable, "-m", "simulators", "--port", "0", "--secrets", str(secrets_file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        httpx.get(f"{url}/health", trust_env=False)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (0, "")


def test_it_ends_with_the_program_that_started_it_even_when_that_was_killed(secrets_file: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(secrets_file)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        url = starter.stdout.readline().strip()
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        starter.kill()
        starter.wait(PATIENCE_SECONDS)
        # The starter's own ends of the pipes close with this block; nothing of ours keeps the orphan alive
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _answers(url):
        assert time.monotonic() < give_up, "the simulated departments outlive the program that started them"
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False
