"""What goes wrong on the way: rate limits, timeouts, lost and broken answers, and what the client makes of them.

The published client repeats any request after a timeout or a 429, whatever the method. It can therefore buy twice. The tests whose names begin with
`test_hazard` show that on purpose: they describe the client, and prove that the mock server can stage it.
"""

import json
from decimal import Decimal

import httpx
import pytest

import autxmock
from autxmock import CHAT, SUMM
from expect import nothing_changes, refused

URL = "https://agents.example.com/mine"
SHORT = 0.5  # Seconds of patience of a client that is to time out.
PNG = b"\x89PNG\r\n\x1a\n and a picture"


@pytest.mark.covers("list_agents")
async def test_a_rate_limit_is_waited_out_for_as_long_as_it_says(buyer, mock, naps):
    mock.fault("agents.list", "before", "status", status=429, retry_after=7, times=2)
    assert len(await buyer.list_agents()) == 7
    assert naps == [7, 7]
    assert mock.calls() == [("agents.list", 429, False), ("agents.list", 429, False), ("agents.list", 200, False)]
    assert [bool(entry.get("fault")) for entry in mock.log()] == [True, True, False]


@pytest.mark.covers("order", "list_orders")
async def test_a_purchase_that_meets_a_rate_limit_is_made_once(buyer, mock, naps):
    mock.fault("orders.create", "before", "status", status=429, retry_after=1)
    order = await buyer.order(SUMM, "hello")
    assert naps == [1]
    assert [listed.id for listed in await buyer.list_orders()] == [order.id]
    assert mock.balance("buyer") == (Decimal("99.50"), 0)


@pytest.mark.covers("get_credit_balance")
async def test_the_client_loses_the_status_when_a_rate_limit_outlasts_it(buyer, mock, naps):
    mock.fault("credits.balance", "before", "status", status=429, retry_after=3, times=3)
    with pytest.raises(RuntimeError, match="failed after retries"):
        await buyer.get_credit_balance()
    assert naps == [3, 3, 3]
    assert len(mock.log()) == 3


@pytest.mark.covers("get_credit_balance")
async def test_without_a_retry_after_the_client_waits_five_seconds(buyer, mock, naps):
    mock.fault("credits.balance", "before", "status", status=429)
    await buyer.get_credit_balance()
    assert naps == [5]


@pytest.mark.covers("upload_agent_image")
async def test_a_repeated_upload_is_still_whole(seller, mock, naps):
    mock.fault("agents.upload_image", "before", "status", status=429, retry_after=1)
    agent = await seller.upload_agent_image(SUMM, PNG, "a.png")
    assert httpx.get(agent.image_url).content == PNG
    assert naps == [1]


@pytest.mark.covers("list_agents", "order")
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_server_errors_are_not_repeated(buyer, mock, status):
    mock.fault("*", "before", "status", status=status, times=2)
    for call in (buyer.list_agents(), buyer.order(SUMM, "hello")):
        with nothing_changes(mock), pytest.raises(httpx.HTTPStatusError) as caught:
            await call
        assert caught.value.response.status_code == status
    assert len(mock.log()) == 2


@pytest.mark.covers("get_agent")
async def test_an_error_page_with_its_own_body(buyer, mock):
    mock.fault("agents.get", "before", "status", status=503, content_type="text/html", body="<html><title>Down</title></html>")
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await buyer.get_agent(SUMM)
    assert caught.value.response.headers["content-type"].startswith("text/html")
    assert caught.value.response.text == "<html><title>Down</title></html>"


@pytest.mark.covers("get_agent")
async def test_a_page_in_html_where_json_was_due(buyer, mock):
    mock.fault("agents.get", "before", "status", status=200, content_type="text/html", body="<html>hello</html>")
    with pytest.raises(json.JSONDecodeError):
        await buyer.get_agent(SUMM)


@pytest.mark.covers("order")
@pytest.mark.parametrize("phase", ["before", "after"])
async def test_a_reset_connection_is_not_repeated(buyer, mock, phase):
    """Before: nothing was bought. After: it was bought, and only the ledger tells."""
    mock.fault("orders.create", phase, "reset")
    with pytest.raises(httpx.TransportError):
        await buyer.order(SUMM, "hello")
    bought = phase == "after"
    assert mock.calls() == [("orders.create", 0, bought)]
    assert len(mock.of("orders", "buyer")) == bought
    assert mock.balance("buyer") == (Decimal("99.50") if bought else 100, 0)


@pytest.mark.covers("order")
async def test_an_answer_replaced_after_the_purchase(buyer, mock):
    mock.fault("orders.create", "after", "status", status=500)
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await buyer.order(SUMM, "hello")
    assert caught.value.response.status_code == 500
    assert mock.calls() == [("orders.create", 500, True)]
    assert mock.balance("buyer") == (Decimal("99.50"), 0)


