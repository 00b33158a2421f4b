package mockserver

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// The fixed sums of AUTX, in USD.
var (
	launchFee      = money.MustParse("20") // after the first agent of a founding member (client 0.4.1)
	defaultPrice   = money.MustParse("5")  // an agent's price when none is given (client 0.4.1)
	defaultDeposit = money.MustParse("10") // a test deposit without an amount (assumed from the SDK reference)
	leastDeposit   = money.MustParse("5")  // SDK reference
	mostDeposit    = money.MustParse("10000")
)

// world is everything the server knows. All of it is guarded by the server's lock.
type world struct {
	assume    assumptions
	users     []*user
	keys      map[string]*key
	agents    []*agent   // in the order of creation
	orders    []*order   // in the order of creation
	sessions  []*session // in the order of creation
	checkouts []*checkout
	images    map[string]image // by SHA-256
	ledger    *ledger

	now     time.Time // of the request that holds the lock
	version int64     // counts changes: a request that left it alone changed nothing
	nextSeq int64
	gone    chan struct{} // closed when another world has taken this one's place
}

type user struct {
	ID               string `json:"id"`
	EmailVerified    bool   `json:"email_verified"`
	LaunchesLeftFree int    `json:"launches_left_free"`
	Keys             []*key `json:"keys"`
}

type key struct {
	Key    string   `json:"key"`
	Scopes []string `json:"scopes"`
	owner  *user
}

// agent is a listing. Fields are exported for the state file.
type agent struct {
	Seq                                                    int64
	ID, Owner, Name, Ticker, EndpointURL                   string
	Description, Category, Provider                        *string
	Price                                                  money.Amount
	AuthTier, Status                                       string
	ProviderKeyConfigured                                  bool
	ProviderKeySHA256                                      string
	UptimePct, SuccessRate                                 json.Number
	Revenue                                                money.Amount
	Requests, Calls, Failures                              int64 // requests ever; calls and failures on this server
	CreatedAt                                              time.Time
	ContractAddress, DividendSplitterAddress, TokenAddress *string
	TxHash, DeployerAddress                                string
	Manifest                                               *Manifest
	Profile                                                *Profile
	ImageSHA256, ImageURL                                  string
	Responder                                              Responder
	Launch                                                 launch
}

// launch is how an agent's launch was paid for; it is given back when a reservation is cancelled.
type launch struct {
	Fee      money.Amount
	Free     bool
	Checkout string
}

// order is a purchase, a turn of a session included.
type order struct {
	Seq                                                  int64
	ID, User, AgentID, AgentName, AgentTicker, SessionID string
	Status, PaymentMethod, Prompt, Text                  string // Text is the answer to come while the order is pending
	Files                                                []FileState
	Paid, Fee                                            money.Amount
	Fails                                                bool // the agent will fail
	FromHold                                             money.Amount
	CreatedAt, DueAt, CompletedAt                        time.Time // DueAt is zero for a turn, which its socket ends
}

// session is a chat session.
type session struct {
	Seq                                       int64
	ID, User, AgentID, AgentName, AgentTicker string
	Status                                    string
	Price, Hold, Consumed                     money.Amount // Hold is what is left of it
	Messages                                  int64
	CreatedAt, ClosedAt, ExpiresAt            time.Time
	ended                                     chan struct{} // closed when the session is no longer active
	turn                                      *order        // the turn in flight
}

type checkout struct {
	ID, User, Type, SuccessURL, CancelURL string
	AgentID, AgentName                    *string
	Status                                string // open, complete, used
	CreatedAt                             time.Time
}

type image struct {
	ContentType string
	Data        []byte
}

const (
	statusActive    = "active"
	statusPaused    = "paused"
	statusPending   = "pending"
	statusDelisted  = "delisted" // an agent after DELETE, with agents.delete=delisted; readable by id only
	statusCompleted = "completed"
	statusFailed    = "failed"
	statusClosed    = "closed"
	statusExpired   = "expired"
)

func newWorld(assume assumptions) *world {
	return &world{assume: assume, keys: map[string]*key{}, images: map[string]image{}, ledger: newLedger(), gone: make(chan struct{})}
}

// changed notes that the world is not what it was.
func (w *world) changed() { w.version++ }

func (w *world) seq() int64 { w.nextSeq++; return w.nextSeq }

func (w *world) account(u *user) *account { return w.ledger.account(u.ID) }

func (w *world) user(id string) *user {
	for _, u := range w.users {
		if u.ID == id {
			return u
		}
	}
	return nil
}

// agentByID finds an agent, a delisted one included.
func (w *world) agentByID(id string) *agent {
	for _, a := range w.agents {
		if strings.EqualFold(a.ID, id) {
			return a
		}
	}
	return nil
}

// listedByID finds an agent that has not been deleted.
func (w *world) listedByID(id string) *agent {
	if a := w.agentByID(id); a != nil && a.Status != statusDelisted {
		return a
	}
	return nil
}

// listedByTicker finds an agent that has not been deleted, whatever the case of the ticker (assumed).
func (w *world) listedByTicker(ticker string) *agent {
	for _, a := range w.agents {
		if strings.EqualFold(a.Ticker, ticker) && a.Status != statusDelisted {
			return a
		}
	}
	return nil
}

func (w *world) listedByEither(tickerOrID string) *agent {
	if a := w.listedByTicker(tickerOrID); a != nil {
		return a
	}
	return w.listedByID(tickerOrID)
}

func (w *world) tickerTaken(ticker string) bool {
	return slices.ContainsFunc(w.agents, func(a *agent) bool { return strings.EqualFold(a.Ticker, ticker) })
}

// nameTaken tells whether another agent than except has the name.
func (w *world) nameTaken(name string, except *agent) bool {
	return slices.ContainsFunc(w.agents, func(a *agent) bool { return a != except && strings.EqualFold(a.Name, name) })
}

func (w *world) orderByID(id string) *order {
	for _, o := range w.orders {
		if strings.EqualFold(o.ID, id) {
			return o
		}
	}
	return nil
}

func (w *world) sessionByID(id string) *session {
	for _, s := range w.sessions {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func (w *world) checkoutByID(id string) *checkout {
	for _, c := range w.checkouts {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// runDue lets everything happen that is due by now, in the order of its time: orders finish, sessions expire, balances expire.
func (w *world) runDue(now time.Time) {
	for {
		at, event := w.nextDue(now)
		if event == nil {
			break
		}
		w.now = at
		event()
		w.changed()
	}
	w.now = now
}

// nextDue finds the earliest event that is due by now.
func (w *world) nextDue(now time.Time) (time.Time, func()) {
	var at time.Time
	var event func()
	consider := func(due time.Time, run func()) {
		if !due.IsZero() && !due.After(now) && (event == nil || due.Before(at)) {
			at, event = due, run
		}
	}
	for _, o := range w.orders {
		if o.Status == statusPending {
			consider(o.DueAt, func() { w.finishOrder(o) })
		}
	}
	for _, s := range w.sessions {
		if s.Status == statusActive {
			consider(s.ExpiresAt, func() { w.endSession(s, statusExpired) })
		}
	}
	for _, u := range w.users {
		consider(w.account(u).expiresAt(), func() { w.ledger.expire(u.ID, w.now) })
	}
	return at, event
}

func newID() string { return uuid.NewString() }
