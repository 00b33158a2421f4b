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
	summarySpendingOff = "Apply will refuse to charge"
	summaryMovesOff    = "Apply will refuse to move money"
	summaryPerApply    = "Over the limit of one apply"
	summaryJournal     = "Purchase journal can't be used"
	summarySameKey     = "One key bought for two resources"
	summaryRelaunch    = "Would be given up and bought again"
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

func importBlock(kind Kind, id string) string {
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

func movesBlock(switchName string) string {
	return fmt.Sprintf("  provider \"autx\" {\n    spending = {\n      max_per_apply = \"0\" # what may be charged; %s is apart from it\n      %s "+
		"= true\n    }\n  }",
		strings.TrimPrefix(switchName, "allow_"), switchName)
}

func refuseNotAllowed(kind Kind, title string, cost money.Amount) *Refusal {
	if switchName := kind.trait().effect.allowedBySwitch(); switchName != "" {
		return refuse(ReasonSpendingOff, nil, "Moving money is not allowed",
			fmt.Sprintf("The %s was not sent and no money was moved, because spending.%s is not on. To allow it, "+
				"add:\n\n%s", title, switchName, movesBlock(switchName)))
	}
	return refuse(ReasonSpendingOff, nil, "Spending is not allowed",
		fmt.Sprintf("The %s may cost up to %s. Nothing was sent and nothing was charged, because the provider has no spending block. To allow "+
			"it, add:\n\n%s", title, cost.USD(), spendingBlock(cost)))
}

func refuseCancelled(title string, cause error) *Refusal {
	why := "the run was interrupted"
	if errors.Is(cause, context.DeadlineExceeded) {
		why = "the time for it was over"
	}
	return refuse(ReasonCancelled, cause, "Purchase not sent", fmt.Sprintf("The %s was not sent and nothing was charged: %s before. Apply "+
		"again to make it.", title, why))
}

func refuseJournal(title, what string, err error) *Refusal {
	return refuse(ReasonJournal, err, summaryJournal,
		fmt.Sprintf("The %s was not sent and nothing was charged, because the journal, which makes sure that nothing is bought twice, %s: "+
			"%v.\n\n%s", title, what, err, journalRemedy(err)))
}

func journalRemedy(err error) string {
	switch {
	case errors.Is(err, errCorrupt):
		return "The file says whether this was bought before, so it is not ignored. Restore it from a backup; or find out on AUTX that nothing " +
			"was bought, delete it, and apply again."
	case errors.Is(err, errNewerFormat):
		return "Use that version of the provider, or a newer one."
	}
	return "Make the directory usable, or name another one with spending.journal, then apply again."
}

func refuseBusy(p *Purchase, err error) *Refusal {
	return refuse(ReasonBusy, err, "Another run is buying this",
		fmt.Sprintf("Another process has been making the %s for more than %s, perhaps one that outlived an interrupted run. Nothing was sent "+
			"by this one. Apply again when it has ended: its result is taken over then.", p.Title, p.deadline()+grace))
}

func refuseDuplicate(p *Purchase) *Refusal {
	return refuse(ReasonDuplicate, nil, summarySameKey,
		fmt.Sprintf("The %s was not sent: this run has already bought under the %s %q for another resource. Give each resource a %s of its "+
			"own; with count or for_each, build it from count.index or "+
			"each.key.", p.Title, p.Kind.trait().keyName, p.Key, p.Kind.trait().keyName))
}

func refusePerPurchase(title string, authorized, most money.Amount) *Refusal {
	return refuse(ReasonLimit, nil, "Over the limit of one purchase",
		fmt.Sprintf("The %s may cost up to %s, and spending.max_per_purchase is %s. Nothing was sent and nothing was charged.\n\nRaise "+
			"max_per_purchase, or authorise less.",
			title, authorized.USD(), most.USD()))
}

func refusePrice(title string, price, authorized money.Amount) *Refusal {
	return refuse(ReasonPrice, nil, "Price is above what was authorised",
		fmt.Sprintf("The %s costs %s now, and the configuration authorises %s. Nothing was sent and nothing was charged.\n\nPlan again, or "+
			"raise what it authorises.",
			title, price.USD(), authorized.USD()))
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

func refuseKeepBalance(title string, expected, available, keep money.Amount) *Refusal {
	return refuse(ReasonLimit, nil, "Balance would fall too low",
		fmt.Sprintf("The %s was not sent and nothing was charged: it may cost %s, %s is available when what this run has under way is taken "+
			"off, and spending.keep_balance wants %s left.\n\n"+
			"Top the credits up, or lower keep_balance.", title, expected.USD(), available.USD(), keep.USD()))
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
		t.keyName, t.resource, t.keyName, importBlock(kind, id))
}

func refuseOtherInputs(p *Purchase, id string) *Refusal {
	return refuse(ReasonBound, nil, "Key was used for another purchase",
		fmt.Sprintf("The %s was not sent and nothing was charged: under the key %q something else was bought before (id %s), with other "+
			"inputs. To buy this as well, change %s; to keep what was bought, restore the inputs, or import it:\n\n"+
			"%s", p.Title, p.Key, id, p.Kind.trait().keyName, importBlock(p.Kind, id)))
}

func refuseGone(p *Purchase, id string) *Refusal {
	return refuse(ReasonBound, nil, "Key was used before",
		fmt.Sprintf("The %s was not sent and nothing was charged: under the key %q %s was bought before, which AUTX does not show any more. A "+
			"key buys once. To buy again, change %s.",
			p.Title, p.Key, id, p.Kind.trait().keyName))
}

func refuseStillUnknown(rec *record, err error) *Refusal {
	return refuse(ReasonUnknown, err, "Outcome of an earlier purchase is unknown",
		fmt.Sprintf("An earlier run sent the %s, which may have cost up to %s, and it is not known what came of it. It could not be looked up: "+
			"%v.\n\n"+
			"This run has sent nothing. Don't buy it by hand: apply again, which looks first and buys only what is not "+
			"there.", rec.Title, rec.Authorized.USD(), err))
}

func refuseUnknown(p *Purchase, lost, err error) *Refusal {
	return refuse(ReasonUnknown, lost, "Outcome of the purchase is unknown",
		fmt.Sprintf("The answer to the %s was lost (%v), and it could not be looked up: %v. It may have been made and charged, up to %s.\n\n"+
			"Don't buy it by hand: apply again, which looks first and buys only what is not there.", p.Title, lost, err, p.Authorized.USD()))
}

func refuseAbsent(p *Purchase, lost error) *Refusal {
	return refuse(ReasonAbsent, lost, "Purchase not found after its answer was lost",
		fmt.Sprintf("The answer to the %s was lost (%v). It was looked up afterwards and is not there, so it was most likely not made and not "+
			"charged.\n\n"+
			"It is safe to apply again: the next run looks once more before it sends anything.", p.Title, lost))
}

func refuseAmbiguous(p *Purchase, found finding, lost error) *Refusal {
	detail := fmt.Sprintf("It is not known what came of the %s: nothing was sent again, because these may be it:\n\n", p.Title)
	if lost != nil {
		detail = fmt.Sprintf("The answer to the %s was lost (%v). It was made at most once, but which one it is can't be told. These may be "+
			"it:\n\n", p.Title, lost)
	}
	var list strings.Builder
	for _, candidate := range found.candidates {
		fmt.Fprintf(&list, "  - %s\n", candidate)
	}
	detail += list.String()
	if len(found.rivals) > 0 {
		detail += "\nThey may also be purchases whose own answers were lost: " + strings.Join(found.rivals, ", ") + ".\n"
	}
	detail += fmt.Sprintf("\nLook at them on AUTX. The right one is taken into the state by an import block:\n\n%s\n\nIf none is it, change %s "+
		"to buy.",
		importBlock(p.Kind, found.candidates[0].ID), p.Kind.trait().keyName)
	return refuse(ReasonAmbiguous, lost, "Purchase can't be told from others", detail)
}
