package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	// kind is what requests are called in the purchase journal.
	kind = purchase.ProxyRequest

	// defaultTimeout leaves room for the requests of the same run that are charged and come before.
	defaultTimeout = 20 * time.Minute
	// sendAtLeast is the least time that the request itself gets: a short timeout must not turn an answer that comes late into one that is lost.
	sendAtLeast = 150 * time.Second
)

var (
	// errTurn ends a look at a request that turns out to be charged, before anything is reserved or sent: it is to be made in a turn of its own.
	errTurn = errors.New("requests that are charged take turns")
	// errRose says that what was free when it was sent first is not any more.
	errRose = errors.New("the agent has got a price just now")
)

// buyer is one request on its way.
type buyer struct {
	*walk
	inquiry

	key, title string
	most       money.Amount
	deadline   time.Duration
	repeats    bool // one run may ask for it several times

	turnTaken bool
	agent     *client.Agent       // as it was read last
	agentErr  error               // why it could not be read
	price     money.Amount        // what the request was to cost right before it was sent
	wasFree   bool                // an earlier attempt under the key was free, and it was looked up
	answer    *client.ProxyAnswer // nil where the request was found again instead, or its answer broke off
	broken    error               // why the answer is lost of a request that AUTX has confirmed

	listed []client.Transaction // charges that were looked up
}

// buy sends the request at most once for its key. Requests that are charged take turns, so that the entry of each in the ledger is told exactly;
// those that are free do not wait.
func (b *buyer) buy(ctx context.Context) (purchase.Result, error) {
	result, err := b.desk.Buy(ctx, b.purchase())
	if !errors.Is(err, errTurn) {
		return result, err
	}
	release := b.alone(ctx)
	defer release()
	b.turnTaken = true
	return b.desk.Buy(ctx, b.purchase())
}

func (b *buyer) purchase() purchase.Purchase {
	return purchase.Purchase{
		Kind: kind, Key: b.key, Title: b.title, Digest: b.digest(), Authorized: b.most, Deadline: max(b.deadline, sendAtLeast),
		Price: b.readPrice, Snapshot: b.look, Send: b.send, Find: b.find, Confirm: b.confirm,
		Settled: purchase.AdoptIfSameInputs, Repeatable: b.repeats,
		Lasting: true, // an entry of the ledger never goes away, and only the newest can be read; of a free request there is none
		// What was charged must not be charged again, whether or not its entry can be told from others.
		Placeholder: standIn(unlistedPrefix, b.key),
	}
}

func (b *buyer) readPrice(ctx context.Context) (money.Amount, error) {
	agent, price, err := b.cost(ctx, b.inquiry)
	if err != nil {
		b.agentErr = err
		return money.Zero(), err
	}
	b.agent, b.price = agent, price
	switch {
	case price.IsZero() || price.GreaterThan(b.most):
	case b.wasFree:
		return money.Zero(), errRose
	case !b.turnTaken:
		return money.Zero(), errTurn
	}
	return price, nil
}

func (b *buyer) free() bool { return b.price.IsZero() }

// look takes the snapshot.
func (b *buyer) look(ctx context.Context) (json.RawMessage, error) {
	taken := snapshot{Key: b.key, Free: true}
	if !b.free() {
		var err error
		if taken, err = before(ctx, b.api, b.key, b.price); err != nil {
			return nil, err
		}
	}
	return json.Marshal(taken) //nolint:wrapcheck // text and amounts can always be written
}

// send asks the agent, by its id, so that it is the one whose price was read. Which entry of the ledger the charge has become AUTX does not say.
func (b *buyer) send(ctx context.Context) (string, error) {
	answer, err := b.api.Proxy.Call(ctx, b.agent.ID, b.body, contentType)
	failure, _ := client.AsError(err)
	switch {
	case err == nil && b.free():
		b.answer = answer
		return standIn(freePrefix, b.key), nil
	case err == nil:
		b.answer = answer
		return "", purchase.ErrIDUnknown
	case failure == nil || !failure.MayHaveBeenCarriedOut():
		return "", err
	case b.free() && b.stillFree(ctx):
		return "", &freeError{err}
	case !b.free() && failure.Status >= http.StatusOK && failure.Status < http.StatusMultipleChoices:
		b.broken = err
		return "", purchase.ErrIDUnknown
	}
	return "", err
}

