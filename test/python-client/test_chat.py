"""Chat over WebSocket: single turns, sessions, what they hold and what they cost."""

import asyncio
import hashlib
import time
from decimal import Decimal

import pytest
import websockets

import autxmock
from autxmock import CHAT, Mock

HOLD = (Decimal("99.75"), Decimal("0.25"))  # The buyer's balance with five messages at $0.05 held.
PATIENCE = 10  # Seconds until a test gives up on something that the server must do by itself.


@pytest.fixture
def buyer(connect_async, mock):
    return connect_async(mock)


async def until(what, *wanted):
    """Asks again and again until the answer is one of those wanted."""
    deadline = time.monotonic() + PATIENCE
    while (answer := what()) not in wanted:
        assert time.monotonic() < deadline, f"still {answer!r}, waited for {wanted!r}"
        await asyncio.sleep(0)


def only_session(mock: Mock) -> dict:
    (session,) = mock.of("sessions", "buyer")
    return session


def only_order(mock: Mock) -> dict:
    (order,) = mock.of("orders", "buyer")
    return order


@pytest.mark.covers("AutxAsyncClient.stream")
@pytest.mark.parametrize("who", ["CHAT", "chat", CHAT])
async def test_a_single_turn(buyer, mock, who):
    chunks = [chunk async for chunk in buyer.stream(who, "Tell me more")]

    assert "".join(chunks) == "Echo: Tell me more"
    assert len(chunks) == 3
    assert mock.balance("buyer") == (Decimal("99.95"), 0), "the rest of the hold is free again when the stream has ended"
    assert mock.moves("buyer") == [("consume", Decimal("0.05"))]
    session, order = only_session(mock), only_order(mock)
    assert (session["status"], session["agent_ticker"], session["message_count"]) == ("closed", "CHAT", 1)
    assert (order["status"], order["agent_id"]) == ("completed", CHAT)
    assert mock.calls() == [("sessions.open", 101, True), ("sessions.message", 200, True), ("sessions.end", 200, True)]
    assert {entry["method"] for entry in mock.log()} == {"WS"}


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message", "AutxAsyncClient.get_session", "AutxAsyncClient.get_credit_balance")
async def test_a_session_of_several_turns(buyer, mock):
    async with buyer.session("CHAT") as chat:
        assert chat.info.session_id.startswith("ses_")
        assert (chat.info.agent_id, chat.info.agent_name, chat.info.agent_ticker) == (CHAT, "Chatterbox", "CHAT")
        assert (chat.info.service_price, chat.info.credits_reserved) == (0.2, 0.25)
        assert mock.balance("buyer") == HOLD

        assert await chat.say("Hello") == "Echo: Hello"
        balance = await buyer.get_credit_balance()
        assert (balance.available_usdc, balance.reserved_usdc) == (99.75, 0.2)
        assert await chat.say("Hällo, 世界 🌍") == "Echo: Hällo, 世界 🌍"
        assert await chat.say("Bye") == "Echo: Bye"
        live = await buyer.get_session(chat.info.session_id)
        assert (live["status"], live["message_count"], live["closed_at"]) == ("active", 3, None)

    assert mock.balance("buyer") == (Decimal("99.85"), 0)
    assert mock.moves("buyer") == [("consume", Decimal("0.05"))] * 3
    session = only_session(mock)
    assert session["status"] == "closed" and session["closed_at"]
    assert Decimal(str(session["credits_consumed"])) == Decimal("0.15")
    assert mock.calls("sessions.message") == [("sessions.message", 200, True)] * 3
    assert len(mock.of("orders", "buyer")) == 3


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message", "AutxAsyncClient.list_credit_transactions", "AutxAsyncClient.get_order")
async def test_each_turn_is_an_order_of_its_session(buyer, mock):
    async with buyer.session("CHAT") as chat:
        await chat.say("Hello")

    order = only_order(mock)
    assert (Decimal(str(order["amount_paid"])), Decimal(str(order["platform_fee"]))) == (Decimal("0.05"), Decimal("0.005"))
    newest = (await buyer.list_credit_transactions())[0]
    assert (newest.type, newest.amount) == ("consume", 0.05)
    assert (newest.session_id, newest.order_id) == (chat.info.session_id, order["id"])
    result = await buyer.get_order(order["id"])
    assert (result.status, result.output_text) == ("completed", "Echo: Hello")
    assert result.output_hash == hashlib.sha256(b"Echo: Hello").hexdigest()


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.close")
async def test_closing_a_session_early(buyer, mock):
    async with buyer.session("CHAT") as chat:
        await chat.close()
        assert only_session(mock)["status"] == "closed"
        assert mock.balance("buyer") == (100, 0)
        assert mock.calls("sessions.end") == [("sessions.end", 200, True)]
    assert mock.calls("sessions.end") == [("sessions.end", 200, True)], "closed once is closed"
    assert mock.moves("buyer") == []


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message")
async def test_turns_beyond_the_hold_are_paid_from_what_is_available(connect_async, mock):
    poor = connect_async(mock, autxmock.POOR)
    async with poor.session("CHAT") as chat:
        assert mock.balance("poor") == (Decimal("0.05"), Decimal("0.25"))
        for number in range(5):
            await chat.say(str(number))
        assert mock.balance("poor") == (Decimal("0.05"), 0)
        assert await chat.say("the sixth") == "Echo: the sixth"
        assert mock.balance("poor") == (0, 0)
        with pytest.raises(Exception, match="(?i)credit"):
            await chat.say("the seventh")
    assert mock.moves("poor") == [("consume", Decimal("0.05"))] * 6
    assert mock.balance("poor") == (0, 0)


