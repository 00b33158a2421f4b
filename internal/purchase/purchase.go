package purchase

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// SettledPolicy says what happens to a purchase whose key has been used before.
type SettledPolicy int

const (
	// AdoptUnlessInState is for keys that name a live object, such as an agent's ticker. What was bought earlier is taken over unless a state holds
	// it already: then somebody else manages it, perhaps the very object that this run is about to destroy. Once it is gone the key is free again.
	AdoptUnlessInState SettledPolicy = iota
	// AdoptIfSameInputs is for keys that are used once for ever, such as an order's idempotency key. What was bought earlier is taken over when it
	// was bought with the same inputs; otherwise the key would buy something else, and it is refused.
	AdoptIfSameInputs
)

// Match is something that a lookup found and that may be the purchase in question.
type Match struct {
	// ID is the object's id.
	ID string `json:"id"`
	// Label describes it for a person, for example "order of $0.50 to SUMM".
	Label string `json:"label,omitempty"`
}

func (m Match) String() string {
	if m.Label == "" {
		return m.ID
	}
	return m.ID + " (" + m.Label + ")"
}

// ErrIDUnknown is what Purchase.Send gives for a purchase that the service has confirmed without saying its id. The desk looks the id up as it does
// after a lost answer, but knows that the purchase was made: one whose key is used once for ever is never called absent, and never sent again.
var ErrIDUnknown = errors.New("the service confirmed the purchase without saying its id")

// Note writes into the journal, durably, what is known so far of a purchase that is under way: its id, "" while it is not known, and notes of the
// caller's own form, nil to leave them as they are. Notes hold no secret. An id that was noted stays.
//
// When it gives an error, nothing more that charges may be sent: what a later run would have to know of it could not be written down.
type Note func(id string, notes json.RawMessage) error

// Purchase is one purchase to be made at most once. Its functions talk to the service; only Send or Conduct may charge.
type Purchase struct {
	// Kind and Key identify the purchase.
	Kind Kind
	Key  string
	// Title names it in messages, for example "launch of agent SUMM".
	Title string
	// Digest is of the inputs that the key is bound to. "" is not compared.
	Digest string
	// Scope groups the purchases of a kind that Find could mistake for one another, for example by the agent of an order. It matters with
	// AdoptIfSameInputs only; "" groups all purchases of the kind. A key that names a live object can't be mistaken.
	Scope string
	// Authorized is the most that the configuration allows for this purchase, in US dollars.
	Authorized money.Amount
	// Deadline bounds Send or Conduct, which run detached from the CLI's cancellation. Zero means 150 seconds.
	Deadline time.Duration
	// Price reads what it costs now, in US dollars, right before the charge. Nil where that can't be read.
	Price func(ctx context.Context) (money.Amount, error)
	// Hold gives what the purchase takes out of the available balance while it goes on, and what of that stays taken after it, in US dollars, as Price
	// has read it. It is no charge, and counts against Limits.KeepBalance where it is more than the price. Nil where nothing is held.
	Hold func() (during, after money.Amount)
	// Snapshot gives what Find needs to know of the time before the purchase, such as the ids that exist. Nil where it needs nothing.
	Snapshot func(ctx context.Context) (json.RawMessage, error)
	// Send makes the purchase and gives the id of what was bought, or ErrIDUnknown where the service confirms it without saying an id. It is called at
	// most once by one Buy. Other errors must tell whether the request may have been carried out, as the client's do; one that does not tell is taken
	// for unknown.
	Send func(ctx context.Context) (id string, err error)
	// Conduct takes the place of Send for a purchase of several steps, such as a conversation. It notes the id as soon as it knows it, and whatever a
	// later run will need before each step that charges. With an id and no error the purchase is made, whatever part of it was carried out; its result
	// and its notes say which. Errors are taken as those of Send; but once an id was noted, or comes with it, an error is a warning.
	Conduct func(ctx context.Context, note Note) (id string, err error)
	// Doubts tells, of an error of Send or Conduct with which the service surely did not carry the purchase out, whether to look all the same for what
	// there is in spite of it: Result.Unexplained. Nil doubts none.
	Doubts func(err error) bool
	// Find looks up what may be the purchase: new against the snapshot. Nil where nothing can be looked up.
	Find func(ctx context.Context, snapshot json.RawMessage) ([]Match, error)
	// Confirm tells whether the object of an id is there and ours. Nil where it can't be asked; the journal is believed then.
	Confirm func(ctx context.Context, id string) (bool, error)
	// Lasting says that what is bought is there for ever, though Confirm may not find it any more, such as an entry of a ledger of which the service
	// shows the newest only. This account's own records are believed then; those of other API keys and other mock servers still have to be confirmed.
	Lasting bool
	// Placeholder is the id that the purchase gets where the service has confirmed it and its own id can't be told; it must be derived from the key, and
	// Lasting must be set. "" refuses such a purchase instead, which is made all the same: a later Buy looks for it, and never sends it again.
	Placeholder string
	// Settled is what to do when the key has been used before.
	Settled SettledPolicy
	// Repeatable says that one run may ask for the purchase several times, as an action that several resources trigger. What the run has bought under
	// the key already is taken over like what an earlier run has bought; without Repeatable it is another resource's, and refused.
	Repeatable bool
}

// Result is a purchase that was made, now or earlier.
type Result struct {
	// ID is the id of what was bought.
	ID string
	// Adopted says that it was bought by an earlier run and taken over: this call charged nothing.
	Adopted bool
	// Notes are what Purchase.Conduct noted last, now or in the run that made the purchase; nil where it noted nothing.
	Notes json.RawMessage
	// Problems are warnings, never errors: what was paid for must not be tainted.
	Problems []Problem
	// Unexplained is, beside an error that Purchase.Doubts, what Find shows all the same and no purchase of the journal explains: somebody else has
	// bought it, or the service errs. It is left alone, and no later Buy under this key takes it over. Nil where nobody looked or could tell.
	Unexplained []Match
	// Rivals are the titles of other purchases of which it isn't known whether they were made. A later Buy of one of them may take over what is
	// unexplained.
	Rivals []string
}

const (
	// defaultDeadline leaves a request of the client its whole timeout and some time to wait for a free connection.
	defaultDeadline = 150 * time.Second
	// grace is how much longer than a purchase may take another process may hold its key.
	grace = time.Minute
	// lookupDeadline bounds each look for a purchase whose answer was lost.
	lookupDeadline = 30 * time.Second
)

// lookupPauses are the pauses before the looks for a purchase after its answer was lost: a service may list it a little later than it makes it.
// Nothing is called absent before it was not found that often.
var lookupPauses = []time.Duration{0, time.Second, 2 * time.Second}

func (p *Purchase) deadline() time.Duration {
	if p.Deadline <= 0 {
		return defaultDeadline
	}
	return p.Deadline
}
