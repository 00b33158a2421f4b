"""Where sources differ, the server has a switch. Each position that the client can see gets a run here, against a program of its own."""

import asyncio
import json
import time
from decimal import Decimal

import httpx
import pytest
import websockets

import autxmock
from autxmock import CHAT, FREE, SUMM, serving
from expect import refused

URL = "https://agents.example.com/mine"

# Every switch in every position: a whole errand has to work in each of them.
POSITIONS = [
    "agents.public_endpoint_url=false", "agents.public_endpoint_url=true", "agents.patch_null=clears", "agents.patch_null=ignored",
    "agents.delete=gone", "agents.delete=delisted", "credits.shape=available_usdc", "orders.delay=0s", "orders.delay=10s", "lists.lag=0",
    "lists.lag=1", "lists.default_limit=0", "lists.default_limit=2", "deposit_test=enabled", "deposit_test=disabled",
    "sessions.heartbeat=0s", "sessions.heartbeat=1ms", "sessions.billing=after_done", "sessions.billing=before_done", "sessions.frame=both",
    "sessions.frame=flat", "sessions.frame=nested", "sessions.on_disconnect=keep", "sessions.on_disconnect=close",
]


@pytest.mark.covers("AutxAsyncClient.create_agent", "AutxAsyncClient.order", "AutxAsyncClient.session", "AutxAsyncClient.stream")
@pytest.mark.parametrize("position", POSITIONS)
async def test_an_errand_works_in_every_position(connect_async, position):
    with serving("-assume", position) as mock:
        buyer, seller = connect_async(mock), connect_async(mock, autxmock.SELLER)
        made = await seller.create_agent("Errand", "ERRAND", URL, service_price=0.25)
        await seller.update_agent(made.id, description="Runs an errand")
        order = await buyer.order(made.id, "fetch it")
        mock.advance("1m")
        assert (await buyer.get_order(order.id)).output_text == "Echo: fetch it"
        assert (await buyer.proxy("ERRAND", prompt="again")).text == "Echo: again"
        async with buyer.session("CHAT") as chat:
            assert await chat.say("hello") == "Echo: hello"
        assert "".join([chunk async for chunk in buyer.stream("CHAT", "bye")]) == "Echo: bye"
        await seller.delete_agent(made.id)
        assert (await buyer.get_credit_balance()).available_usdc == 99.4
        assert mock.balance("buyer") == (Decimal("99.40"), 0)


@pytest.mark.covers("get_credit_balance", "deposit_test_credits", "withdraw_credits", "list_credit_transactions")
async def test_hazard_the_other_shape_of_a_balance_breaks_the_client(connect):
    with serving("-assume", "credits.shape=balance_usd") as mock:
        buyer = connect(mock)
        for call in (buyer.get_credit_balance, buyer.deposit_test_credits, lambda: buyer.withdraw_credits(5)):
            with pytest.raises(KeyError, match="available_usdc"):
                await call()
        assert mock.balance("buyer") == (105, 0), "what broke is the reading: the money has moved"
        assert [entry.amount for entry in await buyer.list_credit_transactions()] == [5.0, 10.0, 100.0]
        raw = httpx.get(f"{mock.base_url}/credits/balance", headers={"Authorization": f"Bearer {autxmock.BUYER}"}).json()
        assert (Decimal(raw["balance_usd"]), Decimal(raw["reserved_usd"])) == (105, 0), "decimal strings"
        assert "available_usdc" not in raw


@pytest.mark.covers("list_agents", "get_agent", "update_agent", "list_my_agents")
@pytest.mark.parametrize("shown", [True, False])
async def test_public_agents_with_and_without_their_endpoint(connect, shown):
    with serving("-assume", f"agents.public_endpoint_url={str(shown).lower()}") as mock:
        seller = connect(mock, autxmock.SELLER)
        assert len(await seller.list_agents()) == 7
        assert len(await seller.list_my_agents()) == 8
        assert (await seller.get_agent(SUMM)).ticker == "SUMM"
        assert (await seller.update_agent(SUMM, endpoint_url="https://agents.example.com/moved")).id == SUMM
        key = {"Authorization": f"Bearer {autxmock.SELLER}"}
        for path in ("agents/", "agents/mine", f"agents/{SUMM}", "agents/ticker/SUMM"):
            assert ("https://agents.example.com/moved" in httpx.get(f"{mock.base_url}/{path}", headers=key).text) == shown, path


