package session

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(goleak.IgnoreAnyFunction("go.opencensus.io/stats/view.(*worker).start")); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// world is a seed with one agent CHAT, which takes $0.05 a message and answers in so many chunks, and my account with $1,000.
func world(responder mockserver.Responder) mockserver.Seed {
	price, message := money.MustParse("0.50"), money.MustParse("0.05")
	return mockserver.Seed{
		Users: []mockserver.SeedUser{
			{ID: "me", BalanceUSD: money.MustParse("1000"), Keys: []mockserver.SeedKey{{Key: "autx_live_me"}}}, {ID: "seller"},
		},
		Agents: []mockserver.SeedAgent{{
			Owner: "seller", Ticker: "CHAT", Name: "Chat", EndpointURL: "https://agents.example.com/chat", ServicePrice: &price, Responder: responder,
			Manifest: &mockserver.Manifest{
				SupportsSessions: true, SessionPricePerMessage: &message, SessionMinimumMessages: 5, SessionMaxDurationMinutes: 240,
			},
		}},
	}
}

// place is a provider's walk on a mock server.
type place struct {
	t       *testing.T
	server  *mockserver.Server
	data    *providerdata.Data
	walk    *walk
	journal string
	paused  []time.Duration
}

func placeAt(t *testing.T, server *mockserver.Server, journal string, change func(*client.Config)) *place {
	t.Helper()
	config := client.Config{BaseURL: server.URL(), APIKey: server.Key()}
	if change != nil {
		change(&config)
	}
	data, err := providerdata.New(providerdata.Settings{Client: config, Spending: &purchase.Limits{MaxPerApply: money.FromInt(1000)}, Journal: journal})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, server: server, data: data, walk: walkOf(data), journal: journal}
	p.walk.pause = func(_ context.Context, d time.Duration) error {
		p.paused = append(p.paused, d)
		return nil
	}
	return p
}

func openPlace(t *testing.T, responder mockserver.Responder, change func(*client.Config), options ...mockserver.Option) *place {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(world(responder))}, options...)...)
	return placeAt(t, server, t.TempDir(), change)
}

// wanting is a conversation of so many messages with CHAT.
func (p *place) wanting(key string, n int) *buyer {
	c := &chat{key: key, agent: "CHAT", most: money.MustParse("0.05").Times(int64(n)), closes: true, timeout: time.Hour}
	for i := range n {
		c.messages = append(c.messages, fmt.Sprintf("Message %d of %s", i+1, key))
	}
	return &buyer{walk: p.walk, desk: p.data.Desk(), chat: c}
}

// statuses writes what became of turns by the first letters: c, f, u, n.
func statuses(turns []turnModel) string {
	var out strings.Builder
	for i := range turns {
		out.WriteString(turns[i].Status.ValueString()[:1])
	}
	return out.String()
}

// charged are what my charges less refunds add up to, in US dollars, and how many messages were accepted.
func (p *place) charged() (total string, n int) {
	sum := money.Zero()
	for _, entry := range p.server.State().Transactions {
		switch entry.Type {
		case "consume":
			sum, n = sum.Add(entry.Amount), n+1
		case "refund":
			sum = sum.Sub(entry.Amount)
		}
	}
	return sum.USD(), n
}
