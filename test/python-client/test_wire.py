"""What each public REST method of the clients asks for, to the letter, as the server's request log has it."""

import pytest

import autxmock
from autxmock import FREE, SUMM, UNKNOWN_ID
from clients import public_methods

URL = "https://agents.example.com/mine"
TX_HASH, ADDRESS = "0x" + "ab" * 32, "0x" + "cd" * 20
PNG = b"\x89PNG\r\n\x1a\n"
PAGES = ("https://a.example.com", "https://b.example.com")
CHATTING = {"AutxAsyncClient": {"stream", "session"}, "AutxClient": set()}

# Method: arguments, then operation, verb, path, query, status and whether the world changed. PENDING stands for an agent reserved just before,
# SESSION for a session left open.
WIRE = {
    "proxy": ((("FREE", "hi"), {}), ("proxy.call", "POST", "/proxy/FREE", "", 200, None)),
    "order": (((FREE, "hi"), {}), ("orders.create", "POST", "/orders/", "", 201, True)),
    "get_order": (((UNKNOWN_ID,), {}), ("orders.get", "GET", f"/orders/{UNKNOWN_ID}", "", 404, False)),
    "list_agents": (
        ((), {"category": "writing", "sort": "new", "limit": 3, "offset": 1, "search": "a b", "status": "active"}),
        ("agents.list", "GET", "/agents/", "sort=new&category=writing&limit=3&offset=1&search=a+b&status=active", 200, False),
    ),
    "get_agent": (((SUMM,), {}), ("agents.get", "GET", f"/agents/{SUMM}", "", 200, False)),
    "get_agent_by_ticker": ((("SUMM",), {}), ("agents.get_by_ticker", "GET", "/agents/ticker/SUMM", "", 200, False)),
    "check_ticker": ((("SUMM",), {}), ("agents.check_ticker", "GET", "/agents/check-ticker/SUMM", "", 200, False)),
    "check_name": ((("Summariser",), {}), ("agents.check_name", "GET", "/agents/check-name/Summariser", "", 200, False)),
    "list_orders": (((), {"agent_id": SUMM, "status": "failed"}), ("orders.list", "GET", "/orders/", f"agent_id={SUMM}&status=failed", 200, False)),
    "create_agent": ((("New", "NEW", URL), {}), ("agents.create", "POST", "/agents/", "", 201, True)),
    "list_my_agents": (((), {}), ("agents.mine", "GET", "/agents/mine", "", 200, False)),
    "update_agent": (((SUMM,), {"name": "New"}), ("agents.update", "PATCH", f"/agents/{SUMM}", "", 200, True)),
    "update_provider_key": (((SUMM, "sk-x"), {}), ("agents.set_provider_key", "PUT", f"/agents/{SUMM}/provider-key", "", 200, True)),
    "delete_agent": (((SUMM,), {}), ("agents.delete", "DELETE", f"/agents/{SUMM}", "", 204, True)),
    "upload_agent_image": (((SUMM, PNG, "a.png"), {}), ("agents.upload_image", "POST", f"/agents/{SUMM}/image", "", 200, True)),
    "delete_agent_image": (((SUMM,), {}), ("agents.delete_image", "DELETE", f"/agents/{SUMM}/image", "", 204, None)),
    "create_checkout": ((("launch", *PAGES), {}), ("payments.create_checkout", "POST", "/payments/create-checkout", "", 201, True)),
    "reserve_agent": ((("New", "NEW", URL), {}), ("agents.reserve", "POST", "/agents/reserve/", "", 201, True)),
    "activate_agent": ((("PENDING", TX_HASH, ADDRESS), {}), ("agents.activate", "POST", "/agents/PENDING/activate/", "", 200, True)),
    "cancel_reservation": ((("PENDING",), {}), ("agents.cancel_reservation", "DELETE", "/agents/PENDING/reservation/", "", 204, True)),
    "list_sessions": (((), {"status": "active"}), ("sessions.list", "GET", "/sessions", "status=active", 200, False)),
    "get_session": ((("SESSION",), {}), ("sessions.get", "GET", "/sessions/SESSION", "", 200, False)),
    "close_session": ((("SESSION",), {}), ("sessions.close", "DELETE", "/sessions/SESSION", "", 200, True)),
    "get_credit_balance": (((), {}), ("credits.balance", "GET", "/credits/balance", "", 200, False)),
    "deposit_test_credits": (((), {}), ("credits.deposit_test", "POST", "/credits/deposit-test", "", 200, True)),
    "withdraw_credits": (((5,), {}), ("credits.withdraw", "POST", "/credits/withdraw", "", 200, True)),
    "list_credit_transactions": (((), {}), ("credits.transactions", "GET", "/credits/transactions", "limit=50", 200, False)),
}


@pytest.mark.parametrize("method", [pytest.param(method, marks=pytest.mark.covers(method)) for method in WIRE])
async def test_one_method_is_one_request(connect, connect_async, mock, method):
    (args, kwargs), (operation, verb, path, query, status, committed) = WIRE[method]
    seller = connect(mock, autxmock.SELLER)
    if "PENDING" in args:
        pending = (await seller.reserve_agent("Pending", "PEND", URL)).id
        args, path = (pending, *args[1:]), path.replace("PENDING", pending)
    if "SESSION" in args:
        async with connect_async(mock, autxmock.SELLER).session("CHAT") as chat:
            chat.hang_up()
        session = chat.info.session_id
        args, path = (session,), path.replace("SESSION", session)
    mock.forget_log()

    try:
        await getattr(seller, method)(*args, **kwargs)
    except Exception as error:
        assert getattr(getattr(error, "response", None), "status_code", None) == status, error

    (entry,) = mock.log()
    assert (entry["operation"], entry["method"], entry["query"], entry["status"]) == (operation, verb, query, status)
    assert entry["path"].removeprefix("/api/v1") == path
    assert entry["user"] == "seller"
    if committed is not None:
        assert entry["committed"] is committed


@pytest.mark.parametrize("name", ["AutxClient", "AutxAsyncClient"])
def test_the_table_has_every_rest_method(name):
    assert set(WIRE) == public_methods(name) - CHATTING[name]


def test_multipart_orders_have_an_operation_of_their_own(mock):
    assert "orders.create_multipart" in mock.ask("GET", "operations")
