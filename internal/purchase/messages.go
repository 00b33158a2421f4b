package purchase

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Summaries that several problems share, so that the CLI folds their warnings.
const (
	summarySpendingOff   = "Apply will refuse to charge"
	summaryLimitsUnknown = "Limits are not known yet"
	summaryMovesOff      = "Apply will refuse to move money"
	summaryPerApply      = "Over the limit of one apply"
	summaryJournal       = "Purchase journal can't be used"
	summarySameKey       = "One key bought for two resources"
	summaryRelaunch      = "Would be given up and bought again"
)

// sentence makes a text begin with a capital letter.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// digits writes an amount as a configuration does: "20.00".
func digits(amount money.Amount) string { return strings.Replace(amount.USD(), "$", "", 1) }

func spendingBlock(atLeast money.Amount) string {
	return fmt.Sprintf("  provider \"autx\" {\n    spending = {\n      max_per_apply = %q\n    }\n  }", digits(atLeast))
}

// ImportBlock takes the object of an id into a state; it is ready to be pasted but for the address.
func ImportBlock(kind Kind, id string) string {
	return fmt.Sprintf("  import {\n    to = %s.NAME\n    id = %q\n  }", kind.trait().resource, id)
}

// allowedBySwitch is the argument of the spending block that allows a movement of money; "" for charges, which the block itself allows.
func (e effect) allowedBySwitch() string {
	switch e {
	case movesIn:
		return "allow_deposits"
	case movesOut:
		return "allow_withdrawals"
	case charges:
	}
	return ""
}

// allowMoves says how to allow a movement of money: by its switch, within a spending block that may have to be added.
func allowMoves(switchName string, limits *Limits) string {
	if limits != nil {
		return fmt.Sprintf("To allow it, add this to the provider's spending block:\n\n  %s = true", switchName)
	}
	return fmt.Sprintf("To allow it, add a spending block, here one that allows no charges:\n\n"+
		"  provider \"autx\" {\n    spending = {\n      max_per_apply = \"0\"\n      %s = true\n    }\n  }", switchName)
}

// byHand says how a person makes one of the candidates of an ambiguous purchase the right one; made says that one of them surely is it.
func byHand(kind Kind, id string, made bool) string {
	keyName := kind.trait().keyName
	if kind.trait().unimportable {
		// Nothing can be taken into a state, so the key is all that can be changed.
		if made {
			return fmt.Sprintf("It was paid, and its answer is lost. To ask again, and to pay again, change %s.", keyName)
		}
		return fmt.Sprintf("Look at them on AUTX. If one is it, it was paid and its answer is lost. To ask again, and to pay again, change %s.", keyName)
	}
	way := fmt.Sprintf("Look at them on AUTX. The right one is taken into the state by an import block:\n\n%s", ImportBlock(kind, id))
	if !made {
		way += fmt.Sprintf("\n\nIf none is it, change %s to have it made.", keyName)
	}
	return way
}

// authorizeMore says what to raise for a purchase that costs more than the configuration authorises.
func (k Kind) authorizeMore() string {
	if argument := k.LimitArgument(); argument != "" {
		return "raise " + argument
	}
	return "raise what it authorises"
}

// authorizeLess says what to lower for a purchase that a limit does not allow.
func (k Kind) authorizeLess() string {
	if argument := k.LimitArgument(); argument != "" {
		return "lower " + argument
	}
	return "authorise less"
}

func refuseNotAllowed(p *Purchase, limits *Limits) *Refusal {
	title, cost := p.Title, p.Authorized
	if switchName := p.Kind.trait().effect.allowedBySwitch(); switchName != "" {
		return refuse(ReasonSpendingOff, nil, "Moving money is not allowed",
			fmt.Sprintf("The %s was not sent and no money was moved, because spending.%s is not on. %s", title, switchName, allowMoves(switchName, limits)))
	}
	return refuse(ReasonSpendingOff, nil, "Spending is not allowed",
		fmt.Sprintf("The %s may cost up to %s. Nothing was sent and nothing was charged, because the provider has no spending block. To allow "+
			"it, add:\n\n%s", title, cost.USD(), spendingBlock(cost)))
}

func refuseCancelled(p *Purchase, cause error) *Refusal {
	why := "the run was interrupted"
	if errors.Is(cause, context.DeadlineExceeded) {
		why = "the time for it was over"
	}
	return refuse(ReasonCancelled, cause, "Purchase not sent", fmt.Sprintf("The %s was not sent and %s: %s before. Apply "+
		"again to make it.", p.Title, p.Kind.unharmed(), why))
}

func refuseJournal(p *Purchase, what string, err error) *Refusal {
	return refuse(ReasonJournal, err, summaryJournal,
		fmt.Sprintf("The %s was not sent and %s, because the journal, which makes sure that nothing is done twice, %s: "+
			"%v.\n\n%s", p.Title, p.Kind.unharmed(), what, err, journalRemedy(err)))
}

