"""An owner's work: launching, changing, provider keys, images, retiring, and the launch in three phases."""

import hashlib
from decimal import Decimal

import httpx
import pytest
from autx_client import AgentManifest, AgentProfileData, ManifestInput, ManifestOutput

import autxmock
from autxmock import SUMM, UNKNOWN_ID, usd
from expect import invalid, nothing_changes, refused

URL = "https://agents.example.com/mine"
TX_HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "cd" * 20
PNG = bytes.fromhex("89504e470d0a1a0a") + b"a picture"
JPEG = bytes.fromhex("ffd8ffe000104a46494600") + b"another"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 and so on"


@pytest.mark.covers("create_agent", "list_my_agents", "get_agent")
async def test_a_launch_with_everything(seller, mock):
    manifest = AgentManifest(
        input=ManifestInput(type="multipart", accepts_files=True, file_types=[".pdf"], max_size_bytes=1000),
        output=ManifestOutput(type="file", produces_files=True, content_types=["application/pdf"], max_size_bytes=2000),
        supports_sessions=True, session_price_per_message=0.15, session_minimum_messages=3,
        session_max_duration_minutes=30, chat_response_path="reply.text",
    )
    profile = AgentProfileData(
        tagline="Does it all", capabilities=["read", "write"], use_cases=["offices"],
        output_description="a file", best_for="papers", limitations="no pictures",
    )

    made = await seller.create_agent(
        "All Of It", "ALL", URL, description="Everything at once", category="writing", service_price=0.3,
        auth_tier="buyer_key", provider="openai", provider_api_key="sk-very-secret", manifest=manifest, profile=profile,
        tx_hash=TX_HASH, deployer_address=ADDRESS,
    )

    assert (made.owner_id, made.name, made.ticker, made.status) == ("seller", "All Of It", "ALL", "active")
    assert (made.endpoint_url, made.description, made.category) == (URL, "Everything at once", "writing")
    assert (made.service_price, made.auth_tier, made.provider, made.provider_key_configured) == (0.3, "buyer_key", "openai", True)
    assert made.manifest == manifest.to_dict()
    assert made.profile == profile.to_dict()
    public = await seller.get_agent(made.id)
    assert vars(public) == {name: value for name, value in vars(made).items() if name != "endpoint_url"}
    assert public in await seller.list_my_agents()
    assert usd(mock.agent("ALL")["service_price"]) == Decimal("0.3")
    assert "sk-very-secret" not in mock.control("GET", "requests").text


@pytest.mark.covers("create_agent")
async def test_a_launch_with_the_least(seller, mock):
    made = await seller.create_agent("Bare", "BARE", URL)

    assert (made.service_price, made.auth_tier, made.status) == (5.0, "jwt_default", "active")
    assert (made.description, made.category, made.provider, made.profile, made.image_url) == (None,) * 5
    assert made.provider_key_configured is False
    assert mock.calls("agents.create") == [("agents.create", 201, True)]


@pytest.mark.covers("create_agent", "get_credit_balance")
async def test_the_first_launch_is_free_and_the_next_cost_twenty_dollars(seller, mock):
    await seller.create_agent("One", "ONE", URL)
    assert (await seller.get_credit_balance()).available_usdc == 60.0
    await seller.create_agent("Two", "TWO", URL)
    assert (await seller.get_credit_balance()).available_usdc == 40.0
    await seller.create_agent("Three", "THREE", URL)
    await seller.create_agent("Four", "FOUR", URL)

    assert mock.balance("seller") == (0, 0)
    assert mock.moves("seller") == [("consume", Decimal(20))] * 3
    with nothing_changes(mock):
        await refused(seller.create_agent("Five", "FIVE", URL), 402)


@pytest.mark.covers("create_agent", "reserve_agent")
async def test_a_launch_that_cannot_be_paid_says_what_is_missing(connect, mock):
    poor = connect(mock, autxmock.POOR)
    with nothing_changes(mock):
        for launch in (poor.create_agent, poor.reserve_agent):
            detail = await refused(launch("Too Dear", "DEAR", URL), 402)
            assert "19.7" in detail, "twenty dollars less the thirty cents that are there"


