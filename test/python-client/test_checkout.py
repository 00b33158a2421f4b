"""Card checkouts: a page where a person pays."""

import pytest

import autxmock
from autxmock import SUMM, UNKNOWN_ID
from expect import invalid, nothing_changes, refused

OK, NO = "https://shop.example.com/ok", "https://shop.example.com/no"


@pytest.mark.covers("create_checkout")
async def test_checkouts_of_both_types(buyer, mock):
    launch = await buyer.create_checkout("launch", OK, NO, agent_name="Some Day")
    service = await buyer.create_checkout("service", OK, NO, agent_id=SUMM)

    assert launch.checkout_url.startswith("http") and service.checkout_url.startswith("http")
    assert launch.session_id != service.session_id
    kept = mock.of("checkouts", "buyer")
    assert [checkout["session_id"] for checkout in kept] == [launch.session_id, service.session_id]
    assert [checkout["type"] for checkout in kept] == ["launch", "service"]
    assert mock.moves("buyer") == [], "a checkout is paid by card"
    assert [committed for _, _, committed in mock.calls("payments.create_checkout")] == [True, True]


@pytest.mark.covers("create_checkout")
async def test_checkouts_that_are_refused(buyer, mock):
    with nothing_changes(mock):
        await refused(buyer.create_checkout("gift", OK, NO), 422)
        await refused(buyer.create_checkout("service", OK, NO), 422)
        await invalid(buyer.create_checkout("launch", "nowhere", NO), "body", "success_url")
        await invalid(buyer.create_checkout("launch", OK, None), "body", "cancel_url")
        await refused(buyer.create_checkout("service", OK, NO, agent_id=UNKNOWN_ID), 404)


@pytest.mark.covers("create_checkout")
async def test_checkouts_need_the_widest_scope(connect, mock):
    with nothing_changes(mock):
        for scope in ("proxy", "orders", "agents"):
            await refused(connect(mock, f"{autxmock.BUYER}_{scope}").create_checkout("launch", OK, NO), 403)
