"""The program itself: what it prints, what it gives to a command, how it ends, what it keeps."""

import asyncio
import json
import signal
import subprocess
import sys
from decimal import Decimal

import httpx
import pytest
import websockets

import autxmock
from autxmock import PROCESS_SECONDS, PROGRAM, SEED, SUMM, Program, serving
from expect import refused

CLIENT = "import os; from autx_client import AutxClient; c = AutxClient(os.environ['AUTX_API_KEY'], os.environ['AUTX_BASE_URL']); "


def run(flags, code, **more):
    """Runs Python code below `autx-mockserver run` and waits for its end."""
    command = [PROGRAM, "run", "-listen", "127.0.0.1:0", "-seed", str(SEED), *flags, "--", sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=PROCESS_SECONDS, check=False, **more)


def test_run_tells_the_command_where_the_server_is():
    done = run([], CLIENT + "print(os.environ['AUTX_BASE_URL'], os.environ['AUTX_API_KEY'], os.environ['AUTX_DELETION_PROTECTION'], c.order("
               f"'{SUMM}', 'hi').status)")
    assert done.returncode == 0, done.stderr
    url, key, protection, status = done.stdout.split()
    assert url.startswith("http://127.0.0.1:") and url.endswith("/api/v1")
    assert (key, protection, status) == (autxmock.BUYER, "off", "completed")
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.parametrize("status", [0, 1, 2, 7, 42])
def test_run_ends_as_its_command_ended(status):
    assert run([], f"import sys; sys.exit({status})").returncode == status


def test_run_passes_on_what_the_command_reads_and_writes():
    done = run([], "import sys; print(sys.stdin.read()[::-1]); print('oops', file=sys.stderr)", input="abc")
    assert done.stdout.strip() == "cba"
    assert "oops" in done.stderr


def test_run_passes_signals_on_to_its_command():
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(9)); print('ready', flush=True); signal.pause()"
    command = [PROGRAM, "run", "-listen", "127.0.0.1:0", "-seed", str(SEED), "--", sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "ready"
        process.terminate()
        assert process.wait(PROCESS_SECONDS) == 9


def test_run_fails_when_a_fault_never_fired():
    fault = ["-fault", "orders.create:before:status=503"]
    idle = run(fault, CLIENT + "c.list_agents()")
    assert idle.returncode == 3
    assert "orders.create" in idle.stderr, "it says which"
    order = f"import httpx\ntry: c.order('{SUMM}', 'hi')\nexcept httpx.HTTPStatusError as e: raise SystemExit(e.response.status_code == 503 and 5)"
    fired = run(fault, CLIENT + order)
    assert fired.returncode == 5


def test_run_takes_faults_in_their_short_form():
    code = f"import httpx\nassert len(c.list_agents()) == 7\ntry: c.order('{SUMM}', 'hi')\nexcept httpx.TransportError: print(len(c.list_orders()))"
    done = run(["-fault", "agents.list:before:status=429,retry_after=0,times=2", "-fault", "orders.create:after:reset"], CLIENT + code)
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr


@pytest.mark.parametrize(
    "flags",
    [
        ["-fault", "orders.invent:before:reset"], ["-fault", "nonsense"], ["-assume", "no.such=switch"], ["-assume", "credits.shape=round"],
        ["-assume", "orders.delay=soon"], ["-clock", "yesterday"], ["-seed", "/no/such/file.json"],
    ],
)
def test_flags_that_make_no_sense_stop_it_before_the_command_runs(flags):
    done = run(flags, "print('ran')")
    assert done.returncode not in (0, 3)
    assert "ran" not in done.stdout
    assert done.stderr.strip()


@pytest.mark.parametrize(
    "change",
    [
        lambda seed: seed.update(colour="red"),
        lambda seed: seed["users"][0].update(colour="red"),
        lambda seed: seed["agents"][0]["responder"].update(kind="sing"),
        lambda seed: seed["agents"][0].update(owner="nobody"),
        lambda seed: seed["agents"][1].update(ticker="FREE"),
        lambda seed: seed["users"][0].update(balance_usd="lots"),
    ],
)
def test_seeds_that_make_no_sense_are_refused(mock, tmp_path, change):
    seed = json.loads(SEED.read_text())
    change(seed)
    before = mock.state()
    assert mock.control("PUT", "seed", seed).status_code == 400
    assert mock.state() == before
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(seed))
    assert run(["-seed", str(path)], "print('ran')").stdout == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_greets_and_stops_cleanly(tmp_path, number):
    ready = tmp_path / "ready"
    program = Program("-ready-file", str(ready))
    assert ready.exists()
    assert program.greeting == [f"export AUTX_BASE_URL={program.mock.base_url}", f"export AUTX_API_KEY={autxmock.BUYER}"]
    assert program.mock.control("GET", "health").status_code == 200
    assert program.stop(number) == 0


