"""Calling an agent through the proxy: its raw answer, and who pays for it."""

import json
import re
from decimal import Decimal

import httpx
import pytest

import autxmock
from autxmock import CHAT, DATA, SUMM, UNKNOWN_ID
from expect import nothing_changes, refused


@pytest.mark.covers("proxy")
async def test_an_answer_comes_back_raw_with_its_headers(buyer, mock):
    answer = await buyer.proxy("FREE", prompt="Hällo")

    assert (answer.status_code, answer.text, answer.content) == (200, "Echo: Hällo", "Echo: Hällo".encode())
    assert answer.content_type.startswith("text/plain")
    assert re.fullmatch("[0-9a-f]{8}", answer.request_id)
    assert isinstance(answer.latency_ms, int) and answer.latency_ms >= 0
    assert re.fullmatch("[0-9]+", answer.headers["x-autx-latency-ms"])
    assert answer.agent_ticker == "FREE"
    assert answer.headers["x-autx-mock-instance"]
    assert answer.request_id != (await buyer.proxy("FREE", prompt="again")).request_id


@pytest.mark.covers("proxy")
async def test_an_answer_in_json(buyer, mock):
    answer = await buyer.proxy("DATA", prompt="what is it")
    assert answer.json == {"answer": 42, "unit": "none"}
    assert answer.content_type.startswith("application/json")
    assert mock.balance("buyer") == (Decimal("99.875"), 0)


@pytest.mark.covers("proxy")
async def test_any_json_is_passed_on(buyer):
    body = {"question": [1, 2.5, {"deep": None}], "text": "ü"}
    answer = await buyer.proxy("FREE", body=body)
    assert answer.text.startswith("Echo: ")
    assert answer.text.removeprefix("Echo: ").replace(" ", "") in (
        '{"question":[1,2.5,{"deep":null}],"text":"ü"}', '{"question":[1,2.5,{"deep":null}],"text":"\\u00fc"}',
    )
    assert (await buyer.proxy("FREE", prompt="ignored", body={"prompt": "kept", "more": 1})).text == "Echo: kept"


@pytest.mark.covers("proxy")
@pytest.mark.parametrize("who", ["SUMM", "summ", SUMM])
async def test_a_paid_agent_is_paid_by_ticker_or_id(buyer, mock, who):
    answer = await buyer.proxy(who, prompt="hello")

    assert (answer.text, answer.agent_ticker) == ("Echo: hello", "SUMM")
    assert mock.balance("buyer") == (Decimal("99.50"), 0)
    assert mock.moves("buyer") == [("consume", Decimal("0.50"))]
    assert mock.calls() == [("proxy.call", 200, True)]


@pytest.mark.covers("proxy", "list_orders", "list_credit_transactions")
async def test_a_call_makes_no_order(buyer):
    await buyer.proxy("SUMM", prompt="hello")
    assert await buyer.list_orders() == []
    newest = (await buyer.list_credit_transactions(limit=1))[0]
    assert (newest.type, newest.amount, newest.order_id, newest.session_id) == ("consume", 0.5, None, None)


@pytest.mark.covers("proxy")
async def test_free_agents_and_ones_own_cost_nothing(buyer, seller, connect, mock):
    await buyer.proxy("FREE", prompt="hello")
    await seller.proxy("SUMM", prompt="my own")
    await connect(mock, autxmock.POOR).proxy("FREE", prompt="hello")
    for user, balance in (("buyer", 100), ("seller", 60), ("poor", Decimal("0.30"))):
        assert mock.balance(user) == (balance, 0)
        assert mock.moves(user) == []


@pytest.mark.covers("proxy")
@pytest.mark.parametrize(("responder", "status"), [({"kind": "fail"}, 502), ({"kind": "fail", "status": 504}, 504)])
async def test_an_agent_that_fails_is_not_paid(buyer, mock, responder, status):
    seed = json.loads(autxmock.SEED.read_text())
    next(agent for agent in seed["agents"] if agent["ticker"] == "BROKEN")["responder"] = responder
    mock.ask("PUT", "seed", seed)

    with pytest.raises(httpx.HTTPStatusError) as caught:
        await buyer.proxy("BROKEN", prompt="try")

    assert caught.value.response.status_code == status
    assert mock.balance("buyer") == (100, 0)
    assert mock.moves("buyer") == []


@pytest.mark.covers("proxy")
async def test_calls_that_are_refused(buyer, connect, mock):
    with nothing_changes(mock):
        await refused(connect(mock, autxmock.POOR).proxy("SUMM", prompt="dear"), 402)
        await refused(buyer.proxy("NOBODY", prompt="hello"), 404)
        await refused(buyer.proxy(UNKNOWN_ID, prompt="hello"), 404)


@pytest.mark.covers("proxy", "get_agent")
async def test_paid_calls_count_for_the_agent(buyer):
    await buyer.proxy("CHAT", prompt="one")
    await buyer.proxy("DATA", prompt="two")
    assert ((await buyer.get_agent(CHAT)).total_revenue, (await buyer.get_agent(CHAT)).total_requests) == (0.2, 1)
    assert ((await buyer.get_agent(DATA)).total_revenue, (await buyer.get_agent(DATA)).total_requests) == (0.125, 1)
