package purchase_test

import (
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const gaveUp = "Not bought again in the run that gave it up"

// live is a buyer with agent A, which a plan has seen in a state where seen.
func live(t *testing.T, seen bool) *buyer {
	t.Helper()
	b := newBuyer(t)
	b.must(b.agent("A"))
	if seen {
		wantNone(t, b.desk().SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	}
	return b
}

func (b *buyer) beforeDestroy(t *testing.T, d *purchase.Desk) []purchase.Problem {
	t.Helper()
	return d.BeforeDestroy(t.Context(), purchase.AgentLaunch, "A", "id-1")
}

// destroy is a destroy that goes through.
func (b *buyer) destroy(t *testing.T, d *purchase.Desk) {
	t.Helper()
	wantNone(t, b.beforeDestroy(t, d))
	b.service.remove("id-1")
	wantNone(t, d.Forget(t.Context(), purchase.AgentLaunch, "A", "id-1"))
}

// TestATaintThatNoPlanCouldSee: without refresh the plan of a tainted agent shows a purchase and no state. Its apply destroys first.
func TestATaintThatNoPlanCouldSee(t *testing.T) {
	t.Parallel()
	for _, seen := range []bool{false, true} {
		b := live(t, seen)
		b.desk().PlanCreate(t.Context(), launch("A"))
		for range 2 { // however often it is applied
			problems := b.beforeDestroy(t, b.desk())
			for _, want := range []string{"id-1", "nothing was charged", "untaint", "moved block", "import {", "destroy -refresh=false"} {
				wantProblem(t, problems, purchase.SeverityError, relaunch, want)
			}
		}
		b.wantState(purchase.AgentLaunch, "A", "known")
		// The ways out: an untaint, whose plan goes on with the agent, or a destroy in a run of its own.
		wantNone(t, b.desk().PlanKeep(t.Context(), purchase.AgentLaunch, "A", "id-1"))
		wantNone(t, b.beforeDestroy(t, b.desk()))
		b.desk().PlanCreate(t.Context(), launch("A"))
		d := b.desk()
		wantNone(t, d.SawInState(t.Context(), purchase.AgentLaunch, "A", "id-1"))
		wantNone(t, d.PlanDestroy(t.Context(), purchase.AgentLaunch, "A", "id-1"))
		b.destroy(t, b.desk())
		wantNone(t, b.desk().PlanCreate(t.Context(), launch("A")))
		if result := b.must(b.agent("A")); result.Adopted || result.ID != "id-2" {
			t.Errorf("result = %+v; want id-2, bought by a run of its own", result)
		}
	}
}

func TestOnlyThePlanOfALiveObjectIsNoted(t *testing.T) {
	t.Parallel()
	t.Run("another id is destroyed", func(t *testing.T) {
		t.Parallel()
		b := live(t, true)
		b.desk().PlanCreate(t.Context(), launch("A"))
		wantNone(t, b.desk().BeforeDestroy(t.Context(), purchase.AgentLaunch, "A", "id-0"))
		wantNone(t, b.desk().BeforeDestroy(t.Context(), purchase.AgentLaunch, "", "id-1"))
	})
	t.Run("taken over by the apply", func(t *testing.T) {
		t.Parallel()
		b := live(t, false) // and the state is lost
		wantNone(t, b.desk().PlanCreate(t.Context(), launch("A")))
		if result := b.must(b.agent("A")); !result.Adopted {
			t.Errorf("result = %+v; want it taken over", result)
		}
		wantNone(t, b.beforeDestroy(t, b.desk()))
	})
	t.Run("an order is only forgotten", func(t *testing.T) {
		t.Parallel()
		b := newBuyer(t)
		b.must(b.order("k", "d"))
		b.desk().PlanCreate(t.Context(), purchase.Planned{Kind: order, Key: "k", Title: "order k"})
		wantNone(t, b.desk().BeforeDestroy(t.Context(), order, "k", "id-1"))
	})
	t.Run("spending is off", func(t *testing.T) {
		t.Parallel()
		b := live(t, true)
		b.desk().PlanCreate(t.Context(), launch("A"))
		b.limits = nil
		wantNone(t, b.beforeDestroy(t, b.desk())) // nothing can be bought again
	})
	t.Run("noted once", func(t *testing.T) {
		t.Parallel()
		b := live(t, true)
		writes := 0
		b.hooks.FailWrites = func(string) error { writes++; return nil }
		for range 3 {
			b.desk().PlanCreate(t.Context(), launch("A"))
		}
		if writes != 1 {
			t.Errorf("%d writes; want 1", writes)
		}
	})
	t.Run("somebody is at the key", func(t *testing.T) {
		t.Parallel()
		b := live(t, false)
		release, err := b.desk().HoldKey(t.Context(), purchase.AgentLaunch, "A")
		if err != nil {
			t.Fatal(err)
		}
		wantNone(t, b.desk().PlanCreate(t.Context(), launch("A")))
		release()
		wantNone(t, b.beforeDestroy(t, b.desk()))
	})
	t.Run("can't be written", func(t *testing.T) {
		t.Parallel()
		b := live(t, false)
		b.hooks.FailWrites = func(string) error { return errScripted }
		wantProblem(t, b.desk().PlanCreate(t.Context(), launch("A")), purchase.SeverityWarning, "Purchase journal can't be used", "scripted")
	})
}

// TestOneRunDoesNotBothGiveUpAndBuy is for what no plan noted, as the journal is not the one that the plan had.
func TestOneRunDoesNotBothGiveUpAndBuy(t *testing.T) {
	t.Parallel()
	b := live(t, true)
	b.journal = t.TempDir()
	d := b.desk()
	b.destroy(t, d)
	_, err := d.Buy(t.Context(), b.agent("A"))
	refusal := wantRefusal(t, err, purchase.ReasonBound)
	if refusal.Summary != gaveUp || !strings.Contains(refusal.Detail, "apply again") || !strings.Contains(refusal.Detail, "$20.00") {
		t.Errorf("refusal: %v", refusal)
	}
	b.wantCharges(purchase.AgentLaunch, "A", 1)
	if _, err := d.Buy(t.Context(), b.agent("B")); err != nil { // another key is none of it
		t.Error(err)
	}
	if result := b.must(b.agent("A")); result.Adopted || result.ID != "id-3" {
		t.Errorf("result = %+v; want bought by the next run", result)
	}
}

func TestARefreshThatFindsItGoneIsNoDestroy(t *testing.T) {
	t.Parallel()
	b := live(t, true)
	b.service.remove("id-1")
	d := b.desk()
	wantNone(t, d.Forget(t.Context(), purchase.AgentLaunch, "A", "id-1"))
	if result, err := d.Buy(t.Context(), b.agent("A")); err != nil || result.ID != "id-2" {
		t.Errorf("result = %+v, %v; want id-2", result, err)
	}
	// A destroy that did not go through has given nothing up.
	c := live(t, true)
	d = c.desk()
	wantNone(t, c.beforeDestroy(t, d))
	_, err := d.Buy(t.Context(), c.agent("A"))
	if refusal := wantRefusal(t, err, purchase.ReasonBound); refusal.Summary == gaveUp {
		t.Errorf("refusal: %v; want the one for what is live", refusal)
	}
}
