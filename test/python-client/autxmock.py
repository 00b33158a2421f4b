"""The test suite's view of a mock server: its control API, and programs that serve variants of it."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx

HERE = pathlib.Path(__file__).parent
SEED = HERE / "seed.json"
CLOCK = "2030-01-15T12:00:00Z"
PROGRAM = os.environ.get("AUTX_MOCKSERVER", "autx-mockserver")
PROCESS_SECONDS = 20  # How long a program may take to start, answer or stop before a test gives up on it.

BUYER, SELLER, POOR, UNVERIFIED = "autx_live_buyer", "autx_live_seller", "autx_live_poor", "autx_live_unverified"


def agent_id(number: int) -> str:
    """The id of an agent in seed.json."""
    return f"00000000-0000-4000-8000-{number:012d}"


FREE, SUMM, DOCREAD, CHAT, SLOWCHAT, DATA, BROKEN, RESTED = (agent_id(n) for n in range(1, 9))
UNKNOWN_ID = "ffffffff-ffff-4fff-8fff-ffffffffffff"


def usd(value: Any) -> Decimal:
    """An amount of the wire, number or string, by its digits."""
    return Decimal(str(value))


class Mock:
    """One running mock server, seen through its control API. Amounts come back as Decimal, never as float."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.control_url = re.sub(r"/api/v1$", "/_mock/v1", base_url)
        self.http = httpx.Client(timeout=PROCESS_SECONDS)

    def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Calls the control API and returns whatever it answers."""
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self.http.request(method, f"{self.control_url}/{path}", content=content, headers=headers)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Calls the control API, insists on success and decodes numbers exactly."""
        answer = self.control(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return json.loads(answer.text, parse_float=Decimal) if answer.content else None

    # What the world looks like.

    def state(self) -> dict[str, list[dict[str, Any]]]:
        return self.ask("GET", "state")

    def user(self, name: str) -> dict[str, Any]:
        return next(user for user in self.state()["users"] if user["id"] == name)

    def balance(self, name: str) -> tuple[Decimal, Decimal]:
        """What is available to a user and what is reserved, in USD."""
        user = self.user(name)
        return usd(user["available_usdc"]), usd(user["reserved_usdc"])

    def of(self, kind: str, user: str) -> list[dict[str, Any]]:
        """The orders, transactions, sessions or checkouts of one user."""
        return [thing for thing in self.state()[kind] if thing["user"] == user]

    def agent(self, ticker: str) -> dict[str, Any] | None:
        return next((agent for agent in self.state()["agents"] if agent["ticker"] == ticker), None)

    def moves(self, user: str) -> list[tuple[str, Decimal]]:
        """Type and amount of each transaction of a user after the seed's deposit, oldest first."""
        return [(transaction["type"], usd(transaction["amount"])) for transaction in self.of("transactions", user)][1:]

    # What was asked of it.

    def log(self, *operations: str) -> list[dict[str, Any]]:
        """The entries of the request log, of these operations only where any are named."""
        entries = self.ask("GET", "requests")
        return [entry for entry in entries if not operations or entry["operation"] in operations]

    def calls(self, *operations: str) -> list[tuple[str, int, bool]]:
        """Operation, status and whether it changed the world, for each request."""
        return [(entry["operation"], entry["status"], entry["committed"]) for entry in self.log(*operations)]

    def forget_log(self) -> None:
        self.ask("DELETE", "requests")

    # What may be done to it.

    def reset(self) -> None:
        """Back to the start seed, without faults and with an empty request log."""
        self.ask("POST", "reset")
        self.ask("DELETE", "faults")
        self.ask("DELETE", "requests")

    def fault(self, operation: str, phase: str, action: str, **more: Any) -> None:
        self.ask("POST", "faults", {"operation": operation, "phase": phase, "action": action, **more})

    def faults(self) -> list[dict[str, Any]]:
        return self.ask("GET", "faults")

    def advance(self, by: str) -> None:
        """Moves the server's clock on, as in "1h30m"."""
        self.ask("POST", "clock/advance", {"by": by})

    def complete_checkout(self, session_id: str) -> None:
        self.ask("POST", f"checkouts/{session_id}/complete")

    # What must always hold.

    def check(self) -> None:
        """The ledger balances and no fault rule waits in vain."""
        answer = self.control("GET", "invariants")
        assert answer.status_code == 200, f"an invariant broke: {answer.text}"
        idle = [rule for rule in self.faults() if rule["hits"] == 0]
        assert not idle, f"fault rules never fired: {idle}"

    def close(self) -> None:
        self.http.close()


class Program:
    """An autx-mockserver process that serves until it is told to stop."""

    def __init__(self, *flags: str, seed: str | os.PathLike[str] | None = SEED, clock: str = CLOCK) -> None:
        command = [PROGRAM, "serve", "-listen", "127.0.0.1:0", "-clock", clock]
        if seed is not None:
            command += ["-seed", os.fspath(seed)]
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, stderr=self.errors, text=True)
        assert self.process.stdout is not None
        self.greeting = [self.process.stdout.readline().rstrip("\n") for _ in range(2)]
        exports = dict(re.fullmatch(r"export (\w+)=(.+)", line).groups() for line in self.greeting if line.startswith("export "))
        if set(exports) != {"AUTX_BASE_URL", "AUTX_API_KEY"}:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            raise AssertionError(f"the program greeted with {self.greeting}; its errors: {self.complaints()}")
        self.key = exports["AUTX_API_KEY"]
        self.mock = Mock(exports["AUTX_BASE_URL"])

    def complaints(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stops the program, if it still runs, and returns its exit status."""
        if self.errors.closed:
            return self.process.returncode
        self.mock.close()
        self.process.send_signal(number)
        try:
            status = self.process.wait(PROCESS_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the program did not stop on {number.name}") from None
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.said = self.complaints()
            self.errors.close()
        return status


@contextlib.contextmanager
def serving(*flags: str, **options: Any) -> Iterator[Mock]:
    """A variant of the mock server for as long as the block runs; what must always hold is checked at its end."""
    program = Program(*flags, **options)
    try:
        yield program.mock
        program.mock.check()
    finally:
        status = program.stop()
    assert status == 0, f"the program ended with {status}: {program.said}"
