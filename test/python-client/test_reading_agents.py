"""Finding agents: lists with their filters and orders, one agent, and what is still free."""

import re

import httpx
import pytest

import autxmock
from autxmock import BROKEN, CHAT, DATA, DOCREAD, FREE, RESTED, SLOWCHAT, SUMM, UNKNOWN_ID, Mock
from expect import nothing_changes, refused

ACTIVE = {"FREE", "SUMM", "DOCREAD", "CHAT", "SLOWCHAT", "DATA", "BROKEN"}


def tickers(agents):
    return [agent.ticker for agent in agents]


@pytest.mark.covers("list_agents")
async def test_list_has_the_active_agents_with_their_fields(buyer, mock):
    agents = {agent.ticker: agent for agent in await buyer.list_agents()}

    assert set(agents) == ACTIVE
    summ = agents["SUMM"]
    assert (summ.id, summ.owner_id, summ.name) == (SUMM, "seller", "Summariser")
    assert (summ.description, summ.category, summ.status) == ("Condenses long reports", "writing", "active")
    assert (summ.service_price, agents["DATA"].service_price, agents["FREE"].service_price) == (0.5, 0.125, 0.0)
    assert (summ.auth_tier, summ.provider, summ.provider_key_configured) == ("jwt_default", None, False)
    assert (summ.total_revenue, summ.total_requests, summ.image_url) == (0.0, 0, None)
    assert isinstance(summ.total_requests, int)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", summ.created_at)
    assert mock.log("agents.list")[0]["query"] == "sort=revenue"


@pytest.mark.covers("list_agents")
async def test_manifest_parts_left_out_take_the_documented_defaults(buyer):
    agents = {agent.ticker: agent for agent in await buyer.list_agents()}

    chat = agents["CHAT"].manifest
    assert chat["input"] == {"type": "text", "accepts_files": False, "file_types": [], "max_size_bytes": 10_485_760}
    assert chat["output"] == {
        "type": "json", "produces_files": False, "content_types": ["application/json"], "max_size_bytes": 52_428_800,
    }
    assert chat["supports_sessions"] is True
    assert float(chat["session_price_per_message"]) == 0.05
    assert (chat["session_minimum_messages"], chat["session_max_duration_minutes"]) == (5, 240)
    assert agents["SLOWCHAT"].manifest["session_minimum_messages"] == 2
    assert agents["DOCREAD"].manifest["input"]["accepts_files"] is True


@pytest.mark.covers("list_agents")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"category": "writing"}, {"SUMM"}),
        ({"category": "nowhere"}, set()),
        ({"status": "paused"}, {"RESTED"}),
        ({"status": "active"}, ACTIVE),
        ({"status": "paused", "category": "talk"}, set()),
        ({"search": "LONG rep"}, {"SUMM"}),  # description
        ({"search": "summariser"}, {"SUMM"}),  # name
        ({"search": "docr"}, {"DOCREAD"}),  # ticker
        ({"search": "chat"}, {"CHAT", "SLOWCHAT"}),
        ({"search": "chat", "category": "utility"}, set()),
    ],
)
async def test_list_filters(buyer, filters, found):
    assert set(tickers(await buyer.list_agents(**filters))) == found


@pytest.mark.covers("list_agents")
async def test_pages_of_a_list_tile_it(buyer):
    whole = tickers(await buyer.list_agents(sort="new"))

    for size in (1, 3, 7, 8):
        pages = [tickers(await buyer.list_agents(sort="new", limit=size, offset=start)) for start in range(0, 9, size)]
        assert [ticker for page in pages for ticker in page] == whole, size
        assert all(len(page) <= size for page in pages)
    assert await buyer.list_agents(offset=7) == []


@pytest.mark.covers("list_agents", "create_agent", "order")
async def test_list_orders(buyer, seller, mock: Mock):
    mock.advance("1m")
    fresh = await seller.create_agent("Newest Of All", "NEWEST", "https://agents.example.com/new", service_price=0.01)
    await buyer.order(CHAT, "twenty cents")
    await buyer.order(DOCREAD, "a dollar")

    assert tickers(await buyer.list_agents(sort="new"))[0] == fresh.ticker
    assert tickers(await buyer.list_agents(sort="revenue"))[:2] == ["DOCREAD", "CHAT"]
    assert tickers(await buyer.list_agents())[:2] == ["DOCREAD", "CHAT"], "the client's own default is revenue"
    for sort in ("trending", "mcap", "apy"):
        assert set(tickers(await buyer.list_agents(sort=sort))) == ACTIVE | {"NEWEST"}


