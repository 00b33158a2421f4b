package purchase_test

import (
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// An action may be triggered by several resources of one run, each time with the same key.

func TestARunMayRepeatARepeatablePurchase(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.hooks.Command = "cli"
	p := b.order("k", "d")
	p.Repeatable = true
	d := b.desk()
	for i, desk := range []*purchase.Desk{d, d, b.desk(), b.desk()} { // the last two are other provider blocks of the command
		result, err, _ := buyAt(t.Context(), desk, p)
		if err != nil || result.ID != "id-1" || result.Adopted != (i > 0) {
			t.Errorf("call %d: %+v, %v; want id-1, made by the first", i, result, err)
		}
	}
	other := p
	other.Digest = "other"
	_, err, _ := buyAt(t.Context(), d, other)
	wantRefusal(t, err, purchase.ReasonBound)
	once := p
	once.Repeatable = false
	_, err, _ = buyAt(t.Context(), d, once)
	wantRefusal(t, err, purchase.ReasonDuplicate)
	b.wantCharges(order, "k", 1)
}

func TestAPlanMayRepeatARepeatablePurchase(t *testing.T) {
	t.Parallel()
	once := purchase.Planned{Kind: order, Key: "k", Title: "order k", Authorized: money.FromInt(30)}
	again := once
	again.Repeatable = true
	for name, c := range map[string]struct {
		plans []purchase.Planned
		fails bool
	}{
		"actions":                  {[]purchase.Planned{again, again, again}, false},
		"resources":                {[]purchase.Planned{once, once}, true},
		"a resource, an action":    {[]purchase.Planned{once, again}, true},
		"an action, a resource":    {[]purchase.Planned{again, once}, true},
		"a resource between these": {[]purchase.Planned{again, once, again}, true},
	} {
		b := newBuyer(t)
		b.limits.MaxPerApply = money.FromInt(59) // enough for one, so that each key is counted once
		d := b.desk()
		var problems []purchase.Problem
		for _, p := range c.plans {
			problems = append(problems, d.PlanCreate(t.Context(), p)...)
		}
		if c.fails {
			wantProblem(t, problems, purchase.SeverityError, "One key bought for two resources", "order k")
		} else if len(problems) != 0 {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}