@pytest.mark.covers("delete_agent", "get_agent", "list_agents", "list_my_agents", "check_ticker")
async def test_a_delisted_agent_can_be_read_and_keeps_its_ticker(connect):
    with serving("-assume", "agents.delete=delisted") as mock:
        seller = connect(mock, autxmock.SELLER)
        await seller.delete_agent(SUMM)
        assert (await seller.get_agent(SUMM)).ticker == "SUMM"
        assert "SUMM" not in [agent.ticker for agent in await seller.list_agents()]
        assert "SUMM" not in [agent.ticker for agent in await seller.list_my_agents()]
        assert (await seller.check_ticker("SUMM")).available is False
        await refused(seller.create_agent("Successor", "SUMM", URL), 409)


@pytest.mark.covers("order", "get_order", "list_orders")
async def test_an_order_that_takes_its_time(connect):
    with serving("-assume", "orders.delay=45s") as mock:
        buyer = connect(mock)
        order = await buyer.order(SUMM, "slowly")
        failing = await buyer.order(autxmock.BROKEN, "slowly, then not at all")
        assert (order.status, failing.status) == ("pending", "pending")
        assert mock.balance("buyer") == (Decimal("99.25"), 0)
        pending = await buyer.get_order(order.id)
        assert (pending.status, pending.output_text, pending.output_hash, pending.completed_at) == ("pending", None, None, None)
        assert {listed.id for listed in await buyer.list_orders(status="pending")} == {order.id, failing.id}

        mock.advance("44s")
        assert (await buyer.get_order(order.id)).status == "pending"
        mock.advance("1s")

        done = await buyer.get_order(order.id)
        assert (done.status, done.output_text) == ("completed", "Echo: slowly")
        assert done.completed_at > order.created_at
        assert (await buyer.get_order(failing.id)).status == "failed"
        assert await buyer.list_orders(status="pending") == []
        assert mock.balance("buyer") == (Decimal("99.50"), 0), "the failed one was refunded"


@pytest.mark.covers("list_orders", "get_order", "list_credit_transactions", "list_agents", "list_my_agents", "get_agent")
async def test_lists_that_lag_behind(connect):
    with serving("-assume", "lists.lag=1") as mock:
        buyer, seller = connect(mock), connect(mock, autxmock.SELLER)
        first = await buyer.order(SUMM, "first")
        second = await buyer.order(SUMM, "second")
        made = await seller.create_agent("Latest", "LATEST", URL)

        assert [order.id for order in await buyer.list_orders()] == [first.id]
        assert (await buyer.get_order(second.id)).output_text == "Echo: second"
        assert [entry.order_id for entry in await buyer.list_credit_transactions()] == [first.id, None]
        assert "LATEST" not in [agent.ticker for agent in await buyer.list_agents()]
        assert "LATEST" not in [agent.ticker for agent in await seller.list_my_agents()]
        assert (await buyer.get_agent(made.id)).ticker == "LATEST"


@pytest.mark.covers("list_sessions", "get_session")
async def test_session_lists_that_lag_behind(connect, connect_async):
    with serving("-assume", "lists.lag=1") as mock:
        ids = []
        for _ in range(2):
            async with connect_async(mock).session("CHAT") as chat:
                ids.append(chat.info.session_id)
        buyer = connect(mock)
        assert [session["id"] for session in await buyer.list_sessions()] == ids[:1]
        assert (await buyer.get_session(ids[1]))["id"] == ids[1]