@pytest.mark.covers("list_agents")
@pytest.mark.parametrize("filters", [{"sort": "beauty"}, {"limit": -1}, {"offset": -1}, {"status": "gone"}])
async def test_list_refuses_what_it_does_not_know(buyer, filters):
    await refused(buyer.list_agents(**filters), 422)


@pytest.mark.covers("get_agent")
@pytest.mark.parametrize(("agent", "ticker", "status"), [(SUMM, "SUMM", "active"), (RESTED, "RESTED", "paused")])
async def test_agent_by_id(buyer, agent, ticker, status):
    found = await buyer.get_agent(agent)
    assert (found.id, found.ticker, found.status) == (agent, ticker, status)


@pytest.mark.covers("get_agent_by_ticker")
@pytest.mark.parametrize("spelling", ["SUMM", "summ", "SuMm", "%53UMM"])
async def test_agent_by_ticker_without_regard_to_case(buyer, spelling):
    assert (await buyer.get_agent_by_ticker(spelling)).id == SUMM


@pytest.mark.covers("get_agent", "get_agent_by_ticker", "list_agents")
async def test_one_agent_is_the_same_wherever_it_is_read(buyer):
    listed = {agent.ticker: agent for agent in await buyer.list_agents()}
    for ticker in ACTIVE:
        assert await buyer.get_agent(listed[ticker].id) == listed[ticker]
        assert await buyer.get_agent_by_ticker(ticker) == listed[ticker]


@pytest.mark.covers("get_agent", "get_agent_by_ticker")
async def test_unknown_agents(buyer, mock):
    with nothing_changes(mock):
        await refused(buyer.get_agent(UNKNOWN_ID), 404)
        await refused(buyer.get_agent_by_ticker("NOBODY"), 404)


@pytest.mark.covers("check_ticker", "check_name")
async def test_what_is_free_and_what_is_taken(buyer):
    assert (await buyer.check_ticker("BRANDNEW")).available is True
    assert (await buyer.check_name("A name with spaces and ümläuts")).available is True
    for ticker in ("SUMM", "summ", "RESTED"):
        answer = await buyer.check_ticker(ticker)
        assert (answer.available, answer.ticker) == (False, ticker)
    for name in ("Free Echo", "FREE echo", "Resting Agent"):
        answer = await buyer.check_name(name)
        assert (answer.available, answer.name) == (False, name)


@pytest.mark.covers("list_my_agents")
async def test_my_agents_are_all_of_mine_and_only_mine(buyer, seller):
    mine = await seller.list_my_agents()

    assert set(tickers(mine)) == ACTIVE | {"RESTED"}
    assert await buyer.list_my_agents() == []
    assert {agent.id for agent in mine} == {FREE, SUMM, DOCREAD, CHAT, SLOWCHAT, DATA, BROKEN, RESTED}


def test_public_reads_need_no_key(mock: Mock):
    """The client always sends its key, so this one asks without it."""
    paths = ("agents/", f"agents/{SUMM}", "agents/ticker/SUMM", "agents/check-ticker/SUMM", "agents/check-name/Summariser")
    for path in paths:
        answer = httpx.get(f"{mock.base_url}/{path}")
        assert answer.status_code == 200, path
        assert "endpoint_url" not in answer.text, path
    assert httpx.get(f"{mock.base_url}/agents/mine").status_code == 401


def test_the_other_form_of_a_slash_is_a_redirect(mock: Mock):
    """The client follows none, so its spelling of each path has to be the right one."""
    key = {"Authorization": f"Bearer {autxmock.BUYER}"}
    for path, there in {"agents": "agents/", "sessions/": "sessions", "orders": "orders/", "agents/mine/": "agents/mine"}.items():
        answer = httpx.get(f"{mock.base_url}/{path}", headers=key)
        assert answer.status_code == 307, path
        assert answer.headers["location"].endswith(f"/api/v1/{there}"), path
