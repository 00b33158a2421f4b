package purchase

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Planned is a purchase that a plan wants to make.
type Planned struct {
	// Kind and Key identify the purchase. Key is "" while it is not known.
	Kind Kind
	Key  string
	// Title names it in messages, for example "launch of agent SUMM".
	Title string
	// Authorized is the most that the configuration allows for it, in US dollars.
	Authorized money.Amount
	// UnknownAmount says that Authorized is not known yet.
	UnknownAmount bool
	// Repeatable is that of the purchase: several such plans under one key are no mistake.
	Repeatable bool
}

// PlanCreate is to be called once for each plan of a purchase without prior state. It enters the purchase into the command's total and tells what
// stands against it: errors for what the configuration and the state prove wrong, warnings for the rest. It makes no request.
func (d *Desk) PlanCreate(ctx context.Context, p Planned) []Problem {
	return withWayPast(d.planCreate(ctx, p))
}

// withWayPast adds to each error how a destroy, which plans first, gets past it.
func withWayPast(problems []Problem) []Problem {
	const wayPast = "destroy -refresh=false"
	for i, p := range problems {
		if p.Severity == SeverityError && !strings.Contains(p.Detail, wayPast) {
			problems[i].Detail += " (`" + wayPast + "` gets past this error.)"
		}
	}
	return problems
}

func (d *Desk) planCreate(ctx context.Context, p Planned) []Problem {
	var problems []Problem
	if p.Key != "" {
		conflict := d.planKey(p)
		problems = append(problems, conflict...)
		if len(conflict) == 0 {
			problems = append(problems, d.planJournal(ctx, p)...)
		}
	}
	if d.limits != nil && d.limits.Unknown {
		return append(problems, warn(summaryLimitsUnknown, fmt.Sprintf("The %s is planned, but spending waits for a resource that has not been "+
			"applied yet, so this plan can't compare it with the limits. The apply does, before anything is sent.", p.Title)))
	}
	if !p.Kind.allowedBy(d.limits) {
		return append(problems, d.planNotAllowed(p))
	}
	if most := d.limits.MaxPerPurchase; most != nil && p.Kind.charges() && !p.UnknownAmount && p.Authorized.GreaterThan(*most) {
		refusal := refusePerPurchase(p.Kind, p.Title, p.Authorized, *most)
		problems = append(problems, fail(refusal.Summary, refusal.Detail))
	}
	return append(problems, d.planTotal(ctx, p)...)
}

// PlanDestroy is to be called for each plan that destroys what was bought under a key, with the id that the state holds.
func (d *Desk) PlanDestroy(_ context.Context, kind Kind, key, id string) []Problem {
	var problems []Problem
	d.walk.at(kind, key, func(r *row) {
		r.stateID, r.doomed = id, true
		problems = r.clash(kind, key)
	})
	return problems
}

// PlanKeep is to be called for each plan that goes on with what the state holds under a key, or leaves the key for another. It is SawInState, and
// an error where the same walk wants to buy under the key anew: which of the two is planned first is chance.
func (d *Desk) PlanKeep(ctx context.Context, kind Kind, key, id string) []Problem {
	if key == "" || id == "" {
		return nil
	}
	var problems []Problem
	d.walk.at(kind, key, func(r *row) {
		if r.stateID == "" {
			r.stateID = id
		}
		problems = r.clash(kind, key)
	})
	return append(problems, d.SawInState(ctx, kind, key, id)...)
}

// planKey enters a purchase under its key into the walk.
func (d *Desk) planKey(p Planned) []Problem {
	var problems []Problem
	d.walk.at(p.Kind, p.Key, func(r *row) {
		switch {
		case r.created && r.repeats && p.Repeatable:
			return
		case r.created:
			problems = []Problem{planDuplicate(p)}
			return
		}
		r.created, r.repeats = true, p.Repeatable
		problems = r.clash(p.Kind, p.Key)
	})
	return problems
}

// clash tells when one walk has both a live object in a state and a purchase of it anew.
func (r *row) clash(kind Kind, key string) []Problem {
	if !r.created || r.stateID == "" || r.conflict {
		return nil
	}
	t := kind.trait()
	if !t.natural {
		return nil // the purchase is taken over, not made again; planJournal says so
	}
	r.conflict = true
	return []Problem{fail(summaryRelaunch, fmt.Sprintf("This plan makes %s %q while the state has it already (id %s): applied, it would "+
		"destroy and buy again, and AUTX would charge again. %s", t.noun, key, r.stateID, waysOut(kind, r.stateID)))}
}