@pytest.mark.covers("list_agents", "list_orders", "order")
async def test_lists_with_a_default_limit(connect):
    with serving("-assume", "lists.default_limit=2") as mock:
        buyer = connect(mock)
        assert len(await buyer.list_agents()) == 2
        assert len(await buyer.list_agents(limit=5)) == 5
        seen = [agent.ticker for start in range(0, 8, 2) for agent in await buyer.list_agents(sort="new", offset=start)]
        assert len(seen) == len(set(seen)) == 7, "with offsets all of them are found"
        orders = [await buyer.order(FREE, f"{number}") for number in range(3)]
        assert {order.id for order in await buyer.list_orders()} == {orders[1].id, orders[2].id}, "the newest ones"


@pytest.mark.covers("deposit_test_credits")
async def test_deposits_where_they_are_off(connect):
    with serving("-assume", "deposit_test=disabled") as mock:
        await refused(connect(mock).deposit_test_credits(), 403)
        assert mock.balance("buyer") == (100, 0)


@pytest.mark.covers("AutxAsyncClient.session")
@pytest.mark.parametrize(("frame", "flat", "nested"), [("both", True, True), ("flat", True, False), ("nested", False, True)])
async def test_frames_that_open_a_session(connect_async, frame, flat, nested):
    """With the nested form alone the client doesn't learn the agent, but chats all the same."""
    with serving("-assume", f"sessions.frame={frame}") as mock:
        async with connect_async(mock).session("CHAT") as chat:
            assert chat.info.session_id.startswith("ses_")
            assert (chat.info.agent_ticker, chat.info.credits_reserved) == ("CHAT" if flat else "", 0.25)
            assert await chat.say("hello") == "Echo: hello"
        raw = (await frames(mock, "CHAT"))[0]
        assert (raw.get("agent_ticker") == "CHAT", "agent_ticker" in raw) == (flat, flat)
        assert (raw.get("agent", {}).get("ticker") == "CHAT", "agent" in raw) == (nested, nested)


async def frames(mock, who, prompt="hello"):
    """Every frame of one turn, as the client gets but does not show them."""
    async with websockets.connect(f"{mock.base_url.replace('http', 'ws', 1)}/ws/agent/{who}") as ws:
        await ws.send(json.dumps({"type": "auth", "token": autxmock.BUYER}))  # The bare key: the other form that sources show.
        seen = [json.loads(await ws.recv())]
        await ws.send(json.dumps({"type": "message", "prompt": prompt}))
        while {"done", "billing"} - {frame["type"] for frame in seen}:
            seen.append(json.loads(await ws.recv()))
        await ws.send(json.dumps({"type": "close"}))
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                seen.append(json.loads(await ws.recv()))
    return seen


@pytest.fixture
def slowest(tmp_path):
    """A seed whose agent takes its time over each chunk, so that a heartbeat fits in."""
    seed = json.loads(autxmock.SEED.read_text())
    agent = next(agent for agent in seed["agents"] if agent["ticker"] == "SLOWCHAT")
    agent["ticker"] = "SLOWEST"
    agent["responder"]["delay"] = "60ms"
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(seed))
    return path


@pytest.mark.covers("AutxAsyncClient.stream")
@pytest.mark.parametrize(
    ("position", "last"), [("sessions.billing=after_done", ["done", "billing"]), ("sessions.billing=before_done", ["billing", "done"])],
)
async def test_the_bill_comes_before_or_after_the_end(connect_async, slowest, position, last):
    with serving("-assume", position, seed=slowest) as mock:
        seen = await frames(mock, "SLOWEST")
        assert [frame["type"] for frame in seen if frame["type"] in ("done", "billing")] == last
        bill = next(frame for frame in seen if frame["type"] == "billing")
        assert (Decimal(str(bill["amount_charged"])), Decimal(str(bill["platform_fee"]))) == (Decimal("0.05"), Decimal("0.005"))
        assert "".join(frame["data"] for frame in seen if frame["type"] == "chunk") == "Echo: hello"
        assert "".join([chunk async for chunk in connect_async(mock).stream("SLOWEST", "hi")]) == "Echo: hi"
        assert mock.balance("buyer") == (Decimal("99.90"), 0)


