package faultmatrix_test

import "github.com/autx-ai/terraform-provider-autx/internal/money"

// outcome is what a reader of the table learns of a cell.
type outcome struct {
	// first and last are how much was charged or moved after the run that met the fault, and in the end.
	first, last string
	// plan is what the plan between the two says.
	plan string
}

// The plans between the run that met the fault and the next one.
const (
	planEmpty    = "empty"
	planToAdd    = "1 to add"
	planOpen     = "1 to add, may be made already"
	planTakeOver = "1 to add, taken over for $0"
	planShort    = "1 to add, balance too low"
	planNone     = "no plan"
)

// made tells whether the service has carried the request out when the run is over that made it.
func (c combination) made() bool {
	return c.fault.sort == done || c.fault.sort == later && !c.ending.kills && !c.ending.orphans
}

// saved tells whether the state has it then.
func (c combination) saved() bool {
	return c.made() && !c.ending.kills && !c.ending.orphans && !c.ending.losesState
}

// open tells whether the journal has a purchase then of which it is not known what came of it: the run died, or its answer was lost and nothing was found.
func (c combination) open() bool {
	return c.ending.kills || c.fault.sort == notDone && !c.fault.shut
}

// expected is what has to become of a cell.
func (c combination) expected() outcome {
	out := outcome{first: money.Zero().USD(), last: c.kind.amount}
	if c.made() {
		out.first = c.kind.amount
	}
	if c.fault.sort == refused {
		out.last = money.Zero().USD()
	}
	switch {
	case c.ending.orphans:
		out.plan = planNone
	case c.saved():
		out.plan = planEmpty
	case c.open():
		out.plan = planOpen
	case c.made() && c.kind.seen != "":
		out.plan = planTakeOver
	case c.fault.sort == refused && c.kind.short != "":
		out.plan = planShort
	default:
		out.plan = planToAdd
	}
	return out
}
