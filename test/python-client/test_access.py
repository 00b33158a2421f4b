"""Who may do what: keys, scopes, verified addresses, and the order in which a request is checked."""

import httpx
import pytest
from autx_client import AutxAsyncClient, AutxClient

import autxmock
from autxmock import CHAT, FREE, SUMM, UNKNOWN_ID
from expect import nothing_changes, refused

URL = "https://agents.example.com/mine"
TX_HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "cd" * 20

# Every call that needs a key, with arguments that would be fine for its owner, and the scope it needs.
CALLS = {
    "proxy": ("proxy", ("FREE",), {"prompt": "x"}),
    "order": ("orders", (FREE, "x"), {}),
    "get_order": ("orders", (UNKNOWN_ID,), {}),
    "list_orders": ("orders", (), {}),
    "create_agent": ("agents", ("Some Name", "SOME", URL), {}),
    "list_my_agents": ("agents", (), {}),
    "update_agent": ("agents", (SUMM,), {"name": "New"}),
    "update_provider_key": ("agents", (SUMM, "sk-x"), {}),
    "delete_agent": ("agents", (SUMM,), {}),
    "upload_agent_image": ("agents", (SUMM, b"\x89PNG\r\n\x1a\n", "a.png"), {}),
    "delete_agent_image": ("agents", (SUMM,), {}),
    "reserve_agent": ("agents", ("Some Name", "SOME", URL), {}),
    "activate_agent": ("agents", (SUMM, TX_HASH, ADDRESS), {}),
    "cancel_reservation": ("agents", (SUMM,), {}),
    "create_checkout": ("*", ("launch", "https://a.example.com", "https://b.example.com"), {}),
    "list_sessions": ("*", (), {}),
    "get_session": ("*", ("ses_unknown",), {}),
    "close_session": ("*", ("ses_unknown",), {}),
    "get_credit_balance": ("*", (), {}),
    "deposit_test_credits": ("*", (), {}),
    "withdraw_credits": ("*", (1,), {}),
    "list_credit_transactions": ("*", (), {}),
}


def everything(name):
    """One test for each call, marked with the method it drives."""
    return pytest.mark.parametrize(name, [pytest.param(method, marks=pytest.mark.covers(method)) for method in CALLS])


@everything("method")
async def test_a_key_that_is_not_known(connect, mock, method):
    _, args, kwargs = CALLS[method]
    with nothing_changes(mock):
        await refused(getattr(connect(mock, "autx_live_stranger"), method)(*args, **kwargs), 401)
    assert mock.log()[0]["user"] in ("", None)


@everything("method")
@pytest.mark.parametrize("scope", ["proxy", "orders", "agents"])
async def test_a_key_with_another_scope(connect, mock, method, scope):
    needed, args, kwargs = CALLS[method]
    call = getattr(connect(mock, f"{autxmock.BUYER}_{scope}"), method)(*args, **kwargs)
    if scope != needed:
        with nothing_changes(mock):
            await refused(call, 403)
        return
    try:
        await call
    except httpx.HTTPStatusError as error:
        # The scope was enough: what refuses is an agent that belongs to somebody else, or a thing that is not there.
        somebody_elses = method in ("update_agent", "update_provider_key", "delete_agent", "upload_agent_image", "delete_agent_image",
                                    "activate_agent", "cancel_reservation")
        assert error.response.status_code == (403 if somebody_elses else 404), error.response.text
        assert "scope" not in error.response.text.lower()


@pytest.mark.covers("create_agent", "reserve_agent")
async def test_launching_needs_a_verified_address(connect, mock):
    unverified = connect(mock, autxmock.UNVERIFIED)
    with nothing_changes(mock):
        await refused(unverified.create_agent("Some Name", "SOME", URL), 403)
        await refused(unverified.reserve_agent("Some Name", "SOME", URL), 403)


@pytest.mark.covers("create_agent", "order", "update_agent", "withdraw_credits")
async def test_the_first_objection_is_the_one_that_is_told(connect, mock):
    """In the order 401, 403, 422, 404, 409, 402."""
    stranger, wrong_scope = connect(mock, "autx_live_stranger"), connect(mock, f"{autxmock.BUYER}_orders")
    seller, poor = connect(mock, autxmock.SELLER), connect(mock, autxmock.POOR)
    await poor.withdraw_credits(0.1)
    with nothing_changes(mock):
        await refused(stranger.create_agent("Free Echo", "lower", URL), 401)
        await refused(wrong_scope.create_agent("Free Echo", "lower", URL), 403)
        await refused(poor.update_agent(SUMM, service_price=-1), 403)
        await refused(seller.create_agent("Free Echo", "lower", URL), 422)
        await refused(seller.update_agent(UNKNOWN_ID, service_price=-1), 422)
        await refused(poor.order(UNKNOWN_ID, "hello"), 404)
        await refused(poor.create_agent("Free Echo", "FINE", URL), 409)
        await refused(poor.withdraw_credits(5), 409)
        await refused(poor.create_agent("Fine Name", "FINE", URL), 402)


@pytest.mark.parametrize("cls", [AutxClient, AutxAsyncClient])
def test_the_client_itself_refuses_what_is_no_key(cls):
    with pytest.raises(ValueError, match="autx_live_"):
        cls(api_key="sk_live_something")


@pytest.mark.covers("list_agents", "get_agent", "get_agent_by_ticker", "check_ticker", "check_name")
async def test_public_reads_work_with_the_narrowest_key(connect, mock):
    client = connect(mock, f"{autxmock.BUYER}_proxy")
    assert await client.list_agents()
    assert (await client.get_agent(CHAT)).ticker == "CHAT"
    assert (await client.get_agent_by_ticker("CHAT")).id == CHAT
    assert (await client.check_ticker("CHAT")).available is False
    assert (await client.check_name("Chatterbox")).available is False


@pytest.mark.covers("list_agents", "get_agent_by_ticker", "proxy", "get_credit_balance")
async def test_no_key_is_ever_written_down(buyer, connect, mock):
    """Not even one that strays into a path or a query."""
    await buyer.list_agents(search=autxmock.BUYER)
    await refused(buyer.get_agent_by_ticker(autxmock.BUYER), 404)
    await buyer.proxy("FREE", prompt="x")
    await buyer.get_credit_balance()
    await refused(connect(mock, "autx_live_stranger").get_credit_balance(), 401)
    log = mock.control("GET", "requests").text
    for key in (autxmock.BUYER, "autx_live_stranger"):
        assert key not in log
    assert [entry["user"] for entry in mock.log("proxy.call", "credits.balance")][:2] == ["buyer", "buyer"]
