"""Fixtures that every test shares: a freshly reset server, connected clients, and honest coverage."""

from __future__ import annotations

import asyncio
import collections
import os
import types
from collections.abc import Callable, Generator, Iterator

import autx_client.client
import pytest

import autxmock
from autxmock import Mock
from clients import Client, public_methods

CLASSES_OF_KIND = {"sync": ("AutxClient",), "async": ("AutxAsyncClient",), None: ()}

passed = pytest.StashKey[bool]()
called: set[tuple[str, str]] = set()  # Filled by the running test, emptied before the next one.
driven: dict[str, set[str]] = collections.defaultdict(set)  # "Class.method" to the tests that called it.
operations_seen: collections.Counter[str] = collections.Counter()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each test that uses a client once with the sync and once with the async one."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", ["sync", "async"])


def promised(item: pytest.Item) -> set[str]:
    """The methods, as "Class.method", that a test says it drives."""
    kind = item.callspec.params.get("kind") if hasattr(item, "callspec") else None
    names = {name for marker in item.iter_markers("covers") for name in marker.args}
    return {name for name in names if "." in name} | {f"{cls}.{name}" for cls in CLASSES_OF_KIND[kind] for name in names if "." not in name}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets fixtures know how their test went."""
    report = yield
    if call.when == "call":
        item.stash[passed] = report.passed
    return report


@pytest.fixture(scope="session")
def server() -> Iterator[Mock]:
    """The server that started this test run (autx-mockserver run)."""
    mock = Mock(os.environ["AUTX_BASE_URL"])
    yield mock
    mock.close()


@pytest.fixture
def mock(server: Mock) -> Iterator[Mock]:
    """The server in its start state. Afterwards its ledger must balance and every fault rule must have fired."""
    server.reset()
    yield server
    operations_seen.update(entry["operation"] for entry in server.log())
    server.check()


@pytest.fixture
def connect(kind: str) -> Callable[..., Client]:
    """Makes clients of the kind under test: connect(mock, key, timeout=…, max_retries=…)."""
    return connector(kind)


@pytest.fixture
def connect_async() -> Callable[..., Client]:
    """Makes async clients: what only they can do is tested once."""
    return connector("async")


def connector(kind: str) -> Callable[..., Client]:
    def connect(mock: Mock, key: str = autxmock.BUYER, **options: object) -> Client:
        return Client(kind, lambda *call: called.add(call), api_key=key, base_url=mock.base_url, **options)

    return connect


@pytest.fixture
def buyer(connect: Callable[..., Client], mock: Mock) -> Client:
    """Has $100.00 and no free launch."""
    return connect(mock)


@pytest.fixture
def seller(connect: Callable[..., Client], mock: Mock) -> Client:
    """Has $60.00 and one free launch, and owns every agent of the seed."""
    return connect(mock, autxmock.SELLER)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What the client would have slept, in seconds. It doesn't: the server's clock moves on instead, where one is set.

    The client's code stays as published; only the two functions by which it waits are replaced.
    """
    taken = Naps()
    really = asyncio.sleep

    async def nap(seconds: float, *rest: object) -> None:
        if seconds:
            taken.take(seconds)
        await really(0, *rest)

    monkeypatch.setattr(autx_client.client, "time", types.SimpleNamespace(sleep=taken.take))
    monkeypatch.setattr(asyncio, "sleep", nap)
    yield taken
    assert taken, "the client was expected to wait and never did"


class Naps(list[float]):
    """Seconds that were slept away, one entry a nap."""

    moves: Mock | None = None

    def take(self, seconds: float) -> None:
        self.append(seconds)
        if self.moves:
            self.moves.advance(f"{seconds}s")


@pytest.fixture(autouse=True)
def honest_coverage(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that says it drives a method must really have called it."""
    called.clear()
    yield
    if not request.node.stash.get(passed, False):
        return  # It has failed already; what it left out is no news.
    calls = {".".join(call) for call in called}
    for call in calls:
        driven[call].add(request.node.nodeid)
    idle = promised(request.node) - calls
    assert not idle, f"the test says that it drives {sorted(idle)} but never called it"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says in a few lines what the run has shown."""
    write = terminalreporter.write_line
    terminalreporter.section("what was driven")
    for name in ("AutxClient", "AutxAsyncClient", "AsyncChatSession"):
        methods = public_methods(name)
        done = [method for method in methods if driven.get(f"{name}.{method}")]
        tests = {test for method in done for test in driven[f"{name}.{method}"]}
        write(f"{name:<17} {len(done):>2} of {len(methods)} public methods, by {len(tests)} tests")
    if operations_seen:
        write("requests to the main server, by operation:")
        for operation, count in sorted(operations_seen.items()):
            write(f"  {operation:<28} {count:>5}")
