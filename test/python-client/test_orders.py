"""Buying answers: what an order costs, returns and leaves in the ledger."""

import asyncio
import hashlib
from decimal import Decimal

import httpx
import pytest

import autxmock
from autxmock import BROKEN, CHAT, DATA, DOCREAD, FREE, SUMM, UNKNOWN_ID, usd
from expect import invalid, nothing_changes, refused


@pytest.mark.covers("order", "get_order", "get_credit_balance", "list_credit_transactions")
async def test_an_order_is_paid_answered_and_booked(buyer, mock):
    order = await buyer.order(SUMM, "Summarise this")

    assert (order.agent_id, order.amount_paid, order.platform_fee) == (SUMM, 0.5, 0.05)
    assert order.status == "completed"
    result = await buyer.get_order(order.id)
    assert (result.id, result.status, result.output_text) == (order.id, "completed", "Echo: Summarise this")
    assert result.output_hash == hashlib.sha256(b"Echo: Summarise this").hexdigest()
    assert result.completed_at is not None
    assert (await buyer.get_credit_balance()).available_usdc == 99.5
    newest = (await buyer.list_credit_transactions())[0]
    assert (newest.type, newest.amount, newest.order_id, newest.session_id, newest.tx_hash) == ("consume", 0.5, order.id, None, None)
    assert mock.balance("buyer") == (Decimal("99.50"), 0)
    assert mock.moves("buyer") == [("consume", Decimal("0.50"))]
    assert mock.calls() == [
        ("orders.create", 201, True), ("orders.get", 200, False), ("credits.balance", 200, False), ("credits.transactions", 200, False),
    ]


@pytest.mark.covers("order", "list_orders")
@pytest.mark.parametrize("method", ["stripe", "credits", "usdc"])
async def test_whatever_the_payment_method_says_credits_are_debited(buyer, mock, method):
    order = await buyer.order(SUMM, "pay", payment_method=method)

    assert mock.balance("buyer") == (Decimal("99.50"), 0)
    (listed,) = await buyer.list_orders()
    assert (listed.id, listed.payment_method) == (order.id, method)


@pytest.mark.covers("order", "list_orders")
async def test_the_clients_default_payment_method_is_still_stripe(buyer):
    await buyer.order(SUMM, "pay")
    assert [order.payment_method for order in await buyer.list_orders()] == ["stripe"]


@pytest.mark.covers("order")
@pytest.mark.parametrize(("agent", "price", "fee"), [(SUMM, "0.5", "0.05"), (DATA, "0.125", "0.0125"), (CHAT, "0.2", "0.02"), (FREE, "0", "0")])
async def test_a_tenth_is_the_platforms_fee(buyer, mock, agent, price, fee):
    order = await buyer.order(agent, "hello")
    assert (order.amount_paid, order.platform_fee) == (float(price), float(fee))
    (stored,) = mock.of("orders", "buyer")
    assert (usd(stored["amount_paid"]), usd(stored["platform_fee"])) == (Decimal(price), Decimal(fee))


@pytest.mark.covers("order", "update_agent")
@pytest.mark.parametrize(("price", "fee"), [(0.000001, "0"), (0.000005, "0.000001"), (0.333333, "0.033333"), (0.333335, "0.033334")])
async def test_fees_are_rounded_half_up_to_six_decimals(buyer, seller, mock, price, fee):
    await seller.update_agent(SUMM, service_price=price)
    order = await buyer.order(SUMM, "hello")
    assert order.platform_fee == float(fee)
    assert mock.balance("buyer") == (100 - Decimal(format(price, "f")), 0)


@pytest.mark.covers("order", "get_agent")
async def test_a_sale_counts_for_the_agent_and_is_not_paid_into_its_owners_credits(buyer, mock):
    await buyer.order(SUMM, "one")
    await buyer.order(SUMM, "two")

    agent = await buyer.get_agent(SUMM)
    assert (agent.total_revenue, agent.total_requests) == (1.0, 2)
    assert mock.balance("seller") == (60, 0)
    assert mock.moves("seller") == []


@pytest.mark.covers("order", "get_order")
async def test_an_agent_that_answers_json(buyer):
    order = await buyer.order(DATA, "what is it")
    text = (await buyer.get_order(order.id)).output_text
    assert httpx.Response(200, text=text).json() == {"answer": 42, "unit": "none"}


@pytest.mark.covers("order", "get_order", "list_orders", "list_credit_transactions")
async def test_a_failed_order_is_refunded(buyer, mock):
    order = await buyer.order(BROKEN, "try")

    result = await buyer.get_order(order.id)
    assert (order.status, result.status) == ("failed", "failed")
    assert (result.output_text, result.output_hash) == (None, None)
    assert [listed.status for listed in await buyer.list_orders()] == ["failed"]
    newest, older, *_ = await buyer.list_credit_transactions()
    assert (newest.type, newest.amount, newest.order_id) == ("refund", 0.25, order.id)
    assert (older.type, older.amount, older.order_id) == ("consume", 0.25, order.id)
    assert mock.balance("buyer") == (100, 0)