// freeError is a request whose answer is lost and that surely was not charged: to the desk it is one that was not made, as nothing needs to be found
// again.
type freeError struct{ error }

// Unwrap gives the client's error.
func (e *freeError) Unwrap() error { return e.error }

// MayHaveBeenCarriedOut is about the charge, not about the agent's work.
func (*freeError) MayHaveBeenCarriedOut() bool { return false }

// stillFree looks whether a request that was to be free is free now as well: then it was when it was sent.
func (b *buyer) stillFree(ctx context.Context) bool {
	_, price, err := b.cost(ctx, b.inquiry)
	return err == nil && price.IsZero()
}

// find looks for the charge of a request: this one's, by its own snapshot, or that of another one of the journal.
func (b *buyer) find(ctx context.Context, raw json.RawMessage) ([]purchase.Match, error) {
	var taken snapshot
	if err := json.Unmarshal(raw, &taken); err != nil {
		return nil, fmt.Errorf("read the journal's snapshot of the ledger: %w", err)
	}
	if taken.Free {
		return nil, b.findFree(ctx, taken)
	}
	entries, err := taken.since(ctx, b.api, taken.Price)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 && taken.Key == b.key {
		// The price may have changed in the very moment in which it was charged.
		_, price, err := b.cost(ctx, b.inquiry)
		if err == nil && !price.IsZero() && !price.Equal(taken.Price) {
			if entries, err = taken.since(ctx, b.api, price); err != nil {
				return nil, err
			}
		}
	}
	matches := make([]purchase.Match, len(entries))
	for i := range entries {
		matches[i] = purchase.Match{ID: entries[i].ID, Label: label(&entries[i])}
	}
	b.listed = append(b.listed, entries...)
	return matches, nil
}

// findFree looks for a request that was free when it was sent. There is nothing to find; but if it costs something by now, it may have been charged.
func (b *buyer) findFree(ctx context.Context, taken snapshot) error {
	if taken.Key != b.key {
		return nil
	}
	_, price, err := b.cost(ctx, b.inquiry)
	switch {
	case err != nil:
		return err
	case !price.IsZero():
		return fmt.Errorf("it was free right before it was sent and costs %s now, so whether it was charged can't be told: look at the account's "+
			"transactions, and change idempotency_key to ask again, which is charged", price.USD())
	}
	b.wasFree = true
	return nil
}

// confirm tells whether the ledger shows a charge. It makes a request for what has none as well, which shows whose service answers.
func (b *buyer) confirm(ctx context.Context, id string) (bool, error) {
	entries, _, err := ledger.Newest(ctx, b.api)
	if err != nil {
		return false, err
	}
	at := slices.IndexFunc(entries, func(entry client.Transaction) bool { return entry.ID == id })
	return at >= 0 && isCharge(&entries[at]), nil
}

// charged is what the ledger says that the request has cost; ok is false where it does not say.
func (b *buyer) charged(id string) (amount money.Amount, ok bool) {
	if b.free() && b.answer != nil {
		return money.Zero(), true
	}
	for i := range b.listed {
		if b.listed[i].ID == id {
			return ledger.Magnitude(b.listed[i].Amount), true
		}
	}
	return money.Zero(), false
}

// The ids of requests that have no entry in the ledger: those that were free, and those whose entry could not be told.
const (
	freePrefix     = "free-"
	unlistedPrefix = "unlisted-"
)

// standIn is an id for a request that has none at AUTX. It is derived from the key.
func standIn(prefix, key string) string {
	digest := sha256.Sum256([]byte(key))
	return prefix + hex.EncodeToString(digest[:8])
}
