package mockserver_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// wholeSeed has every field that a seed can have.
const wholeSeed = `{
  "users": [{"id": "u", "balance_usd": "16.50", "email_verified": false, "launches_left_free": 3, "keys": [{"key": "autx_live_u", "scopes": ["orders", "proxy"]}]},
            {"id": "o"}],
  "agents": [{"owner": "o", "id": "00000000-0000-4000-8000-0000000000aa", "ticker": "AGENT", "name": "Agent", "endpoint_url": "https://a.example",
    "service_price": "0.40", "status": "paused", "description": "d", "category": "c", "auth_tier": "buyer_key", "provider": "openai",
    "provider_api_key": "sk-x", "provider_key_configured": true, "uptime_pct": 99.9, "success_rate": 97.5, "total_revenue": "1000.25", "total_requests": 12,
    "created_at": "2026-01-02T03:04:05Z", "contract_address": "0x1", "dividend_splitter_address": "0x2", "agent_token_address": "0x3",
    "manifest": {"input": {"type": "json", "file_types": ["pdf"]}, "supports_sessions": true}, "profile": {"tagline": "t"}, "image_url": "https://i.example/x",
    "responder": {"kind": "json", "delay": "2s", "chunks": 4, "status": 201, "body": {"x": 1}}}],
  "orders": [
    {"id": "o-1", "user": "u", "agent_id": "00000000-0000-4000-8000-0000000000aa", "status": "completed", "amount_paid": "0.30", "platform_fee": "0.03",
     "payment_method": "stripe", "prompt": "p", "output_text": "out", "created_at": "2026-02-01T00:00:00Z", "completed_at": "2026-02-01T00:00:10Z"},
    {"id": "o-2", "user": "u", "agent_id": "00000000-0000-4000-8000-0000000000aa", "status": "failed", "prompt": "p", "created_at": "2026-02-02T00:00:00Z"},
    {"id": "o-3", "user": "u", "agent_id": "gone", "agent_name": "Gone", "agent_ticker": "GONE", "amount_paid": 1, "created_at": "2026-02-03T00:00:00Z"}],
  "transactions": [
    {"id": "t-1", "user": "u", "type": "deposit", "amount": "20.00", "created_at": "2026-01-15T00:00:00Z", "tx_hash": "0xabc"},
    {"id": "t-2", "user": "u", "type": "withdrawal", "amount": 2, "created_at": "2026-02-10T00:00:00Z"},
    {"id": "t-3", "user": "u", "type": "consume", "amount": "0.30", "order_id": "o-1", "created_at": "2026-02-01T00:00:00Z"}],
  "sessions": [
    {"id": "ses_a", "user": "u", "agent_id": "00000000-0000-4000-8000-0000000000aa", "credits_reserved": "0.25", "credits_consumed": "0.10", "message_count": 2,
     "created_at": "2026-11-23T11:00:00Z"},
    {"id": "ses_b", "user": "u", "agent_id": "00000000-0000-4000-8000-0000000000aa", "status": "expired", "created_at": "2026-03-01T00:00:00Z",
     "closed_at": "2026-03-01T04:00:00Z", "expires_at": "2026-03-01T04:00:00Z"}]
}`

