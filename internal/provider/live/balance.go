package live

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const balanceShort = "Balance may not suffice"

// sums are what the plans of a walk authorise together.
type sums struct {
	mu sync.Mutex
	// prices and fees are in US dollars. A fee is one that AUTX may not charge.
	prices, fees money.Amount
	told         map[string]bool
}

// add enters a purchase, and gives the sums with it.
func (s *sums) add(price, fee money.Amount) (prices, fees money.Amount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prices, s.fees = s.prices.Add(price), s.fees.Add(fee)
	return s.prices, s.fees
}

// first tells whether it is the first time in this walk that something is told of the balance.
func (s *sums) first(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told[what] {
		return false
	}
	if s.told == nil {
		s.told = map[string]bool{}
	}
	s.told[what] = true
	return true
}

// FirstPlan tells whether an action under a key is planned for the first time in this walk. It is planned once for each event that triggers it, and
// bought once, so that the balance has to cover it once.
func (f *Facts) FirstPlan(kind purchase.Kind, key string) bool {
	return key == "" || f.sums.first("plan of "+string(kind)+" "+key)
}

// CheckBalance compares, at plan, what the purchases of this walk authorise together with what there is. It is told once in a walk.
func (f *Facts) CheckBalance(ctx context.Context, at path.Path, authorized usd.Value) diag.Diagnostics {
	most, ok := authorized.Amount()
	if !ok || most.IsZero() {
		return nil
	}
	prices, fees := f.sums.add(most, money.Zero())
	return f.compare(ctx, at, prices, fees)
}

// CheckFee is CheckBalance for the fee of a launch. The first launch may be free, which can't be known before, so a balance that only a fee makes too
// small is told as a warning, also with strict_plan. With keep_balance it is like any other: an apply counts the fee against that in each case.
func (f *Facts) CheckFee(ctx context.Context, at path.Path, fee money.Amount) diag.Diagnostics {
	prices, fees := f.sums.add(money.Zero(), fee)
	return f.compare(ctx, at, prices, fees)
}

func (f *Facts) compare(ctx context.Context, at path.Path, prices, fees money.Amount) diag.Diagnostics {
	balance, err := f.balance.Recall(ctx, "", f.api.Credits.Balance)
	if err != nil {
		if !f.sums.first("that it can't be read") {
			return nil
		}
		return diagnose.Warning("Could not read the balance of credits", err, nil)
	}
	left, kept, keeps := balance.Available, "", false
	if limits := f.data.Desk().Limits(); limits != nil && limits.KeepBalance != nil {
		left, keeps = left.Sub(*limits.KeepBalance), true
		if !limits.KeepBalance.IsZero() {
			kept = fmt.Sprintf(", of which spending.keep_balance keeps %s", limits.KeepBalance.USD())
		}
	}
	total := prices.Add(fees)
	detail := fmt.Sprintf("The purchases of this plan, with this one, authorise %s together, and %s is available%s. What this plan deposits is not "+
		"counted. An apply buys nothing that the balance does not cover. Top the credits up, or authorise less.",
		total.USD(), balance.Available.USD(), kept)
	switch {
	case prices.GreaterThan(left), keeps && total.GreaterThan(left):
		if f.sums.first("that it is short") {
			return diag.Diagnostics{f.Fact(at, balanceShort, detail)}
		}
	case total.GreaterThan(left) && f.sums.first("that a fee may be short"):
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(at, balanceShort, fmt.Sprintf("%s\n\n%s of it is for launches, of which AUTX may give "+
			"the first for free.", detail, fees.USD()))}
	}
	return nil
}