@pytest.mark.covers("order")
@pytest.mark.parametrize("action", [{"action": "truncate", "bytes": 20}, {"action": "truncate", "bytes": 0}, {"action": "reset", "bytes": 5}])
async def test_an_answer_broken_off_after_the_purchase(buyer, mock, action):
    mock.fault("orders.create", "body", **action)
    with pytest.raises(httpx.TransportError):
        await buyer.order(SUMM, "hello")
    assert mock.calls()[0][2] is True
    assert mock.balance("buyer") == (Decimal("99.50"), 0)
    assert len(mock.log()) == 1


@pytest.mark.covers("get_agent")
@pytest.mark.parametrize("phase", ["before", "after", "body"])
async def test_a_late_answer_is_an_answer(buyer, mock, phase):
    mock.fault("agents.get", phase, "delay", delay="60ms")
    assert (await buyer.get_agent(SUMM)).ticker == "SUMM"
    assert len(mock.log()) == 1


@pytest.mark.covers("order")
async def test_a_timeout_before_anything_happened_costs_nothing_twice(connect, mock, naps):
    mock.fault("orders.create", "before", "hang")
    order = await connect(mock, timeout=SHORT).order(SUMM, "hello")
    assert naps == [1]
    assert [stored["id"] for stored in mock.of("orders", "buyer")] == [order.id]
    assert mock.balance("buyer") == (Decimal("99.50"), 0)
    assert [committed for _, _, committed in mock.calls()] == [False, True]


@pytest.mark.covers("order")
@pytest.mark.parametrize("action", [{"action": "hang"}, {"action": "delay", "delay": "20s"}])
async def test_hazard_a_timeout_after_the_purchase_buys_twice(connect, mock, naps, action):
    mock.fault("orders.create", "after", **action)

    order = await connect(mock, timeout=SHORT).order(SUMM, "only once, please")

    assert naps == [1]
    orders = mock.of("orders", "buyer")
    assert len(orders) == 2 and order.id == orders[-1]["id"], "the client knows of the second one only"
    assert {stored["prompt"] for stored in orders} == {"only once, please"}
    assert mock.balance("buyer") == (99, 0)
    assert [committed for _, _, committed in mock.calls("orders.create")] == [True, True]


@pytest.mark.covers("order")
async def test_hazard_a_service_that_stays_silent_is_paid_three_times(connect, mock, naps):
    mock.fault("orders.create", "after", "hang", times=3)
    with pytest.raises(httpx.ReadTimeout):
        await connect(mock, timeout=SHORT).order(SUMM, "only once, please")
    assert naps == [1, 2, 3]
    assert len(mock.of("orders", "buyer")) == 3
    assert mock.balance("buyer") == (Decimal("98.50"), 0)


@pytest.mark.covers("proxy", "withdraw_credits", "deposit_test_credits", "reserve_agent")
async def test_hazard_whatever_moves_money_is_repeated(connect, mock, naps):
    buyer = connect(mock, timeout=SHORT)
    for operation in ("proxy.call", "credits.deposit_test", "credits.withdraw", "agents.reserve"):
        mock.fault(operation, "after", "hang")
    await buyer.proxy("SUMM", prompt="once")
    await buyer.deposit_test_credits()
    await refused(buyer.withdraw_credits(2), 409)  # The first one went through; the cooldown alone stops the second.
    await refused(buyer.reserve_agent("Once", "ONCE", URL), 409)  # So does the ticker, which is the client's own by now.
    assert mock.moves("buyer") == [
        ("consume", Decimal("0.50")), ("consume", Decimal("0.50")), ("deposit", 10), ("deposit", 10), ("withdrawal", 2), ("consume", 20),
    ]
    assert mock.agent("ONCE")["status"] == "pending"


@pytest.mark.covers("create_agent", "list_my_agents")
async def test_a_launch_whose_answer_is_lost_is_found_again_by_its_ticker(buyer, mock):
    mock.fault("agents.create", "after", "reset")
    with pytest.raises(httpx.TransportError):
        await buyer.create_agent("Lost And Found", "LOST", URL)
    assert [agent.ticker for agent in await buyer.list_my_agents()] == ["LOST"]
    assert mock.balance("buyer") == (80, 0)


@pytest.mark.covers("update_agent", "delete_agent")
async def test_lost_answers_of_what_may_be_repeated(connect, mock, naps):
    seller = connect(mock, autxmock.SELLER, timeout=SHORT)
    mock.fault("agents.update", "after", "hang")
    assert (await seller.update_agent(SUMM, name="Renamed")).name == "Renamed"
    mock.fault("agents.delete", "after", "hang")
    await refused(seller.delete_agent(SUMM), 404)  # It is gone already.
    assert [committed for _, _, committed in mock.calls("agents.delete")] == [True, False]


