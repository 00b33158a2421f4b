package purchase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// order is a kind of purchases that is used once for ever, as orders will be.
const order purchase.Kind = "test_order"

var errScripted = errors.New("scripted")

// failure is an error that says whether the request may have been carried out, as the client's do.
type failure struct{ maybe bool }

func (f *failure) Error() string {
	return fmt.Sprintf("scripted failure, maybe carried out: %t", f.maybe)
}
func (f *failure) MayHaveBeenCarriedOut() bool { return f.maybe }

// died is what a Send panics with to stand for the death of its process.
type died struct{}

// fate is what happens to one request that charges.
type fate int

const (
	answered    fate = iota // carried out and answered
	refused                 // answered with a refusal
	lostBefore              // not carried out, no answer
	lostAfter               // carried out, no answer
	diedBefore              // the process dies before the request arrives
	diedAfter               // the process dies after it was carried out
	noID                    // carried out, and the answer names no id
	unnamed                 // carried out, and the seller never says which it is
	diedUnnamed             // the process dies while it looks for what the seller does not name
)

func (f fate) charges() bool { return f == answered || f == lostAfter || f == diedAfter || f >= noID }

type object struct {
	id, owner, kind, key string // key is the ticker of an agent; of an order the service knows only its scope
	tag                  string // the key of whoever bought it, for the test to know
	gone                 bool
}

// service is what sells: an account's agents with unique tickers, and orders that carry no key.
type service struct {
	mu        sync.Mutex
	objects   []*object
	charges   map[string]int // by kind and key
	sends     int
	finds     int
	confirms  int
	price     money.Amount
	balance   money.Amount
	reads     int // of the balance
	instance  string
	script    []fate // of the next requests; then answered
	lag       int    // how many of the newest objects Find misses
	shown     int    // how many of the oldest objects Find does not miss in any case
	findErrs  int    // how many of the next finds fail
	dieInFind bool   // the process dies in the next find
	during    func() // while a request is on its way
	lax       bool   // tickers need not be unique
}

func newService() *service {
	return &service{charges: map[string]int{}, price: money.FromInt(20), balance: money.FromInt(1_000_000)}
}

func (s *service) chargesOf(kind purchase.Kind, key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.charges[string(kind)+" "+key]
}

func (s *service) counts() (sends, finds, confirms int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sends, s.finds, s.confirms
}

func (s *service) next() fate {
	if len(s.script) == 0 {
		return answered
	}
	f := s.script[0]
	s.script = s.script[1:]
	return f
}

// add makes an object outside of any purchase.
func (s *service) add(owner string, kind purchase.Kind, key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.insert(owner, kind, key)
}

func (s *service) insert(owner string, kind purchase.Kind, key string) string {
	id := fmt.Sprintf("id-%d", len(s.objects)+1)
	s.objects = append(s.objects, &object{id: id, owner: owner, kind: string(kind), key: key})
	return id
}

func (s *service) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.objects {
		if o.id == id {
			o.gone = true
		}
	}
}

func (s *service) live(kind purchase.Kind, key string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, o := range s.objects {
		if o.kind == string(kind) && o.key == key && !o.gone {
			ids = append(ids, o.id)
		}
	}
	return ids
}

func (s *service) send(owner string, kind purchase.Kind, key, stored string) (string, error) {
	s.mu.Lock()
	s.sends++
	f := s.next()
	during := s.during
	s.mu.Unlock()
	if during != nil {
		during()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := ""
	if f.charges() {
		if kind == purchase.AgentLaunch && !s.lax {
			for _, o := range s.objects {
				if o.kind == string(kind) && o.key == key && !o.gone {
					return "", &failure{maybe: f != answered}
				}
			}
		}
		id = s.insert(owner, kind, stored)
		s.objects[len(s.objects)-1].tag = key
		s.charges[string(kind)+" "+key]++
		s.balance = s.balance.Sub(s.price)
	}
	switch f {
	case answered:
		return id, nil
	case noID:
		return "", nil
	case unnamed:
		return "", fmt.Errorf("scripted: %w", purchase.ErrIDUnknown)
	case diedUnnamed:
		s.dieInFind = true
		return "", purchase.ErrIDUnknown
	case refused:
		return "", &failure{maybe: false}
	case diedBefore, diedAfter:
		panic(died{})
	case lostBefore, lostAfter:
	}
	return "", &failure{maybe: true}
}

func (s *service) find(owner string, kind purchase.Kind, stored string, known []string) ([]purchase.Match, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finds++
	if s.dieInFind {
		s.dieInFind = false
		panic(died{})
	}
	if s.findErrs > 0 {
		s.findErrs--
		return nil, errScripted
	}
	var found []purchase.Match
	for i, o := range s.objects {
		hidden := i >= len(s.objects)-s.lag && i >= s.shown
		if o.owner == owner && o.kind == string(kind) && o.key == stored && !o.gone && !hidden && !slices.Contains(known, o.id) {
			found = append(found, purchase.Match{ID: o.id, Label: "the " + o.kind + " " + o.id})
		}
	}
	return found, nil
}

// reporter is what a test and a property have in common.
type reporter interface {
	Helper()
	Errorf(format string, arguments ...any)
	Fatalf(format string, arguments ...any)
	Fatal(arguments ...any)
}

// buyer is an account at a service with a journal; each of its desks is a new walk of the CLI.
type buyer struct {
	t       reporter
	service *service
	journal string
	apiKey  string
	limits  *purchase.Limits
	hooks   purchase.Hooks
	slept   *[]time.Duration
}

func newBuyer(t testing.TB) *buyer {
	t.Helper()
	return newBuyerAt(t, t.TempDir())
}

func newBuyerAt(t reporter, journal string) *buyer {
	slept := &[]time.Duration{}
	var mu sync.Mutex
	return &buyer{
		t: t, service: newService(), journal: journal, apiKey: "autx_live_first", slept: slept,
		limits: &purchase.Limits{MaxPerApply: money.FromInt(1_000_000)},
		hooks: purchase.Hooks{
			Now: func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) },
			Sleep: func(ctx context.Context, d time.Duration) error {
				mu.Lock()
				defer mu.Unlock()
				*slept = append(*slept, d)
				return ctx.Err()
			},
		},
	}
}