@pytest.mark.covers("create_agent")
async def test_names_and_tickers_are_unique_without_regard_to_case(seller, mock):
    with nothing_changes(mock):
        await refused(seller.create_agent("Something New", "SUMM", URL), 409)
        await refused(seller.create_agent("sUMMARISER", "OTHER", URL), 409)
        await refused(seller.create_agent("Something New", "RESTED", URL), 409)


@pytest.mark.covers("create_agent")
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"ticker": "lower"}, ("body", "ticker")),
        ({"ticker": "X"}, ("body", "ticker")),
        ({"ticker": "ELEVENCHARS"}, ("body", "ticker")),
        ({"ticker": "A-B"}, ("body", "ticker")),
        ({"name": ""}, ("body", "name")),
        ({"name": "x" * 101}, ("body", "name")),
        ({"endpoint_url": "ftp://agents.example.com"}, ("body", "endpoint_url")),
        ({"endpoint_url": "not a url"}, ("body", "endpoint_url")),
        ({"service_price": -0.01}, ("body", "service_price")),
        ({"service_price": 0.1234567}, ("body", "service_price")),
        ({"service_price": "much"}, ("body", "service_price")),
        ({"auth_tier": "none"}, ("body", "auth_tier")),
        ({"tx_hash": "0x12", "deployer_address": ADDRESS}, ("body", "tx_hash")),
        ({"tx_hash": TX_HASH, "deployer_address": "0xzz"}, ("body", "deployer_address")),
        ({"manifest": {"supports_sessions": "perhaps"}}, ("body", "manifest", "supports_sessions")),
        ({"manifest": {"input": {"max_size_bytes": "big"}}}, ("body", "manifest", "input", "max_size_bytes")),
        ({"profile": {"tagline": 7}}, ("body", "profile", "tagline")),
    ],
)
async def test_invalid_launches_name_the_field(seller, mock, change, path):
    arguments = {"name": "Fine Name", "ticker": "FINE", "endpoint_url": URL, **change}
    with nothing_changes(mock):
        await invalid(seller.create_agent(**arguments), *path)


@pytest.mark.covers("create_agent")
async def test_prices_keep_their_digits(seller, mock):
    for number, price in enumerate((0.1, 0.000001, 1234.567891, 0)):
        made = await seller.create_agent(f"Priced {number}", f"PRICE{number}", URL, service_price=price)
        assert made.service_price == price
        assert usd(mock.agent(f"PRICE{number}")["service_price"]) == Decimal(format(price, "f"))
        if number == 0:  # The free launch is used up; the rest is paid from $60.00.
            assert mock.balance("seller") == (60, 0)


@pytest.mark.covers("update_agent", "get_agent")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Another Name"), ("description", "Other words"), ("category", "data"), ("service_price", 0.75),
        ("status", "paused"), ("auth_tier", "buyer_key"), ("provider", "anthropic"),
    ],
)
async def test_one_change_touches_nothing_else(seller, mock, field, value):
    before = await seller.get_agent(SUMM)

    after = await seller.update_agent(SUMM, **{field: value})

    assert vars(after) == {**vars(before), field: value}
    assert await seller.get_agent(SUMM) == after
    assert mock.calls("agents.update") == [("agents.update", 200, True)]


@pytest.mark.covers("update_agent")
async def test_an_endpoint_is_changed_though_public_reads_do_not_show_it(seller, mock):
    await seller.update_agent(SUMM, endpoint_url="https://agents.example.com/moved")
    assert mock.agent("SUMM")["endpoint_url"] == "https://agents.example.com/moved"


