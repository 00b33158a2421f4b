"""Credits: balance, deposits, withdrawals, the ledger, and the balance that expires."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import autxmock
from autxmock import SUMM
from expect import invalid, nothing_changes, refused


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.covers("get_credit_balance")
async def test_a_balance_with_its_times(buyer, mock):
    balance = await buyer.get_credit_balance()

    assert (balance.available_usdc, balance.reserved_usdc) == (100.0, 0.0)
    assert balance.last_deposit_at is not None, "the seed's balance is a deposit"
    assert balance.last_withdrawal_at is None
    assert moment(balance.expires_at) - moment(balance.last_deposit_at) == timedelta(days=90)


@pytest.mark.covers("deposit_test_credits", "list_credit_transactions")
async def test_a_test_deposit_without_a_body_is_ten_dollars(buyer, mock):
    balance = await buyer.deposit_test_credits()

    assert (balance.available_usdc, balance.reserved_usdc) == (110.0, 0.0)
    assert mock.balance("buyer") == (110, 0)
    newest = (await buyer.list_credit_transactions())[0]
    assert (newest.type, newest.amount, newest.order_id, newest.session_id) == ("deposit", 10.0, None, None)
    assert moment(newest.created_at) == moment(balance.last_deposit_at)
    assert mock.calls("credits.deposit_test")[0][2] is True


@pytest.mark.covers("withdraw_credits", "list_credit_transactions", "get_credit_balance")
async def test_a_withdrawal(buyer, mock):
    balance = await buyer.withdraw_credits(12.5)

    assert balance.available_usdc == 87.5
    assert balance == await buyer.get_credit_balance()
    newest = (await buyer.list_credit_transactions())[0]
    assert (newest.type, newest.amount) == ("withdrawal", 12.5)
    assert moment(newest.created_at) == moment(balance.last_withdrawal_at)
    assert mock.moves("buyer") == [("withdrawal", Decimal("12.5"))]


@pytest.mark.covers("withdraw_credits")
async def test_an_hour_lies_between_withdrawals(buyer, mock):
    await buyer.withdraw_credits(1)
    with nothing_changes(mock):
        await refused(buyer.withdraw_credits(1), 409)
    mock.advance("59m59s")
    with nothing_changes(mock):
        await refused(buyer.withdraw_credits(1), 409)
    mock.advance("1s")
    assert (await buyer.withdraw_credits(1)).available_usdc == 98.0


@pytest.mark.covers("withdraw_credits")
@pytest.mark.parametrize("amount", [0, -5, 0.001, "five", None])
async def test_withdrawals_that_are_invalid(buyer, mock, amount):
    with nothing_changes(mock):
        await invalid(buyer.withdraw_credits(amount), "body", "amount")


@pytest.mark.covers("withdraw_credits")
async def test_no_more_than_there_is(buyer, mock):
    with nothing_changes(mock):
        await refused(buyer.withdraw_credits(100.01), 402)
    assert (await buyer.withdraw_credits(100)).available_usdc == 0.0


@pytest.mark.covers("withdraw_credits")
async def test_an_amount_may_be_a_string(buyer):
    assert (await buyer.withdraw_credits("5.00")).available_usdc == 95.0


@pytest.mark.covers("list_credit_transactions", "order", "deposit_test_credits")
async def test_the_ledger_is_newest_first_and_adds_up(buyer, mock):
    await buyer.order(SUMM, "one")
    mock.advance("1m")
    await buyer.deposit_test_credits()
    mock.advance("1m")
    await buyer.withdraw_credits(3)

    ledger = await buyer.list_credit_transactions()

    assert [(entry.type, entry.amount) for entry in ledger] == [("withdrawal", 3.0), ("deposit", 10.0), ("consume", 0.5), ("deposit", 100.0)]
    assert len({entry.id for entry in ledger}) == 4
    assert [entry.created_at for entry in ledger] == sorted((entry.created_at for entry in ledger), reverse=True)
    signs = {"deposit": 1, "refund": 1, "withdrawal": -1, "consume": -1}
    assert sum(Decimal(str(entry.amount)) * signs[entry.type] for entry in ledger) == mock.balance("buyer")[0]


@pytest.mark.covers("list_credit_transactions", "order")
async def test_a_ledger_is_cut_at_its_limit(buyer):
    orders = [await buyer.order(SUMM, f"{n}") for n in range(4)]
    assert [entry.order_id for entry in await buyer.list_credit_transactions(limit=2)] == [orders[3].id, orders[2].id]
    assert len(await buyer.list_credit_transactions(limit=500)) == 5


@pytest.mark.covers("list_credit_transactions")
@pytest.mark.parametrize("limit", [0, -1, 501, "many"])
async def test_limits_that_are_invalid(buyer, limit):
    await invalid(buyer.list_credit_transactions(limit=limit), "query", "limit")


@pytest.mark.covers("get_credit_balance", "list_credit_transactions")
async def test_ninety_idle_days_expire_a_balance(buyer, mock):
    mock.advance("2159h59m")
    assert (await buyer.get_credit_balance()).available_usdc == 100.0

    mock.advance("2m")

    assert (await buyer.get_credit_balance()).available_usdc == 0.0
    newest = (await buyer.list_credit_transactions())[0]
    assert (newest.type, newest.amount) == ("expiry", 100.0)
    assert mock.moves("buyer") == [("expiry", 100)]


@pytest.mark.covers("get_credit_balance", "order", "withdraw_credits", "deposit_test_credits")
async def test_any_activity_keeps_a_balance_alive(buyer, mock):
    async def order():
        await buyer.order(SUMM, "still here")

    for activity, after in ((order, 99.5), (lambda: buyer.withdraw_credits(0.5), 99.0), (buyer.deposit_test_credits, 109.0)):
        mock.advance("2140h")
        await activity()
        mock.advance("15h")
        assert (await buyer.get_credit_balance()).available_usdc == after


@pytest.mark.covers("deposit_test_credits", "order")
async def test_a_deposit_pays_for_what_was_out_of_reach(connect, mock):
    poor = connect(mock, autxmock.POOR)
    await refused(poor.order(SUMM, "too dear"), 402)
    await poor.deposit_test_credits()
    assert (await poor.order(SUMM, "now it is not")).status == "completed"
    assert mock.balance("poor") == (Decimal("9.80"), 0)
