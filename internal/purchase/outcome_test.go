package purchase_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func TestOutcomesOfTheClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		open bool
	}{
		{&client.Error{Outcome: client.NotSent}, false},
		{&client.Error{Outcome: client.Refused, Status: 402}, false},
		{fmt.Errorf("launch: %w", &client.Error{Outcome: client.Refused, Status: 422}), false},
		{&client.Error{Outcome: client.Unknown, Status: 500}, true},
		{fmt.Errorf("launch: %w", &client.Error{Outcome: client.Unknown}), true},
		{errors.New("anything else"), true},
		{context.Canceled, true},
	} {
		b := newBuyer(t)
		p := b.agent("SUMM")
		p.Send = func(context.Context) (string, error) { return "", c.err }
		_, err, _ := b.buy(p)
		if !errors.Is(err, c.err) {
			t.Errorf("%v: the cause is not in %v", c.err, err)
		}
		if c.open {
			wantRefusal(t, err, purchase.ReasonAbsent)
			b.wantState(purchase.AgentLaunch, "SUMM", "unknown")
			continue
		}
		if err != c.err { //nolint:errorlint // unchanged is what is promised
			t.Errorf("%v became %v", c.err, err)
		}
		b.wantState(purchase.AgentLaunch, "SUMM", "none")
	}
}