func journalRemedy(err error) string {
	switch {
	case errors.Is(err, errCorrupt):
		return "The file says whether this was bought before, so it is not ignored. Restore it from a backup; or find out on AUTX that nothing " +
			"was made under this key, delete it, and apply again."
	case errors.Is(err, errNewerFormat):
		return "Use that version of the provider, or a newer one."
	}
	return "Make the directory usable, or name another one with spending.journal, then apply again."
}

func refuseBusy(p *Purchase, err error) *Refusal {
	return refuse(ReasonBusy, err, "Another run is at this purchase",
		fmt.Sprintf("Another process has been making the %s for more than %s, perhaps one that outlived an interrupted run. Nothing was sent "+
			"by this one. Apply again when it has ended: its result is taken over then.", p.Title, p.deadline()+grace))
}

// refuseGivenUp is for a live object that this run has destroyed, where no plan has seen that it would make it anew.
func refuseGivenUp(p *Purchase) *Refusal {
	return refuse(ReasonBound, nil, "Not bought again in the run that gave it up",
		fmt.Sprintf("The %s was not sent and nothing was charged: this run has just destroyed the %s %q, and buying it again, for up to %s, takes a "+
			"run of its own.\n\nTo have it made anew, apply again.", p.Title, p.Kind.trait().noun, p.Key, p.Authorized.USD()))
}

func refuseDuplicate(p *Purchase) *Refusal {
	return refuse(ReasonDuplicate, nil, summarySameKey,
		fmt.Sprintf("The %s was not sent: this run has already used the %s %q for another resource. Give each resource a %s of its "+
			"own; with count or for_each, build it from count.index or "+
			"each.key.", p.Title, p.Kind.trait().keyName, p.Key, p.Kind.trait().keyName))
}

func refusePerPurchase(kind Kind, title string, authorized, most money.Amount) *Refusal {
	return refuse(ReasonLimit, nil, "Over the limit of one purchase",
		fmt.Sprintf("The %s may cost up to %s, and spending.max_per_purchase is %s. Nothing was sent and nothing was charged.\n\nRaise "+
			"max_per_purchase, or %s.",
			title, authorized.USD(), most.USD(), kind.authorizeLess()))
}

func refusePrice(p *Purchase, price money.Amount) *Refusal {
	return refuse(ReasonPrice, nil, "Price is above what was authorised",
		fmt.Sprintf("The %s costs %s now, and the configuration authorises %s. Nothing was sent and nothing was charged.\n\nPlan again, or "+
			"%s.",
			p.Title, price.USD(), p.Authorized.USD(), p.Kind.authorizeMore()))
}

func refusePerApply(title string, authorized, reserved, most money.Amount, bought string) *Refusal {
	detail := fmt.Sprintf("The %s was not sent and nothing was charged for it: it may cost up to %s, this run has used %s, and "+
		"spending.max_per_apply is %s.",
		title, authorized.USD(), reserved.USD(), most.USD())
	if bought != "" {
		detail += " Sent before:\n\n" + bought
	}
	return refuse(ReasonLimit, nil, summaryPerApply, detail+"\n\nRaise max_per_apply, or apply again: each run has the whole limit.")
}

func refuseKeepBalance(r request, available, keep money.Amount) *Refusal {
	what := "nothing was charged: it may cost " + r.expected.USD()
	switch {
	case r.effect == movesOut:
		what = "no money was moved: it takes " + r.expected.USD()
	case r.holds:
		what = "nothing was charged: it holds " + r.expected.USD() + " while it goes on"
	}
	return refuse(ReasonLimit, nil, "Balance would fall too low",
		fmt.Sprintf("The %s was not sent and %s, %s is available when what this run has under way is taken "+
			"off, and spending.keep_balance wants %s left.\n\n"+
			"Top the credits up, or lower keep_balance.", r.title, what, available.USD(), keep.USD()))
}

func refuseInState(p *Purchase, id string) *Refusal {
	t := p.Kind.trait()
	return refuse(ReasonBound, nil, sentence(t.noun)+" is already yours",
		fmt.Sprintf("The %s was not sent and nothing was charged: %s %q is already yours (id %s), and a state of this configuration has it. %s",
			p.Title, t.keyName, p.Key, id, waysOut(p.Kind, id)))
}

// waysOut are the ways to go on with a live object instead of buying it again.
func waysOut(kind Kind, id string) string {
	t := kind.trait()
	return fmt.Sprintf("A create of what exists comes from taint, -replace, create_before_destroy, a resource or for_each key that was "+
		"renamed, or a second resource with the same %s. Instead of that:\n\n"+
		"  - if it is tainted: terraform untaint %s.NAME (tofu untaint with OpenTofu)\n"+
		"  - if it was renamed: a moved block, from the old address to the new one\n"+
		"  - if two resources have the %s: one of its own for each\n"+
		"  - if the state has lost it: this import block\n\n"+
		"%s\n\n"+
		"To have it made anew on purpose, destroy it in a run of its own before (destroy -refresh=false if a plan fails with this error).",
		t.keyName, t.resource, t.keyName, ImportBlock(kind, id))
}