async def test_a_stopping_server_does_not_wait_for_what_hangs(connect_async):
    program = Program("-fault", "sessions.message:after:hang")
    try:
        async with connect_async(program.mock).session("CHAT") as chat:
            turn = asyncio.ensure_future(chat.say("hello"))
            while not program.mock.of("orders", "buyer"):
                await asyncio.sleep(0)
            assert program.stop() == 0
            with pytest.raises(websockets.ConnectionClosed):
                await turn
    finally:
        program.stop()


def without_origin(mock):
    """The state's text without the address at which the server happens to listen: it stands in the addresses of images."""
    return mock.control("GET", "state").text.replace(mock.base_url.removesuffix("/api/v1"), "")


@pytest.mark.covers("order", "get_order", "get_credit_balance", "upload_agent_image")
async def test_a_state_file_outlives_the_program(connect, tmp_path):
    """Here it is told to stop; below it is killed."""
    state = ["-state", str(tmp_path / "world.json")]
    with serving(*state) as mock:
        order = await connect(mock).order(SUMM, "remember me")
        image = (await connect(mock, autxmock.SELLER).upload_agent_image(SUMM, b"\x89PNG\r\n\x1a\n kept", "a.png")).image_url
        before = without_origin(mock)
    with serving(*state) as mock:
        assert without_origin(mock) == before
        assert (await connect(mock).get_order(order.id)).output_text == "Echo: remember me"
        assert (await connect(mock).get_credit_balance()).available_usdc == 99.5
        served = httpx.get(f"{mock.control_url}/images/{image.rsplit('/', 1)[1]}")
        assert served.content == b"\x89PNG\r\n\x1a\n kept"


@pytest.mark.covers("order", "get_order", "withdraw_credits")
async def test_a_state_file_has_what_was_answered_when_the_program_is_killed(connect, tmp_path):
    state = ["-state", str(tmp_path / "world.json")]
    program = Program(*state)
    try:
        order = await connect(program.mock).order(SUMM, "answered")
        await connect(program.mock).withdraw_credits(2)
    finally:
        assert program.stop(signal.SIGKILL) == -signal.SIGKILL
    with serving(*state) as mock:
        assert (await connect(mock).get_order(order.id)).output_text == "Echo: answered"
        assert mock.moves("buyer") == [("consume", Decimal("0.5")), ("withdrawal", 2)]
        assert mock.balance("buyer") == (Decimal("97.50"), 0)
        await refused(connect(mock).withdraw_credits(2), 409)


@pytest.mark.covers("order", "proxy")
async def test_each_start_and_reset_is_a_new_instance(connect, mock):
    buyer = connect(mock)
    first = (await buyer.proxy("FREE", prompt="x")).headers["x-autx-mock-instance"]
    assert (await buyer.proxy("FREE", prompt="x")).headers["x-autx-mock-instance"] == first
    await buyer.order(SUMM, "x")
    mock.ask("POST", "reset")
    assert mock.balance("buyer") == (100, 0)
    second = (await buyer.proxy("FREE", prompt="x")).headers["x-autx-mock-instance"]
    with serving() as other:
        third = (await connect(other).proxy("FREE", prompt="x")).headers["x-autx-mock-instance"]
    assert len({first, second, third}) == 3


def test_a_seed_can_be_replaced(mock):
    mock.ask("PUT", "seed", {"users": [{"id": "only", "balance_usd": "1.25", "keys": [{"key": "autx_live_only", "scopes": ["*"]}]}], "agents": []})
    state = mock.state()
    assert [user["id"] for user in state["users"]] == ["only"]
    assert state["agents"] == []
    assert mock.balance("only") == (Decimal("1.25"), 0)


def test_the_control_api_is_strict(mock):
    assert mock.control("POST", "clock/advance", {"by": "soon"}).status_code == 400
    assert mock.control("POST", "clock/advance", {"by": "1h", "and": "more"}).status_code == 400
    assert mock.control("GET", "invented").status_code == 404
    assert mock.control("POST", "checkouts/no-such-one/complete").status_code == 404
    operations = mock.ask("GET", "operations")
    assert {"agents.list", "orders.create_multipart", "sessions.open", "credits.deposit_test"} <= set(operations)