@pytest.mark.covers("list_orders", "order")
async def test_order_lists_with_their_filters(buyer, connect, mock):
    done = await buyer.order(SUMM, "a")
    failed = await buyer.order(BROKEN, "b")
    free = await buyer.order(FREE, "c")

    def ids(orders):
        return {order.id for order in orders}

    listed = {order.id: order for order in await buyer.list_orders()}
    assert set(listed) == {done.id, failed.id, free.id}
    item = listed[done.id]
    assert (item.agent_id, item.agent_name, item.agent_ticker, item.status) == (SUMM, "Summariser", "SUMM", "completed")
    assert (item.amount_paid, item.platform_fee, item.created_at) == (0.5, 0.05, done.created_at)
    assert item.completed_at is not None
    assert ids(await buyer.list_orders(agent_id=SUMM)) == {done.id}
    assert ids(await buyer.list_orders(status="failed")) == {failed.id}
    assert ids(await buyer.list_orders(status="completed")) == {done.id, free.id}
    assert ids(await buyer.list_orders(agent_id=SUMM, status="failed")) == set()
    assert await connect(mock, autxmock.POOR).list_orders() == []


@pytest.mark.covers("order", "get_order", "get_credit_balance")
async def test_files_go_with_an_order(buyer, mock):
    files = [("a.pdf", b"%PDF-1.7 \x00\xff"), ("b.txt", "zwölf".encode())]
    order = await buyer.order(DOCREAD, "Read these", files=files)

    assert (order.status, order.amount_paid, order.agent_id) == ("completed", 1.0, DOCREAD)
    assert (await buyer.get_order(order.id)).output_text == "Echo: Read these"
    assert (await buyer.get_credit_balance()).available_usdc == 99.0
    assert mock.calls()[0] == ("orders.create_multipart", 201, True)
    (stored,) = mock.of("orders", "buyer")
    assert [(file["name"], file["size"], file["sha256"]) for file in stored["files"]] == [
        (name, len(content), hashlib.sha256(content).hexdigest()) for name, content in files
    ]


@pytest.mark.covers("order")
async def test_files_that_are_refused(buyer, mock):
    with nothing_changes(mock):
        await refused(buyer.order(SUMM, "no files here", files=[("a.txt", b"x")]), 422)
        await refused(buyer.order(DOCREAD, "wrong type", files=[("a.exe", b"x")]), 422)
        await refused(buyer.order(DOCREAD, "too big", files=[("a.txt", b"x" * 65)]), 422)
        await refused(buyer.order(DOCREAD, "one is wrong", files=[("a.txt", b"x"), ("b.exe", b"x")]), 422)
        await refused(buyer.order(UNKNOWN_ID, "nobody", files=[("a.txt", b"x")]), 404)


@pytest.mark.covers("order")
async def test_files_without_the_money(connect, mock):
    with nothing_changes(mock):
        await refused(connect(mock, autxmock.POOR).order(DOCREAD, "dear", files=[("a.txt", b"x")]), 402)


@pytest.mark.covers("order", "get_order")
async def test_orders_that_are_refused_leave_no_record(buyer, connect, mock):
    poor = connect(mock, autxmock.POOR)
    with nothing_changes(mock):
        await refused(poor.order(SUMM, "too dear"), 402)
        await refused(buyer.order(UNKNOWN_ID, "nobody there"), 404)
        await refused(buyer.order("not-an-id", "hello"), 404)
        await invalid(buyer.order(SUMM, None), "body", "prompt")
        await refused(buyer.get_order(UNKNOWN_ID), 404)
    assert mock.of("orders", "poor") == []


@pytest.mark.covers("order", "get_order")
async def test_somebody_elses_order_is_unknown(buyer, seller, mock):
    order = await buyer.order(SUMM, "private")
    with nothing_changes(mock):
        await refused(seller.get_order(order.id), 404)


@pytest.mark.covers("AutxAsyncClient.order")
async def test_a_rush_spends_the_last_cent_and_no_more(connect_async, mock):
    """Thirty cents, twelve buyers at once, fifteen cents each: exactly two are served."""
    seller, poor = connect_async(mock, autxmock.SELLER), connect_async(mock, autxmock.POOR)
    await seller.update_agent(SUMM, service_price=0.15)

    results = await asyncio.gather(*(poor.order(SUMM, f"rush {n}") for n in range(12)), return_exceptions=True)

    served = [result for result in results if not isinstance(result, Exception)]
    turned_away = [result.response.status_code for result in results if isinstance(result, httpx.HTTPStatusError)]
    assert (len(served), turned_away) == (2, [402] * 10)
    assert mock.balance("poor") == (0, 0)
    assert {order["id"] for order in mock.of("orders", "poor")} == {order.id for order in served}
    assert sum(committed for _, _, committed in mock.calls("orders.create")) == 2