func (b *buyer) desk() *purchase.Desk {
	return purchase.NewDesk(purchase.WithHooks(purchase.Config{
		Limits:     b.limits,
		JournalDir: b.journal,
		Account: purchase.Account{
			BaseURL: "https://service.test/api/v1", APIKey: b.apiKey,
			Instance: func() string {
				b.service.mu.Lock()
				defer b.service.mu.Unlock()
				return b.service.instance
			},
			Available: func(context.Context) (money.Amount, error) {
				b.service.mu.Lock()
				defer b.service.mu.Unlock()
				b.service.reads++
				return b.service.balance, nil
			},
		},
	}, b.hooks))
}

// agent is the launch of an agent for $20.
func (b *buyer) agent(ticker string) purchase.Purchase {
	s := b.service
	return purchase.Purchase{
		Kind: purchase.AgentLaunch, Key: ticker, Title: "launch of agent " + ticker, Authorized: money.FromInt(20), Settled: purchase.AdoptUnlessInState,
		Send: func(context.Context) (string, error) { return s.send(b.apiKey, purchase.AgentLaunch, ticker, ticker) },
		Find: func(context.Context, json.RawMessage) ([]purchase.Match, error) {
			return s.find(b.apiKey, purchase.AgentLaunch, ticker, nil)
		},
		Confirm: b.confirm(),
	}
}

// order is an order to one seller, whose list shows ids but no keys.
func (b *buyer) order(key, digest string) purchase.Purchase {
	s := b.service
	return purchase.Purchase{
		Kind: order, Key: key, Title: "order " + key, Digest: digest, Authorized: money.FromInt(30), Settled: purchase.AdoptIfSameInputs,
		Price: func(context.Context) (money.Amount, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.price, nil
		},
		Snapshot: func(context.Context) (json.RawMessage, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			ids := []string{}
			for _, o := range s.objects {
				if o.owner == b.apiKey && o.kind == string(order) {
					ids = append(ids, o.id)
				}
			}
			return json.Marshal(ids)
		},
		Send: func(context.Context) (string, error) { return s.send(b.apiKey, order, key, "seller") },
		Find: func(_ context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
			var known []string
			if err := json.Unmarshal(snapshot, &known); err != nil {
				return nil, err
			}
			return s.find(b.apiKey, order, "seller", known)
		},
		Confirm: b.confirm(),
	}
}

func (b *buyer) confirm() func(context.Context, string) (bool, error) {
	s := b.service
	return func(_ context.Context, id string) (bool, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.confirms++
		for _, o := range s.objects {
			if o.id == id {
				return !o.gone && o.owner == b.apiKey, nil
			}
		}
		return false, nil
	}
}

// buy buys with a desk of its own, and tells whether the process died over it.
func (b *buyer) buy(p purchase.Purchase) (result purchase.Result, err error, dead bool) {
	b.t.Helper()
	return buyAt(context.Background(), b.desk(), p)
}

func buyAt(ctx context.Context, d *purchase.Desk, p purchase.Purchase) (result purchase.Result, err error, dead bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, dead = r.(died); !dead {
				panic(r)
			}
		}
	}()
	result, err = d.Buy(ctx, p)
	return result, err, false
}

// must buys and fails the test where that does not succeed.
func (b *buyer) must(p purchase.Purchase) purchase.Result {
	b.t.Helper()
	result, err, dead := b.buy(p)
	if err != nil || dead {
		b.t.Fatalf("buying %s: %v (died: %t)", p.Key, err, dead)
	}
	return result
}

// refuse buys and fails the test where that is not refused for the reason.
func (b *buyer) refuse(p purchase.Purchase, want purchase.Reason) *purchase.Refusal {
	b.t.Helper()
	_, err, _ := b.buy(p)
	return wantRefusal(b.t, err, want)
}

func wantRefusal(t reporter, err error, want purchase.Reason) *purchase.Refusal {
	t.Helper()
	var refusal *purchase.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want {
		t.Fatalf("error is %v; want a refusal for reason %s", err, want)
	}
	if refusal.Severity != purchase.SeverityError || refusal.Summary == "" || refusal.Detail == "" {
		t.Fatalf("the refusal is not a complete error: %+v", refusal.Problem)
	}
	return refusal
}

func (b *buyer) wantState(kind purchase.Kind, key, want string) purchase.RecordView {
	b.t.Helper()
	view, ok := b.desk().RecordOf(kind, key)
	if !ok {
		view.State = "none"
	}
	if view.State != want {
		b.t.Fatalf("the record of %s is %q (%+v); want %q", key, view.State, view, want)
	}
	return view
}

func (b *buyer) wantCharges(kind purchase.Kind, key string, want int) {
	b.t.Helper()
	if got := b.service.chargesOf(kind, key); got != want {
		b.t.Fatalf("%s %s was charged %d times; want %d", kind, key, got, want)
	}
}