@pytest.mark.covers("update_agent")
async def test_manifest_and_profile_are_replaced_whole(seller):
    first = AgentProfileData(tagline="First", capabilities=["a"], best_for="b")
    await seller.update_agent(SUMM, profile=first, manifest=AgentManifest(chat_response_path="x", session_minimum_messages=9))

    changed = await seller.update_agent(SUMM, profile={"tagline": "Second"}, manifest={"supports_sessions": True})

    assert changed.profile["tagline"] == "Second"
    assert not changed.profile.get("capabilities")
    assert changed.profile.get("best_for") is None
    assert changed.manifest["supports_sessions"] is True
    assert changed.manifest["session_minimum_messages"] == 5
    assert changed.manifest.get("chat_response_path") is None


@pytest.mark.covers("update_agent", "order")
async def test_a_new_price_is_what_the_next_buyer_pays(buyer, seller, mock):
    await seller.update_agent(SUMM, service_price=0.9)
    assert (await buyer.order(SUMM, "hello")).amount_paid == 0.9
    assert mock.balance("buyer") == (Decimal("99.10"), 0)


@pytest.mark.covers("update_agent")
async def test_changes_that_are_refused(seller, buyer, mock):
    with nothing_changes(mock):
        await refused(seller.update_agent(UNKNOWN_ID, name="x"), 404)
        await refused(buyer.update_agent(SUMM, name="Mine Now"), 403)
        await refused(seller.update_agent(SUMM, name="Free Echo"), 409)
        await invalid(seller.update_agent(SUMM, status="sleeping"), "body", "status")
        await invalid(seller.update_agent(SUMM, service_price=-1), "body", "service_price")
        await invalid(seller.update_agent(SUMM, endpoint_url="nowhere"), "body", "endpoint_url")


@pytest.mark.covers("update_agent")
async def test_a_change_of_nothing_never_leaves_the_client(seller, mock):
    with pytest.raises(ValueError, match="At least one field"):
        await seller.update_agent(SUMM)
    assert mock.log() == []


@pytest.mark.covers("update_provider_key")
async def test_provider_keys_are_taken_and_never_shown(seller, mock):
    await seller.update_agent(SUMM, auth_tier="buyer_key")

    agent = await seller.update_provider_key(SUMM, "sk-first-secret", provider="openai")
    assert (agent.provider_key_configured, agent.provider) == (True, "openai")
    assert mock.agent("SUMM")["provider_key_sha256"] == hashlib.sha256(b"sk-first-secret").hexdigest()
    again = await seller.update_provider_key(SUMM, "sk-second-secret")
    assert (again.provider_key_configured, again.provider) == (True, "openai")
    assert mock.agent("SUMM")["provider_key_sha256"] == hashlib.sha256(b"sk-second-secret").hexdigest()

    for page in ("state", "requests"):
        assert "secret" not in mock.control("GET", page).text, page
    assert mock.calls("agents.set_provider_key") == [("agents.set_provider_key", 200, True)] * 2


@pytest.mark.covers("update_provider_key")
async def test_provider_keys_that_are_refused(seller, buyer, mock):
    with nothing_changes(mock):
        await refused(buyer.update_provider_key(SUMM, "sk-x"), 403)
        await refused(seller.update_provider_key(UNKNOWN_ID, "sk-x"), 404)
        await invalid(seller.update_provider_key(SUMM, ""), "body", "api_key")


@pytest.mark.covers("upload_agent_image", "get_agent")
@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [("face.png", PNG, "image/png"), ("face.jpg", JPEG, "image/jpeg"), ("face.webp", WEBP, "image/webp")],
)
async def test_an_image_is_served_as_it_was_uploaded(seller, name, content, content_type):
    agent = await seller.upload_agent_image(SUMM, content, name)

    assert (await seller.get_agent(SUMM)).image_url == agent.image_url
    assert agent.image_url.endswith("/_mock/v1/images/" + hashlib.sha256(content).hexdigest())
    served = httpx.get(agent.image_url)
    assert (served.status_code, served.headers["content-type"], served.content) == (200, content_type, content)