@pytest.mark.covers("AutxAsyncClient.stream", "AutxAsyncClient.session", "AsyncChatSession.message")
async def test_heartbeats_are_sent_and_skipped(connect_async, slowest):
    with serving("-assume", "sessions.heartbeat=10ms", seed=slowest) as mock:
        seen = await frames(mock, "SLOWEST")
        assert seen[0]["type"] == "session", "nothing comes before it"
        assert "heartbeat" in [frame["type"] for frame in seen]
        buyer = connect_async(mock)
        assert "".join([chunk async for chunk in buyer.stream("SLOWEST", "hi")]) == "Echo: hi"
        async with buyer.session("SLOWEST") as chat:
            assert [await chat.say("a"), await chat.say("b")] == ["Echo: a", "Echo: b"]


@pytest.mark.covers("AutxAsyncClient.session")
async def test_a_lost_connection_may_close_the_session(connect_async):
    with serving("-assume", "sessions.on_disconnect=close") as mock:
        async with connect_async(mock).session("CHAT") as chat:
            await chat.say("hello")
            chat.hang_up()
        deadline = time.monotonic() + autxmock.PROCESS_SECONDS
        while mock.of("sessions", "buyer")[0]["status"] == "active":
            assert time.monotonic() < deadline, "the server noticed nothing"
            await asyncio.sleep(0)
        assert mock.of("sessions", "buyer")[0]["status"] == "closed"
        assert mock.balance("buyer") == (Decimal("99.95"), 0)


@pytest.mark.covers("list_agents", "order")
async def test_a_rate_limit_of_the_program(connect, naps):
    """Ten calls at two a second: the client is slowed down, and the clock of the server says when it may go on."""
    with serving("-rate-limit", "2") as mock:
        naps.moves = mock
        buyer = connect(mock, max_retries=10)
        for number in range(10):
            await buyer.order(FREE, f"{number}")
        assert [order["prompt"] for order in mock.of("orders", "buyer")] == [str(number) for number in range(10)]
        refusals = [entry for entry in mock.log() if entry["status"] == 429]
        assert len(refusals) == len(naps)
        assert not [entry for entry in refusals if entry["committed"]]
        assert {nap for nap in naps} == {1}, "whole seconds, and no longer than needed"
        assert await connect(mock, autxmock.SELLER).list_agents(), "another key has a bucket of its own"
        for _ in range(30):
            assert mock.control("GET", "health").status_code == 200, "the control API is never limited"


@pytest.mark.covers("get_agent")
async def test_latency_of_the_program(connect):
    with serving("-latency", "300ms") as mock:
        started = time.monotonic()
        await connect(mock).get_agent(CHAT)
        assert time.monotonic() - started >= 0.3
        assert mock.control("GET", "health").elapsed.total_seconds() < 0.3


@pytest.mark.covers("order", "proxy", "list_agents", "get_credit_balance")
async def test_the_demo_world(connect, connect_async):
    with serving("-seed", "demo", seed=None) as mock:
        demo = connect(mock, "autx_live_demo")
        prices = {agent.ticker: agent.service_price for agent in await demo.list_agents()}
        assert {ticker: prices[ticker] for ticker in ("ECHO", "SUMM", "DOCREAD")} == {"ECHO": 0, "SUMM": 0.5, "DOCREAD": 1}
        assert "CHAT" in prices
        assert (await demo.get_credit_balance()).available_usdc == 100.0
        assert (await demo.proxy("ECHO", prompt="hi")).text == "Echo: hi"
        reader = await demo.get_agent_by_ticker("DOCREAD")
        assert (await demo.order(reader.id, "read", files=[("a.pdf", b"%PDF-")])).amount_paid == 1.0
        async with connect_async(mock, "autx_live_demo").session("CHAT") as chat:
            assert await chat.say("hello") == "Echo: hello"
        assert mock.balance("demo") == (Decimal("98.95"), 0)
        assert await demo.list_my_agents() == [], "somebody else owns them"
