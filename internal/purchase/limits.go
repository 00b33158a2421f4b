package purchase

import "github.com/autx-ai/terraform-provider-autx/internal/money"

// Limits is what a configuration allows to be spent, in US dollars.
type Limits struct {
	// Unknown says that the limits come from a resource that has not been applied yet: a plan can't check them, and nothing is bought under them.
	Unknown bool
	// MaxPerApply bounds what all purchases of one command of the CLI may authorise together, over all provider blocks that share a journal. Neither
	// deposits nor withdrawals count.
	MaxPerApply money.Amount
	// MaxPerPurchase bounds what one purchase may authorise and cost. Nil means no bound. It does not hold for deposits and withdrawals.
	MaxPerPurchase *money.Amount
	// KeepBalance is what must be left of the available balance after each purchase and each withdrawal. Nil means no bound.
	KeepBalance *money.Amount
	// Namespace keeps the journal records of configurations apart that share an account and a journal.
	Namespace string
	// StrictPlan turns what a plan found out from the service into errors, which are warnings otherwise.
	StrictPlan bool
	// AllowDeposits allows moving money into the account.
	AllowDeposits bool
	// AllowWithdrawals allows moving money out of the account.
	AllowWithdrawals bool
}
