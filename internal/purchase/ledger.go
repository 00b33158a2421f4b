package purchase

import (
	"fmt"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// ledger counts what one command of the CLI plans to spend and has reserved, over all its processes. A purchase whose key is known has one entry,
// however often it is planned.
type ledger struct {
	Format   int                `json:"format"`
	Host     string             `json:"host,omitempty"`
	Boot     string             `json:"boot,omitempty"` // of the machine, where the system names its starts
	Sequence int                `json:"sequence"`       // of the last reservation
	Entries  []*entry           `json:"entries"`
	Balances map[string]reading `json:"balances,omitempty"` // by account
}

// entry is one purchase of the command.
type entry struct {
	Record  string    `json:"record,omitempty"` // the journal record's name, "" while the key is not known
	Title   string    `json:"title"`
	Account string    `json:"account"`
	Desk    string    `json:"desk"` // who wrote this last
	Process processID `json:"process,omitempty"`

	Effect    effect        `json:"effect,omitempty"` // only charges count against the limit
	Planned   *money.Amount `json:"planned_usd,omitempty"`
	PlannedBy string        `json:"planned_by,omitempty"` // the desk whose plan it is
	Uncounted bool          `json:"uncounted,omitempty"`  // planned with an amount that is not known yet

	Reserved *money.Amount `json:"reserved_usd,omitempty"`
	Expected money.Amount  `json:"expected_usd"`        // of the balance: the price where it is known, else the authorised amount; or what is held
	After    *money.Amount `json:"after_usd,omitempty"` // what Expected becomes once it was made, nil where it stays
	Sequence int           `json:"sequence,omitempty"`
	Stage    stage         `json:"stage,omitempty"`
}

// stage is how far a reservation has got.
type stage string

const (
	stageInFlight  stage = "in_flight" // the POST may be on its way
	stageUncertain stage = "uncertain" // it was sent, and what came of it is not known
	stageBought    stage = "bought"    // it was made, or taken over from an earlier run
	stageReleased  stage = "released"  // it was made, and its resource destroyed again in the same command
)

// reading is an account's available balance at one moment, in US dollars, less what was uncertain then.
type reading struct {
	Available money.Amount `json:"available_usd"`
	Sequence  int          `json:"sequence"` // the last reservation made before
}

func (l *ledger) find(record string) *entry {
	if record == "" {
		return nil
	}
	for _, e := range l.Entries {
		if e.Record == record {
			return e
		}
	}
	return nil
}

// beginPlan drops what does not count any more before a purchase is planned under a record, "" while its key is not known.
//
// A CLI ends a provider as soon as nothing needs it any more, so a dead process may belong to this very walk, and what it planned counts for the
// other provider blocks. But one walk plans a key once: when a key comes that a dead process has planned, another walk has begun, after all
// processes of the one before have ended. Plans whose key is not known would not be recognised when they come again, so they end with their
// process.
func (l *ledger) beginPlan(record string, dead func(processID) bool) {
	again := l.find(record)
	another := again != nil && again.Planned != nil && dead(again.Process)
	l.forgetPlans(dead, func(e *entry) bool { return another || e.Record == "" })
}

// forgetPlans drops what dead processes planned, where it fits: a plan that is over authorises nothing any more.
func (l *ledger) forgetPlans(dead func(processID) bool, fits func(*entry) bool) {
	kept := l.Entries[:0]
	gone := map[processID]bool{}
	for _, e := range l.Entries {
		if _, known := gone[e.Process]; e.Planned != nil && !known {
			gone[e.Process] = dead(e.Process)
		}
		if e.Planned != nil && gone[e.Process] && fits(e) {
			e.Planned, e.PlannedBy, e.Uncounted = nil, "", false
		}
		if e.Planned != nil || e.Stage != "" {
			kept = append(kept, e)
		}
	}
	l.Entries = kept
}

// counts is what an entry takes of the command's limit: the larger of what is planned and what is reserved. It is false of an entry that is not one
// of a charge: a movement of money, or what was taken over from an earlier run.
func (e *entry) counts() (money.Amount, bool) {
	amount, ok := e.reserved()
	if e.Effect == charges && e.Planned != nil {
		amount, ok = money.Max(amount, *e.Planned), true
	}
	return amount, ok
}

// reserved is what an entry has reserved of the command's limit; false where it is not one of a charge that was sent.
func (e *entry) reserved() (money.Amount, bool) {
	if e.Effect != charges || e.Reserved == nil {
		return money.Amount{}, false
	}
	return *e.Reserved, true
}

// takes is what an entry takes from a balance that was read before it. A deposit adds to it, once it was made.
func (e *entry) takes() money.Amount {
	switch {
	case e.Effect != movesIn:
		return e.Expected
	case e.Stage == stageBought:
		return e.Expected.Neg()
	}
	return money.Amount{}
}

// charges is how many charges count.
func (l *ledger) charges() int {
	n := 0
	for _, e := range l.Entries {
		if _, ok := e.counts(); ok {
			n++
		}
	}
	return n
}

func (l *ledger) total() money.Amount { return l.sum((*entry).counts) }

func (l *ledger) reserved() money.Amount { return l.sum((*entry).reserved) }

func (l *ledger) sum(of func(*entry) (money.Amount, bool)) money.Amount {
	var total money.Amount
	for _, e := range l.Entries {
		amount, _ := of(e)
		total = total.Add(amount)
	}
	return total
}

// detach keeps what a key has reserved before as an entry of its own, so that reserving under the key once more adds to it.
func (l *ledger) detach(record string) {
	if e := l.find(record); e != nil && e.Reserved != nil {
		e.Record, e.Planned, e.PlannedBy = "", nil, ""
	}
}

// list names the purchases that keep fits, for a message.
func (l *ledger) list(amount func(*entry) (money.Amount, bool)) string {
	const most = 20
	var lines []string
	left := 0
	for _, e := range l.Entries {
		usd, ok := amount(e)
		if !ok {
			continue
		}
		if len(lines) == most {
			left++
			continue
		}
		line := fmt.Sprintf("  - %s: %s", e.Title, usd.USD())
		if e.Uncounted {
			line = fmt.Sprintf("  - %s: not known yet", e.Title)
		}
		lines = append(lines, line)
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("  - and %d more", left))
	}
	return strings.Join(lines, "\n")
}