@pytest.mark.covers("order", "list_agents")
async def test_rules_skip_count_and_match(buyer, connect, mock):
    mock.fault("orders.create", "before", "status", status=503, skip=1, times=1, match={"ticker": "CHAT"})
    mock.fault("agents.list", "before", "status", status=503, match={"user": "seller"})
    seller = connect(mock, autxmock.SELLER)

    await buyer.order(SUMM, "another agent")
    await buyer.order(CHAT, "skipped")
    await buyer.order(SUMM, "another agent")
    await refused_with_503(buyer.order(CHAT, "hit"))
    await buyer.order(CHAT, "used up")
    await buyer.list_agents()
    await refused_with_503(seller.list_agents())
    await seller.list_agents()

    assert [(rule["hits"], rule["remaining"]) for rule in mock.faults()] == [(1, 0), (1, 0)]


async def refused_with_503(call):
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await call
    assert caught.value.response.status_code == 503


@pytest.mark.covers("get_credit_balance")
async def test_a_rule_for_ever_lasts_until_it_is_dropped(buyer, mock):
    mock.fault("credits.*", "before", "status", status=503, times=0)
    for _ in range(5):
        await refused_with_503(buyer.get_credit_balance())
    assert [rule["hits"] for rule in mock.faults()] == [5]
    mock.ask("DELETE", "faults")
    assert (await buyer.get_credit_balance()).available_usdc == 100.0


def test_rules_that_make_no_sense_are_refused(mock):
    fine = {"operation": "orders.create", "phase": "before", "action": "reset"}
    for change in (
        {"operation": "orders.invent"}, {"operation": "invented.*"}, {"phase": "during"}, {"action": "explode"}, {"unknown": 1},
        {"action": "status"}, {"action": "truncate"}, {"match": {"colour": "red"}},
    ):
        assert mock.control("POST", "faults", {**fine, **change}).status_code == 400, change
    assert mock.faults() == []


@pytest.mark.covers("AutxAsyncClient.session")
@pytest.mark.parametrize("action", [{"action": "reset"}, {"action": "status", "status": 503}])
async def test_a_session_that_fails_before_it_opens(connect_async, mock, action):
    mock.fault("sessions.open", "before", **action)
    before = mock.state()
    with pytest.raises(Exception):
        async with connect_async(mock).session("CHAT"):
            pass
    assert mock.state() == before
    assert [committed for _, _, committed in mock.calls("sessions.open")] == [False]


@pytest.mark.covers("AutxAsyncClient.session", "AutxAsyncClient.list_sessions", "AutxAsyncClient.close_session")
@pytest.mark.parametrize("action", [{"action": "reset"}, {"action": "status", "status": 503}])
async def test_a_session_whose_first_frame_is_lost_holds_its_credits(connect_async, mock, action):
    mock.fault("sessions.open", "after", **action)
    buyer = connect_async(mock)
    with pytest.raises(Exception):
        async with buyer.session("CHAT"):
            pass
    assert mock.balance("buyer") == (Decimal("99.75"), Decimal("0.25"))
    (session,) = await buyer.list_sessions(status="active")
    await buyer.close_session(session["id"])
    assert mock.balance("buyer") == (100, 0)


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message")
@pytest.mark.parametrize(("phase", "paid"), [("before", "0"), ("after", "0.05")])
async def test_a_message_that_is_cut_off(connect_async, mock, phase, paid):
    mock.fault("sessions.message", phase, "reset")
    buyer = connect_async(mock)
    seen = []
    async with buyer.session("CHAT") as chat:
        with pytest.raises(Exception):
            async for chunk in chat.message("hello"):
                seen.append(chunk)
    assert seen == []
    assert sum(mock.balance("buyer")) == 100 - Decimal(paid)
    assert len(mock.of("orders", "buyer")) == (Decimal(paid) > 0)
    assert [committed for _, _, committed in mock.calls("sessions.message")] == [Decimal(paid) > 0]


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message", "AutxAsyncClient.list_orders", "AutxAsyncClient.get_order")
async def test_an_answer_cut_off_in_its_middle_is_whole_on_the_server(connect_async, mock):
    mock.fault("sessions.message", "body", "truncate", bytes=7)
    buyer = connect_async(mock)
    seen = []
    async with buyer.session("CHAT") as chat:
        with pytest.raises(Exception):
            async for chunk in chat.message("a long question"):
                seen.append(chunk)
    assert "".join(seen) == "Echo: a"
    (order,) = await buyer.list_orders()
    assert (await buyer.get_order(order.id)).output_text == "Echo: a long question"
    assert mock.moves("buyer") == [("consume", Decimal("0.05"))]
