package mockserver_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// TestTwoHundredClients lets clients do whatever they like at once, sessions included, while faults strike, the clock moves and somebody keeps
// looking at the invariants. In the end every balance must be what the answers and the ledger say.
func TestTwoHundredClients(t *testing.T) {
	t.Parallel()
	crowd(t, 200, mockserver.WithAssume("orders.delay", "2s"))
}

// TestACrowdWithEverySwitchTurned does the same with fewer clients, the switches in their other positions and a state file.
func TestACrowdWithEverySwitchTurned(t *testing.T) {
	t.Parallel()
	opts := []mockserver.Option{mockserver.WithStateFile(filepath.Join(t.TempDir(), "world.json"))}
	for name, position := range map[string]string{
		"agents.public_endpoint_url": "true", "agents.patch_null": "ignored", "agents.delete": "delisted", "credits.shape": "balance_usd",
		"orders.delay": "1s", "lists.lag": "2", "lists.default_limit": "3", "sessions.heartbeat": "1ms", "sessions.billing": "before_done",
		"sessions.frame": "flat", "sessions.on_disconnect": "close",
	} {
		opts = append(opts, mockserver.WithAssume(name, position))
	}
	crowd(t, 20, opts...)
}

func crowd(t *testing.T, clients int, opts ...mockserver.Option) {
	t.Helper()
	const steps = 8
	s, _, seller := newShop(t, opts...)
	for _, rule := range []string{
		"orders.create:after:status=500,times=0,skip=10", "credits.withdraw:before:status=503,times=3", "sessions.message:body:truncate=3,times=10",
		"proxy.call:after:reset,times=10", "credits.deposit_test:body:truncate=5,times=10",
	} {
		s.AddFault(rule)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	shared := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	keys := []string{"autx_live_buyer", "autx_live_seller", "autx_live_poor", "autx_live_newcomer"}

	stop := make(chan struct{})
	var watcher, busy sync.WaitGroup
	watcher.Go(func() {
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for {
			select {
			case <-stop:
				return
			case <-look.C:
				if err := s.CheckInvariants(); err != nil {
					t.Error(err)
					return
				}
				s.Advance(100 * time.Millisecond)
			}
		}
	})
	for n := range clients {
		busy.Go(func() {
			c := &caller{t: t, s: s, key: keys[n%len(keys)], http: shared}
			random := rand.New(rand.NewPCG(1, uint64(n)))
			for step := range steps {
				c.anything(random, fmt.Sprintf("C%dS%d", n, step))
			}
		})
	}
	busy.Wait()
	close(stop)
	watcher.Wait()

	if err := s.CheckInvariants(); err != nil {
		t.Fatal(err)
	}
	s.Advance(5 * time.Hour) // all orders finish, all sessions expire
	seller.control(http.MethodGet, "/invariants", "").want(200)
	state := s.State()
	in := map[string]money.Amount{}
	for _, tx := range state.Transactions {
		switch tx.Type {
		case "deposit", "refund":
			in[tx.User] = in[tx.User].Add(tx.Amount)
		default:
			in[tx.User] = in[tx.User].Sub(tx.Amount)
		}
	}
	for _, u := range state.Users {
		if !u.ReservedUSDC.IsZero() || !u.AvailableUSDC.Equal(in[u.ID]) {
			t.Errorf("%s has %s and %s; the transactions give %s", u.ID, u.AvailableUSDC, u.ReservedUSDC, in[u.ID])
		}
	}
	charged := map[string]int{}
	for _, tx := range state.Transactions {
		if tx.Type == "consume" && tx.OrderID != nil {
			charged[*tx.OrderID]++
		}
	}
	committed := 0
	for _, e := range s.Requests() {
		if e.Committed && (e.Operation == "orders.create" || e.Operation == "sessions.message") {
			committed++
		}
	}
	if len(state.Orders) != committed || committed == 0 {
		t.Errorf("%d orders, %d committed requests that make one", len(state.Orders), committed)
	}
	for _, o := range state.Orders {
		if o.Status == "pending" || (charged[o.ID] != 1 && !o.AmountPaid.IsZero()) {
			t.Errorf("order %+v was charged %d times", o, charged[o.ID])
		}
	}
	t.Logf("%d requests, %d orders, %d transactions, %d sessions", len(s.Requests()), len(state.Orders), len(state.Transactions), len(state.Sessions))
}

// anything does one thing that a client may do. Refusals are fine; the invariants decide.
func (c *caller) anything(random *rand.Rand, name string) {
	agents := []string{idSumm, idFree, idBroken, idChat, idJSON, idPaused, idUnknown}
	agent := agents[random.IntN(len(agents))]
	switch random.IntN(14) {
	case 0, 1, 2:
		c.post("/orders/", `{"agent_id":"`+agent+`","prompt":"`+name+`"}`)
	case 3:
		c.post("/proxy/"+agent, `{"prompt":"x"}`)
	case 4:
		c.post("/credits/deposit-test", `{"amount":"5.55"}`)
	case 5:
		c.post("/credits/withdraw", `{"amount":"1.11"}`)
	case 6:
		c.post("/agents/", launchOf(name))
	case 7:
		var reserved struct{ ID string }
		if got := c.post("/agents/reserve/", launchOf(name)); got.status == 201 && json.Unmarshal(got.body, &reserved) == nil {
			c.delete("/agents/" + reserved.ID + "/reservation/")
		}
	case 8:
		c.patch("/agents/"+agent, `{"description":"`+name+`"}`)
	case 9:
		c.get("/agents/?sort=new")
		c.get("/credits/transactions?limit=5")
	default:
		c.chatter(random)
	}
}

// chatter opens a session, says something and leaves in one of the possible ways.
func (c *caller) chatter(random *rand.Rand) {
	conn, _, err := websocket.Dial(c.t.Context(), strings.Replace(c.s.URL(), "http", "ws", 1)+"/ws/agent/CHAT", &websocket.DialOptions{HTTPClient: c.http}) //nolint:bodyclose // the library says not to
	if err != nil {
		c.t.Error(err)
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it may be closed already
	say := func(frame string) { _ = conn.Write(c.t.Context(), websocket.MessageText, []byte(frame)) }
	say(`{"type":"auth","token":"Bearer ` + c.key + `"}`)
	var first struct {
		Type      string `json:"type"`
		SessionID string `json:"session_id"`
	}
	_, data, err := conn.Read(c.t.Context())
	if err != nil || json.Unmarshal(data, &first) != nil || first.Type != "session" {
		return
	}
	messages := random.IntN(3)
	for range messages {
		say(`{"type":"message","prompt":"hello"}`)
	}
	switch random.IntN(4) {
	case 0:
		say(closeFrame)
	case 1:
		c.delete("/sessions/" + first.SessionID)
	case 2:
		if messages > 0 {
			_, _, _ = conn.Read(c.t.Context())
		}
		say(closeFrame)
		_ = conn.Close(websocket.StatusNormalClosure, "")
	}
}
