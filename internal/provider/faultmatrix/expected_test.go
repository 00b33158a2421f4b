package faultmatrix_test

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
	// The conversation of a run that is to end is not begun later either.
	goesOn := !c.ending.kills && !c.ending.orphans && (!c.kind.talks() || !c.ending.graceful)
	return c.fault.sort == done || c.fault.sort == later && goesOn
}

// saved tells whether the state has it then.
func (c combination) saved() bool {
	return c.made() && !c.ending.kills && !c.ending.orphans && !c.ending.losesState
}

// open tells whether the journal has a purchase then of which it is not known what came of it: the run died, or its answer was lost and nothing was found.
func (c combination) open() bool {
	return c.ending.kills && !c.stopsAtOnce() || c.fault.sort == notDone && !c.fault.shut && !c.fault.certain
}

// noted tells whether the journal has the id of what was bought, whether or not the run lived to its end.
func (c combination) noted() bool { return c.fault.frame > 1 }

// charges is how often it is charged by the end of the run that meets the fault, and in the end.
func (c combination) charges() (first, last int) {
	if c.kind.talks() {
		return c.chargesOfConversation()
	}
	return count(c.made()), count(c.fault.sort != refused)
}

// expected is what has to become of a cell.
func (c combination) expected() outcome {
	first, last := c.charges()
	out := outcome{first: c.kind.total(first), last: c.kind.total(last)}
	switch {
	case c.ending.orphans:
		out.plan = planNone
	case c.saved():
		out.plan = planEmpty
	case c.open() && !c.noted():
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