// refuseOtherInputs is for a key under which something else was bought; id is "" where it is not known.
func refuseOtherInputs(p *Purchase, id string) *Refusal {
	which, keep := "", "."
	if id != "" {
		which = " (id " + id + ")"
	}
	if id != "" && !p.Kind.trait().unimportable {
		keep = ", or import it:\n\n" + ImportBlock(p.Kind, id)
	}
	return refuse(ReasonBound, nil, "Key was used for another purchase",
		fmt.Sprintf("The %s was not sent and %s: under the key %q another %s was made before%s, with other "+
			"inputs. To have this one as well, change %s; to keep what was made, restore the inputs%s",
			p.Title, p.Kind.unharmed(), p.Key, p.Kind.trait().noun, which, p.Kind.trait().keyName, keep))
}

func refuseGone(p *Purchase, id string) *Refusal {
	return refuse(ReasonBound, nil, "Key was used before",
		fmt.Sprintf("The %s was not sent and %s: under the key %q the %s %s was made before, which AUTX does not show any more. A "+
			"key is used once. To %s, change %s.",
			p.Title, p.Kind.unharmed(), p.Key, p.Kind.trait().noun, id, p.Kind.again(), p.Kind.trait().keyName))
}

func refuseStillUnknown(rec *record, err error) *Refusal {
	return refuse(ReasonUnknown, err, "Outcome of an earlier purchase is unknown",
		fmt.Sprintf("An earlier run sent the %s%s, and it is not known what came of it. It could not be looked up: "+
			"%v.\n\n"+
			"This run has sent nothing. Don't make it by hand: apply again, which looks first and sends only what is not "+
			"there.", rec.Title, ifCharged(rec.Kind, ", which may have cost up to "+rec.Authorized.USD()), err))
}

func refuseUnknown(p *Purchase, lost, err error) *Refusal {
	return refuse(ReasonUnknown, lost, "Outcome of the purchase is unknown",
		fmt.Sprintf("The answer to the %s was lost (%v), and it could not be looked up: %v. It may have been made%s.\n\n"+
			"Don't make it by hand: apply again, which looks first and sends only what is not "+
			"there.", p.Title, lost, err, ifCharged(p.Kind, " and charged, up to "+p.Authorized.USD())))
}

// refuseNoID is for a purchase that the service has confirmed and that can't be found: there is nothing to put into a state.
func refuseNoID(p *Purchase, found finding, lookup error) *Refusal {
	way := "Don't make it by hand: apply again, which looks for it and never sends it a second time."
	if p.Settled == AdoptUnlessInState {
		way = "Don't make it by hand: apply again, which looks for it first."
	}
	if !found.none() {
		way = byHand(p.Kind, found.candidates[0].ID, true)
	}
	return refuse(ReasonUnknown, lookup, "Purchase made, but its id is not known",
		fmt.Sprintf("AUTX has confirmed the %s without saying its id, and it can't be told: %sIt was made once. "+
			"%s", p.Title, whyUnnamed(found, lookup), way))
}

// whyUnnamed says why the id of a purchase that was made can't be told. It ends in front of another sentence.
func whyUnnamed(found finding, lookup error) string {
	switch {
	case lookup != nil:
		return fmt.Sprintf("it could not be looked up (%v). ", lookup)
	case found.none():
		return "it is not listed yet. "
	}
	return "these may be it:\n\n" + found.listed() + "\n"
}

// ifCharged is a phrase about a charge; "" for a movement of money, of which there is none.
func ifCharged(kind Kind, phrase string) string {
	if !kind.charges() {
		return ""
	}
	return phrase
}

func refuseAbsent(p *Purchase, lost error) *Refusal {
	return refuse(ReasonAbsent, lost, "Purchase not found after its answer was lost",
		fmt.Sprintf("The answer to the %s was lost (%v). It was looked up afterwards and is not there, so it was most likely not made%s.\n\n"+
			"It is safe to apply again: the next run looks once more before it sends anything.", p.Title, lost, ifCharged(p.Kind, " and not charged")))
}

func refuseAmbiguous(p *Purchase, found finding, lost error) *Refusal {
	detail := fmt.Sprintf("It is not known what came of the %s: nothing was sent again, because these may be it:\n\n", p.Title)
	if lost != nil {
		detail = fmt.Sprintf("The answer to the %s was lost (%v). It was made at most once, but which one it is can't be told. These may be "+
			"it:\n\n", p.Title, lost)
	}
	detail += found.listed()
	detail += "\n" + byHand(p.Kind, found.candidates[0].ID, false)
	return refuse(ReasonAmbiguous, lost, "Purchase can't be told from others", detail)
}

// listed names what a look has found.
func (f finding) listed() string {
	var list strings.Builder
	for _, candidate := range f.candidates {
		fmt.Fprintf(&list, "  - %s\n", candidate)
	}
	if len(f.rivals) > 0 {
		list.WriteString("\nThey may also be purchases whose own answers were lost: " + strings.Join(f.rivals, ", ") + ".\n")
	}
	return list.String()
}