func TestWholeSeed(t *testing.T) {
	t.Parallel()
	s := mockserver.New(t, mockserver.WithSeedJSON(wholeSeed), mockserver.WithClock(noon))
	got := s.State()
	u := got.Users[0]
	if u.AvailableUSDC.String() != "16.5" || u.ReservedUSDC.String() != "0.25" || u.EmailVerified || u.LaunchesLeftFree != 3 ||
		!slices.Equal(u.Scopes[0], []string{"orders", "proxy"}) || *u.LastWithdrawalAt != "2026-02-10T00:00:00.000000Z" {
		t.Errorf("%+v", u)
	}
	a := got.Agents[0]
	wantJSON(t, a, `{"id":"00000000-0000-4000-8000-0000000000aa","owner_id":"o","name":"Agent","ticker":"AGENT","description":"d","category":"c",
		"service_price":0.4,"auth_tier":"buyer_key","provider":"openai","provider_key_configured":true,"status":"paused","uptime_pct":99.9,"success_rate":97.5,
		"total_revenue":1000.25,"total_requests":12,"created_at":"2026-01-02T03:04:05.000000Z","contract_address":"0x1","dividend_splitter_address":"0x2",
		"agent_token_address":"0x3","manifest":{"input":{"type":"json","accepts_files":false,"file_types":["pdf"],"max_size_bytes":10485760},
		"output":{"type":"json","produces_files":false,"content_types":["application/json"],"max_size_bytes":52428800},"supports_sessions":true,
		"session_price_per_message":null,"session_minimum_messages":5,"session_max_duration_minutes":240,"chat_response_path":null},
		"profile":{"tagline":"t","capabilities":[],"use_cases":[],"output_description":null,"best_for":null,"limitations":null},
		"image_url":"https://i.example/x","endpoint_url":"https://a.example","user":"o","tx_hash":"","deployer_address":"",
		"provider_key_sha256":"`+hexOf("sk-x")+`"}`)
	if len(got.Orders) != 3 || *got.Orders[0].OutputText != "out" || *got.Orders[0].OutputHash != hexOf("out") || *got.Orders[2].AgentTicker != "GONE" ||
		got.Orders[1].AmountPaid.String() != "0.4" || got.Orders[1].PlatformFee.String() != "0.04" {
		t.Errorf("%+v", got.Orders)
	}
	// The opening deposit makes up the difference; what orders and sessions imply is there too.
	want := []string{"deposit 0.15", "deposit 20", "consume 0.3", "consume 0.4", "refund 0.4", "consume 1", "withdrawal 2", "consume 0.1"}
	if got := moves(s, "u"); !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
	if got.Transactions[1].ID != "t-1" || *got.Transactions[1].TxHash != "0xabc" {
		t.Errorf("%+v", got.Transactions[1])
	}
	active := got.Sessions[0]
	if active.Status != "active" || active.CreditsReserved.String() != "0.25" || *active.ExpiresAt != "2026-11-23T15:00:00.000000Z" || active.MessageCount != 2 {
		t.Errorf("%+v", active)
	}
	s.Advance(3 * time.Hour)
	if got := s.State().Sessions[0]; got.Status != "expired" || *got.ClosedAt != "2026-11-23T15:00:00.000000Z" {
		t.Errorf("%+v", got)
	}
	wantFunds(t, s, "u", "16.75", "0")
}

// TestSeededHistoryDecidesWhenTheBalanceExpires lets a test start shortly before that.
func TestSeededHistoryDecidesWhenTheBalanceExpires(t *testing.T) {
	t.Parallel()
	s := mockserver.New(t, mockserver.WithClock(noon), mockserver.WithSeedJSON(`{"users":[{"id":"u","balance_usd":5,"keys":[{"key":"autx_live_u"}]}],
		"transactions":[{"user":"u","type":"deposit","amount":5,"created_at":"2026-09-01T12:00:00Z"}]}`))
	if got := as(t, s, s.Key()).get("/credits/balance").want(200); got["expires_at"] != "2026-11-30T12:00:00.000000Z" {
		t.Errorf("%v", got)
	}
	s.Advance(7 * 24 * time.Hour)
	wantFunds(t, s, "u", "0", "0")
}

// TestSeedIsRead shows that a Go seed and its JSON make the same world.
func TestSeedRoundTrip(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"whole": wholeSeed, "shop": shop, "demo": string(must(json.Marshal(mockserver.DemoSeed())))} {
		seed := must(mockserver.ParseSeed([]byte(text)))
		again := must(mockserver.ParseSeed(must(json.Marshal(seed))))
		a := mockserver.New(t, mockserver.WithSeed(seed), mockserver.WithClock(noon))
		b := mockserver.New(t, mockserver.WithSeed(again), mockserver.WithClock(noon))
		if diff := cmp.Diff(must(json.Marshal(a.State())), must(json.Marshal(b.State()))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, u := range seed.Users {
			available, _ := funds(t, a, u.ID)
			if available != u.BalanceUSD.String() {
				t.Errorf("%s: %s has %s; the seed says %s", name, u.ID, available, u.BalanceUSD)
			}
		}
	}
}

