package purchase_test

import (
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// limitArguments are the arguments that say what one of a kind may cost.
var limitArguments = map[purchase.Kind]string{
	purchase.AgentLaunch: "", purchase.Order: "max_price", purchase.Deposit: "", purchase.Withdrawal: "",
	purchase.Session: "max_cost", purchase.ProxyRequest: "max_price",
}

func TestMessagesNameTheArgumentThatAuthorizes(t *testing.T) {
	t.Parallel()
	for kind, argument := range limitArguments {
		if got := kind.LimitArgument(); got != argument {
			t.Errorf("%s: the argument is %q; want %q", kind, got, argument)
		}
		if argument == "" {
			continue
		}
		b := newBuyer(t)
		p := b.order("k", "d")
		p.Kind, p.Authorized = kind, money.FromInt(5)
		if refusal := b.refuse(p, purchase.ReasonPrice); !strings.Contains(refusal.Detail, "raise "+argument+".") {
			t.Errorf("%s: %q is missing in: %s", kind, argument, refusal.Detail)
		}
		most := money.FromInt(4)
		b.limits.MaxPerPurchase = &most
		if refusal := b.refuse(p, purchase.ReasonLimit); !strings.Contains(refusal.Detail, "lower "+argument+".") {
			t.Errorf("%s: %q is missing in: %s", kind, argument, refusal.Detail)
		}
		planned := purchase.Planned{Kind: kind, Key: "k", Title: "it", Authorized: p.Authorized}
		wantProblem(t, b.desk().PlanCreate(t.Context(), planned), purchase.SeverityError, "Over the limit of one purchase", "lower "+argument+".")
	}
}

func TestWhatCantBeImportedIsNotSaidToBe(t *testing.T) {
	t.Parallel()
	for kind, imports := range map[purchase.Kind]bool{purchase.Order: true, purchase.Session: true, purchase.ProxyRequest: false} {
		b := newBuyer(t)
		p := b.order("k", "d")
		p.Kind = kind
		b.service.script = []fate{lostAfter}
		b.inTheSameMoment(1)
		refusal := b.refuse(p, purchase.ReasonAmbiguous)
		if got := strings.Contains(refusal.Detail, "import {"); got != imports {
			t.Errorf("%s: an import block: %t; want %t in: %s", kind, got, imports, refusal.Detail)
		}
		if !strings.Contains(refusal.Detail, "change idempotency_key") {
			t.Errorf("%s: the way out is missing in: %s", kind, refusal.Detail)
		}

		b = newBuyer(t)
		p.Key, p.Send, p.Find, p.Confirm = "k2", b.order("k2", "d").Send, nil, nil
		b.must(p)
		p.Digest = "other"
		refusal = b.refuse(p, purchase.ReasonBound)
		if got := strings.Contains(refusal.Detail, "import {"); got != imports {
			t.Errorf("%s: an import block: %t; want %t in: %s", kind, got, imports, refusal.Detail)
		}
	}
}