@pytest.mark.covers("AutxAsyncClient.session", "AutxAsyncClient.stream", "AutxAsyncClient.withdraw_credits")
async def test_what_cannot_be_opened(buyer, connect_async, mock):
    stranger, poor = connect_async(mock, "autx_live_stranger"), connect_async(mock, autxmock.POOR)
    orders_only = connect_async(mock, f"{autxmock.BUYER}_orders")
    await poor.withdraw_credits(0.1)
    before = mock.state()
    for client, who, reason in (
        (stranger, "CHAT", None), (orders_only, "CHAT", None), (buyer, "NOBODY", None), (buyer, "SUMM", "(?i)session"), (poor, "CHAT", "(?i)credit"),
    ):
        with pytest.raises(Exception, match=reason) as caught:
            async with client.session(who):
                pass
        assert type(caught.value) is Exception, "the server's own message, not a broken connection"
        with pytest.raises(Exception, match=reason) as caught:
            [chunk async for chunk in client.stream(who, "hello")]
        assert type(caught.value) is Exception
    assert mock.state() == before
    assert {committed for _, _, committed in mock.calls("sessions.open")} == {False}


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message")
async def test_a_turn_that_fails_is_refunded(buyer, mock):
    async with buyer.session("BROKEN") as chat:
        with pytest.raises(Exception) as caught:
            await chat.say("try")
        assert type(caught.value) is Exception and str(caught.value)
        assert mock.moves("buyer") == [("consume", Decimal("0.05")), ("refund", Decimal("0.05"))]
        assert sum(mock.balance("buyer")) == 100
    assert mock.balance("buyer") == (100, 0)
    assert only_order(mock)["status"] == "failed"