@pytest.mark.covers("upload_agent_image", "delete_agent_image", "get_agent")
async def test_images_are_replaced_and_removed(seller, mock):
    first = await seller.upload_agent_image(SUMM, PNG, "a.png")
    second = await seller.upload_agent_image(SUMM, JPEG, "b.jpg")
    assert first.image_url != second.image_url

    assert await seller.delete_agent_image(SUMM) is None

    assert (await seller.get_agent(SUMM)).image_url is None
    assert mock.calls("agents.delete_image") == [("agents.delete_image", 204, True)]


@pytest.mark.covers("upload_agent_image", "delete_agent_image")
async def test_images_that_are_refused(seller, buyer, mock):
    with nothing_changes(mock):
        await refused(buyer.upload_agent_image(SUMM, PNG, "a.png"), 403)
        await refused(seller.upload_agent_image(UNKNOWN_ID, PNG, "a.png"), 404)
        await refused(buyer.delete_agent_image(SUMM), 403)
        await refused(seller.delete_agent_image(UNKNOWN_ID), 404)


@pytest.mark.covers("delete_agent", "check_ticker", "check_name", "create_agent", "get_credit_balance")
async def test_a_deleted_agent_is_gone_and_its_fee_is_not_given_back(seller, mock):
    await seller.create_agent("Free Launch", "LAUNCH", URL)
    paid = await seller.create_agent("Paid Launch", "PAID", URL)

    assert await seller.delete_agent(paid.id) is None

    await refused(seller.get_agent(paid.id), 404)
    await refused(seller.get_agent_by_ticker("PAID"), 404)
    assert "PAID" not in [agent.ticker for agent in await seller.list_my_agents()]
    assert (await seller.check_ticker("PAID")).available is True
    assert (await seller.check_name("Paid Launch")).available is True
    assert (await seller.get_credit_balance()).available_usdc == 40.0
    assert mock.calls("agents.delete") == [("agents.delete", 204, True)]


@pytest.mark.covers("delete_agent")
async def test_deletes_that_are_refused(seller, buyer, mock):
    with nothing_changes(mock):
        await refused(buyer.delete_agent(SUMM), 403)
        await refused(seller.delete_agent(UNKNOWN_ID), 404)
    await seller.delete_agent(SUMM)
    with nothing_changes(mock):
        await refused(seller.delete_agent(SUMM), 404)


@pytest.mark.covers("reserve_agent", "activate_agent", "get_agent", "list_agents", "list_my_agents")
async def test_a_launch_in_three_phases(seller, mock):
    reserved = await seller.reserve_agent(
        "Three Phases", "PHASES", URL, description="Step by step", category="writing", service_price=0.4, auth_tier="buyer_key",
        provider="openai", provider_api_key="sk-secret", manifest={"supports_sessions": True}, profile={"tagline": "Steps"},
    )

    assert (reserved.status, reserved.endpoint_url, reserved.ticker) == ("pending", URL, "PHASES")
    assert (reserved.service_price, reserved.provider, reserved.provider_key_configured) == (0.4, "openai", True)
    assert (await seller.get_agent(reserved.id)).status == "pending"
    assert "PHASES" not in [agent.ticker for agent in await seller.list_agents()]
    assert "PHASES" in [agent.ticker for agent in await seller.list_my_agents()]
    await refused(seller.create_agent("Another", "PHASES", URL), 409)

    active = await seller.activate_agent(reserved.id, TX_HASH, ADDRESS)

    assert (active.id, active.status, active.endpoint_url) == (reserved.id, "active", URL)
    assert (mock.agent("PHASES")["tx_hash"], mock.agent("PHASES")["deployer_address"]) == (TX_HASH, ADDRESS)
    assert "PHASES" in [agent.ticker for agent in await seller.list_agents()]
    assert mock.calls("agents.reserve", "agents.activate") == [("agents.reserve", 201, True), ("agents.activate", 200, True)]
    with nothing_changes(mock):
        await refused(seller.activate_agent(reserved.id, TX_HASH, ADDRESS), 409)
        await refused(seller.cancel_reservation(reserved.id), 409)