// planJournal tells what the journal knows of the key from earlier runs. Buy acts on it; a plan only says so.
func (d *Desk) planJournal(ctx context.Context, p Planned) []Problem {
	if d.limits == nil || !d.identified() {
		return nil
	}
	rec, err := d.load(ctx, d.recordName(p.Kind, p.Key))
	switch {
	case errors.Is(err, errCorrupt), errors.Is(err, errNewerFormat):
		return []Problem{warn(summaryJournal, fmt.Sprintf("Apply will refuse the %s, because the journal, which makes sure that nothing is "+
			"bought twice, can't be read: %v.\n\n%s",
			p.Title, err, journalRemedy(err)))}
	case err != nil:
		return d.journalWarning(err)
	case rec == nil:
		return nil
	case rec.noted():
		return []Problem{warn("Key was used before", fmt.Sprintf("Under the key %q the %s %s was made before, by a run that was interrupted or is not "+
			"over yet. If its inputs are the same, apply takes it over as far as it got, and does not go on with it; otherwise it refuses.",
			p.Key, p.Kind.trait().noun, rec.NotedID))}
	case rec.State.open():
		return []Problem{warn("Earlier purchase is still open", fmt.Sprintf("An earlier run sent the %s, and it is not known what came of it. "+
			"Apply looks it up first, and buys only if it is not there.",
			p.Title))}
	case !p.Kind.trait().natural:
		over := " and moves no money"
		if p.Kind.charges() {
			over = " for $0.00"
		}
		return []Problem{warn("Key was used before", fmt.Sprintf("Under the key %q the %s %s was made before. If its inputs are the same, apply "+
			"takes it "+
			"over%s; otherwise it refuses.", p.Key, p.Kind.trait().noun, rec.ID, over))}
	case rec.State == stateForgotten:
		return nil
	}
	var problems []Problem
	if err := d.notePlannedAnew(ctx, p.Kind, p.Key); err != nil {
		problems = d.journalWarning(err)
	}
	if rec.InState {
		problems = append(problems, warn(sentence(p.Kind.trait().noun)+" may already be yours", fmt.Sprintf("A state of this configuration had %s "+
			"%q (id "+
			"%s) before. If it is still there, apply refuses to buy it again. %s",
			p.Kind.trait().keyName, p.Key, rec.ID, waysOut(p.Kind, rec.ID))))
	}
	return problems
}

// planTotal enters the purchase into the total of the command.
func (d *Desk) planTotal(ctx context.Context, p Planned) []Problem {
	name := ""
	if p.Key != "" {
		name = d.recordName(p.Kind, p.Key)
	}
	result, err := d.ledger().plan(ctx, name, p)
	var problems []Problem
	if err != nil {
		problems = d.journalWarning(err)
	}
	if result.elsewhere && !p.Repeatable {
		problems = append(problems, planDuplicate(p))
	}
	if p.Kind.charges() && result.total.GreaterThan(d.limits.MaxPerApply) {
		detail := fmt.Sprintf("This run authorises %s in %d purchases so far, and spending.max_per_apply is %s. Nothing was bought.\n\n%s\n\n"+
			"Raise max_per_apply, or apply a part at a time with "+
			"-target.", result.total.USD(), result.purchases, d.limits.MaxPerApply.USD(), result.list)
		if d.totalTold.Swap(true) {
			// One error stops the plan as well as a hundred do; warnings of one summary are folded by the CLI.
			return append(problems, warn(summaryPerApply, detail))
		}
		problems = append(problems, fail(summaryPerApply, detail))
	}
	return problems
}

// journalWarning says once that a plan could not use the journal.
func (d *Desk) journalWarning(err error) []Problem {
	if d.journalTold.Swap(true) {
		return nil
	}
	return []Problem{warn(summaryJournal,
		fmt.Sprintf("The journal, which makes sure that nothing is bought twice, can't be used: %v. The plan is right all the same, but apply "+
			"will refuse to charge.\n\n"+
			"Make %s usable, or name another directory with spending.journal.", err, d.journal))}
}

func planDuplicate(p Planned) Problem {
	t := p.Kind.trait()
	return fail(summarySameKey, fmt.Sprintf("Two resources of this plan have the %s %q (%s). Give each one of its own; with count or for_each, "+
		"build it from count.index or each.key.",
		t.keyName, p.Key, p.Title))
}

// planNotAllowed says what an apply will refuse because the limits do not allow the kind.
func (d *Desk) planNotAllowed(p Planned) Problem {
	amount := "an amount that is not known yet"
	if !p.UnknownAmount {
		amount = "up to " + p.Authorized.USD()
	}
	if switchName := p.Kind.trait().effect.allowedBySwitch(); switchName != "" {
		return warn(summaryMovesOff, fmt.Sprintf("The %s moves money, and spending.%s is not on. The plan is right, but apply will refuse this "+
			"before anything is sent. %s", p.Title, switchName, allowMoves(switchName, d.limits)))
	}
	return warn(summarySpendingOff, fmt.Sprintf("The %s may cost %s, and the provider has no spending block. The plan is right, but apply will "+
		"refuse this before anything is sent. To allow it, add:\n\n%s", p.Title, amount, spendingBlock(p.Authorized)))
}