func TestSeedRefused(t *testing.T) {
	t.Parallel()
	const users = `"users":[{"id":"u","balance_usd":5,"keys":[{"key":"autx_live_u"}]}]`
	agent := func(change string) string {
		return `{` + users + `,"agents":[{"owner":"u","ticker":"AB","name":"A","endpoint_url":"https://x.example"` + change + `}]}`
	}
	const id = `00000000-0000-4000-8000-0000000000aa`
	with := func(more string) string {
		return `{` + users + `,"agents":[{"owner":"u","ticker":"AB","id":"` + id + `","name":"A","endpoint_url":"https://x.example"}],` + more + `}`
	}
	for _, bad := range []string{
		``, `null`, `[]`, `{}`, `{"users":[]}`, `{"users":[{"id":"u"}]}`, `{"users":[{"id":"","keys":[{"key":"autx_live_u"}]}]}`,
		`{"users":[{"id":"u","keys":[{"key":"autx_live_u"}]},{"id":"u"}]}`, `{"users":[{"id":"u","keys":[{"key":"sk_u"}]}]}`,
		`{"users":[{"id":"u","keys":[{"key":"autx_live_u"},{"key":"autx_live_u"}]}]}`, `{"users":[{"id":"u","keys":[{"key":"autx_live_u v"}]}]}`,
		`{"users":[{"id":"u","keys":[{"key":"autx_live_u","scopes":["admin"]}]}]}`, `{"users":[{"id":"u","balance_usd":-1,"keys":[{"key":"autx_live_u"}]}]}`,
		`{"users":[{"id":"u","balance_usd":"lots","keys":[{"key":"autx_live_u"}]}]}`, `{"users":[{"id":"u","launches_left_free":-1,"keys":[{"key":"autx_live_u"}]}]}`,
		`{` + users + `,"colour":1}`, `{` + users + `} x`, agent(`,"colour":1`), agent(`,"owner":"v"`), agent(`,"ticker":"ab"`), agent(`,"name":""`),
		agent(`,"endpoint_url":"x"`), agent(`,"service_price":-1`), agent(`,"service_price":0.0000001`), agent(`,"status":"gone"`), agent(`,"auth_tier":"x"`),
		agent(`,"total_requests":-1`), agent(`,"manifest":{"colour":1}`), agent(`,"manifest":{"input":{"colour":1}}`), agent(`,"created_at":"yesterday"`),
		agent(`,"manifest":{"session_minimum_messages":-1}`), agent(`,"manifest":{"session_price_per_message":-1}`), agent(`,"id":"a/b"`),
		agent(`,"responder":{"kind":"sing"}`), agent(`,"responder":{"kind":"echo","body":1}`), agent(`,"responder":{"kind":"fail","status":200}`),
		agent(`,"responder":{"kind":"echo","status":500}`), agent(`,"responder":{"kind":"echo","chunks":-1}`), agent(`,"responder":{"kind":"echo","delay":5}`),
		agent(`},{"owner":"u","ticker":"AB","name":"B","endpoint_url":"https://x.example"`), agent(`},{"owner":"u","ticker":"CD","name":"a","endpoint_url":"https://x.example"`),
		with(`"orders":[{"user":"v","agent_id":"` + id + `"}]`), with(`"orders":[{"user":"u","agent_id":"gone"}]`),
		with(`"orders":[{"user":"u","agent_id":"` + id + `","status":"done"}]`), with(`"orders":[{"user":"u","agent_id":"` + id + `","amount_paid":-1}]`),
		with(`"orders":[{"id":"x","user":"u","agent_id":"` + id + `"},{"id":"x","user":"u","agent_id":"` + id + `"}]`),
		with(`"transactions":[{"user":"v","type":"deposit","amount":1}]`), with(`"transactions":[{"user":"u","type":"gift","amount":1}]`),
		with(`"transactions":[{"user":"u","type":"deposit","amount":0}]`), with(`"transactions":[{"user":"u","type":"deposit","amount":6}]`),
		with(`"transactions":[{"id":"x","user":"u","type":"deposit","amount":1},{"id":"x","user":"u","type":"deposit","amount":1}]`),
		with(`"sessions":[{"user":"v","agent_id":"` + id + `"}]`), with(`"sessions":[{"user":"u","agent_id":"gone"}]`),
		with(`"sessions":[{"user":"u","agent_id":"` + id + `","status":"open"}]`), with(`"sessions":[{"user":"u","agent_id":"` + id + `","credits_reserved":-1}]`),
		with(`"sessions":[{"user":"u","agent_id":"` + id + `","status":"closed","credits_reserved":1}]`),
		with(`"sessions":[{"id":"x","user":"u","agent_id":"` + id + `"},{"id":"x","user":"u","agent_id":"` + id + `"}]`),
	} {
		if seed, err := mockserver.ParseSeed([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, seed)
		} else if !strings.Contains(err.Error(), "seed") {
			t.Errorf("%s: the error does not say that it is about a seed: %v", bad, err)
		}
	}
}

func TestSeededOrderStaysPending(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"agents": [`, `"orders": [{"id":"p","user":"buyer","agent_id":"`+idSumm+`","status":"pending","prompt":"x"}], "agents": [`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed), mockserver.WithClock(noon), mockserver.WithAssume("orders.delay", "1m"))
	buyer := as(t, s, "autx_live_buyer")
	if got := buyer.get("/orders/p").want(200); got["status"] != "pending" {
		t.Errorf("%v", got)
	}
	s.Advance(time.Minute)
	if got := buyer.get("/orders/p").want(200); got["status"] != "completed" || got["output_text"] != "Echo: x" {
		t.Errorf("%v", got)
	}
	wantFunds(t, s, "buyer", "100", "0")
}

func FuzzParseSeed(f *testing.F) {
	for _, seed := range []string{wholeSeed, shop, `{"users":[{"id":"u","keys":[{"key":"autx_live_u"}]}]}`, `{`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		seed, err := mockserver.ParseSeed(data)
		if err != nil {
			return
		}
		if _, err := mockserver.ParseSeed(must(json.Marshal(seed))); err != nil {
			t.Fatalf("%s reads as %+v, which does not read back: %v", data, seed, err)
		}
	})
}
