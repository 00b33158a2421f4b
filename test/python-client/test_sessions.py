"""Sessions over REST, through both clients. Chat itself, which only the async client can do, opens them here."""

import pytest
import pytest_asyncio

import autxmock
from autxmock import CHAT
from expect import nothing_changes, refused


@pytest_asyncio.fixture
async def left_open(connect_async, mock):
    """The id of a session whose connection was lost."""
    async with connect_async(mock).session("CHAT") as chat:
        chat.hang_up()
    return chat.info.session_id


@pytest_asyncio.fixture
async def closed(connect_async, mock):
    """The id of a session that was closed after one turn."""
    async with connect_async(mock).session("CHAT") as chat:
        await chat.say("Hello")
    return chat.info.session_id


@pytest.mark.covers("list_sessions")
async def test_session_lists_with_their_filter(buyer, seller, closed, left_open):
    assert {session["id"] for session in await buyer.list_sessions()} == {closed, left_open}
    assert [session["id"] for session in await buyer.list_sessions(status="active")] == [left_open]
    assert [session["id"] for session in await buyer.list_sessions(status="closed")] == [closed]
    assert await buyer.list_sessions(status="expired") == []
    assert await seller.list_sessions() == []


@pytest.mark.covers("get_session", "list_sessions")
async def test_a_session_with_its_fields(buyer, closed, left_open):
    session = await buyer.get_session(left_open)

    assert (session["id"], session["status"], session["closed_at"]) == (left_open, "active", None)
    assert (session["agent_id"], session["agent_name"], session["agent_ticker"]) == (CHAT, "Chatterbox", "CHAT")
    assert (float(session["credits_reserved"]), float(session["credits_consumed"]), session["message_count"]) == (0.25, 0, 0)
    assert session["created_at"] < session["expires_at"]
    done = await buyer.get_session(closed)
    assert (float(done["credits_consumed"]), done["message_count"], done["status"]) == (0.05, 1, "closed")
    assert done["closed_at"]
    for session in await buyer.list_sessions():
        assert session == await buyer.get_session(session["id"])


@pytest.mark.covers("close_session", "get_session", "get_credit_balance")
async def test_closing_answers_with_the_session_and_frees_the_hold(buyer, mock, left_open):
    before = await buyer.get_credit_balance()
    assert (before.available_usdc, before.reserved_usdc) == (99.75, 0.25)

    session = await buyer.close_session(left_open)

    assert (session["id"], session["status"]) == (left_open, "closed")
    assert session == await buyer.get_session(left_open)
    after = await buyer.get_credit_balance()
    assert (after.available_usdc, after.reserved_usdc) == (100.0, 0.0)
    assert mock.calls("sessions.close") == [("sessions.close", 200, True)]
    assert mock.moves("buyer") == [], "a hold and its release are no transactions"


@pytest.mark.covers("get_session", "close_session")
async def test_sessions_that_are_not_there_or_somebody_elses(buyer, seller, mock, left_open):
    with nothing_changes(mock):
        for client, session in ((buyer, "ses_unknown"), (seller, left_open)):
            await refused(client.get_session(session), 404)
            await refused(client.close_session(session), 404)


@pytest.mark.covers("list_sessions", "close_session")
async def test_sessions_of_a_user_who_has_none(connect, mock):
    poor = connect(mock, autxmock.POOR)
    assert await poor.list_sessions() == []
    await refused(poor.close_session("ses_unknown"), 404)