@pytest.mark.covers("AutxAsyncClient.stream")
async def test_a_single_turn_that_fails_costs_nothing(buyer, mock):
    """The client leaves without a close message here, so the session and its hold stay, but the turn is refunded."""
    with pytest.raises(Exception) as caught:
        [chunk async for chunk in buyer.stream("BROKEN", "try")]
    assert type(caught.value) is Exception and str(caught.value)
    assert mock.moves("buyer") == [("consume", Decimal("0.05")), ("refund", Decimal("0.05"))]
    assert sum(mock.balance("buyer")) == 100


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message", "AutxAsyncClient.close_session")
async def test_closing_from_outside_in_the_middle_of_a_turn_refunds_it(buyer, mock):
    async with buyer.session("SLOWCHAT") as chat:
        turn = asyncio.ensure_future(chat.say("take your time"))
        await until(lambda: len(mock.moves("buyer")), 1)
        assert mock.moves("buyer") == [("consume", Decimal("0.05"))], "a message is paid when it is accepted"

        closed = await buyer.close_session(chat.info.session_id)

        assert closed["status"] == "closed"
        with pytest.raises(Exception):
            await turn
    assert mock.moves("buyer") == [("consume", Decimal("0.05")), ("refund", Decimal("0.05"))]
    assert mock.balance("buyer") == (100, 0)
    assert only_order(mock)["status"] == "failed"


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message", "AsyncChatSession.close")
async def test_leaving_in_the_middle_of_a_turn_refunds_it(buyer, mock):
    async with buyer.session("SLOWCHAT") as chat:
        turn = asyncio.ensure_future(chat.say("take your time"))
        await until(lambda: len(mock.moves("buyer")), 1)
        await chat.close()
        with pytest.raises(websockets.ConnectionClosed):
            await turn
        assert mock.moves("buyer") == [("consume", Decimal("0.05")), ("refund", Decimal("0.05"))]
        assert mock.balance("buyer") == (100, 0)
    assert only_order(mock)["status"] == "failed"
    assert only_session(mock)["status"] == "closed"


@pytest.mark.covers("AutxAsyncClient.session", "AsyncChatSession.message", "AutxAsyncClient.list_sessions", "AutxAsyncClient.close_session")
async def test_a_lost_connection_leaves_the_session_and_its_hold(buyer, mock):
    async with buyer.session("CHAT") as chat:
        await chat.say("Hello")
        chat.hang_up()

    held = (Decimal("99.75"), Decimal("0.20"))
    assert mock.balance("buyer") == held
    (session,) = await buyer.list_sessions(status="active")
    assert session["id"] == chat.info.session_id

    closed = await buyer.close_session(session["id"])

    assert closed["status"] == "closed"
    assert mock.balance("buyer") == (Decimal("99.95"), 0)


@pytest.mark.covers("AutxAsyncClient.session", "AutxAsyncClient.get_session")
async def test_a_session_expires_and_lets_go_of_its_hold(buyer, mock):
    async with buyer.session("CHAT") as chat:
        await chat.say("Hello")
        mock.advance("3h59m")
        assert (await buyer.get_session(chat.info.session_id))["status"] == "active"
        mock.advance("1m")

        assert (await buyer.get_session(chat.info.session_id))["status"] == "expired"
        assert mock.balance("buyer") == (Decimal("99.95"), 0)
        with pytest.raises(Exception):
            await chat.say("still there?")
    assert mock.moves("buyer") == [("consume", Decimal("0.05"))]
    assert only_session(mock)["status"] == "expired"


@pytest.mark.covers("AutxAsyncClient.session", "AutxAsyncClient.stream", "AsyncChatSession.message")
async def test_many_at_once(buyer, mock):
    async def converse(number):
        async with buyer.session("CHAT") as chat:
            return [await chat.say(f"{number}.{turn}") for turn in range(3)]

    async def ask(number):
        return "".join([chunk async for chunk in buyer.stream("CHAT", f"single {number}")])

    talks, singles = await asyncio.gather(
        asyncio.gather(*(converse(number) for number in range(8))), asyncio.gather(*(ask(number) for number in range(8))),
    )

    assert talks == [[f"Echo: {number}.{turn}" for turn in range(3)] for number in range(8)]
    assert singles == [f"Echo: single {number}" for number in range(8)]
    assert mock.balance("buyer") == (100 - Decimal("0.05") * 32, 0)
    assert {session["status"] for session in mock.of("sessions", "buyer")} == {"closed"}
    assert len(mock.of("sessions", "buyer")) == 16