@pytest.mark.covers("reserve_agent", "cancel_reservation", "get_credit_balance", "check_ticker", "check_name")
async def test_a_cancelled_reservation_gives_back_the_fee_and_the_names(seller, mock):
    free = await seller.reserve_agent("Free Slot", "SLOTA", URL)
    paid = await seller.reserve_agent("Paid Slot", "SLOTB", URL)
    assert (await seller.get_credit_balance()).available_usdc == 40.0, "the fee is debited with the reservation"

    assert await seller.cancel_reservation(paid.id) is None

    assert (await seller.get_credit_balance()).available_usdc == 60.0
    assert mock.moves("seller") == [("consume", 20), ("refund", 20)]
    assert (await seller.check_ticker("SLOTB")).available and (await seller.check_name("Paid Slot")).available
    await refused(seller.get_agent(paid.id), 404)

    await seller.cancel_reservation(free.id)
    await seller.create_agent("Free Again", "SLOTA", URL)
    assert mock.balance("seller") == (60, 0), "the free launch came back and was used again"
    assert mock.moves("seller") == [("consume", 20), ("refund", 20)]


@pytest.mark.covers("reserve_agent", "activate_agent", "cancel_reservation", "delete_agent")
async def test_reservations_that_are_refused(seller, buyer, mock):
    pending = await seller.reserve_agent("Waiting", "WAITING", URL)
    with nothing_changes(mock):
        await refused(seller.delete_agent(pending.id), 409)
        await refused(buyer.activate_agent(pending.id, TX_HASH, ADDRESS), 403)
        await refused(buyer.cancel_reservation(pending.id), 403)
        await refused(seller.activate_agent(UNKNOWN_ID, TX_HASH, ADDRESS), 404)
        await refused(seller.cancel_reservation(UNKNOWN_ID), 404)
        await refused(seller.cancel_reservation(SUMM), 409)
        await invalid(seller.activate_agent(pending.id, "0x1", ADDRESS), "body", "tx_hash")
        await invalid(seller.activate_agent(pending.id, TX_HASH, "cafe"), "body", "deployer_address")
        await invalid(seller.reserve_agent("Waiting Too", "no", URL), "body", "ticker")
        await refused(seller.reserve_agent("Waiting Too", "WAITING", URL), 409)


@pytest.mark.covers("create_agent", "reserve_agent", "create_checkout")
async def test_a_paid_checkout_stands_in_for_the_launch_fee(connect, mock):
    poor = connect(mock, autxmock.POOR)
    checkout = await poor.create_checkout("launch", "https://shop.example.com/ok", "https://shop.example.com/no", agent_name="By Card")
    mock.complete_checkout(checkout.session_id)

    made = await poor.create_agent("By Card", "CARD", URL, stripe_session_id=checkout.session_id)

    assert made.status == "active"
    assert mock.balance("poor") == (Decimal("0.30"), 0)
    assert mock.moves("poor") == []
    await refused(poor.create_agent("By Card Again", "AGAIN", URL, stripe_session_id=checkout.session_id), 402)
    second = await poor.create_checkout("launch", "https://shop.example.com/ok", "https://shop.example.com/no")
    mock.complete_checkout(second.session_id)
    reserved = await poor.reserve_agent("By Card Too", "CARDTOO", URL, stripe_session_id=second.session_id)
    assert reserved.status == "pending"
    assert mock.moves("poor") == []


@pytest.mark.covers("create_agent", "create_checkout")
async def test_an_unpaid_checkout_stands_in_for_nothing(connect, mock):
    poor = connect(mock, autxmock.POOR)
    checkout = await poor.create_checkout("launch", "https://shop.example.com/ok", "https://shop.example.com/no")
    with nothing_changes(mock), pytest.raises(httpx.HTTPStatusError) as caught:
        await poor.create_agent("Not Paid", "NOTPAID", URL, stripe_session_id=checkout.session_id)
    assert 400 <= caught.value.response.status_code < 500
