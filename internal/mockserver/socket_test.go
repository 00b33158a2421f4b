package mockserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// talk is a client's side of the WebSocket.
type talk struct {
	t    *testing.T
	conn *websocket.Conn
}

// connect opens a WebSocket to an agent; nothing is said yet.
func (c *caller) connect(agent string) *talk {
	c.t.Helper()
	conn, resp, err := websocket.Dial(c.t.Context(), strings.Replace(c.s.URL(), "http", "ws", 1)+"/ws/agent/"+agent, &websocket.DialOptions{HTTPClient: c.http}) //nolint:bodyclose // the library says not to
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.Header.Get("x-autx-mock-instance") != c.s.Instance() {
		c.t.Error("the upgrade carries no instance")
	}
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	return &talk{c.t, conn}
}

func (k *talk) say(frame string) {
	k.t.Helper()
	if err := k.conn.Write(k.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		k.t.Fatal(err)
	}
}

// hear gives the next frame, or the error.
func (k *talk) hear() (object, error) {
	kind, data, err := k.conn.Read(k.t.Context())
	if err != nil {
		return nil, err
	}
	var o object
	if err := json.Unmarshal(data, &o); err != nil || kind != websocket.MessageText {
		return nil, fmt.Errorf("frame %v %s: %w", kind, data, err)
	}
	return o, nil
}

// want gives the next frame, which must be of a type.
func (k *talk) want(kind string) object {
	k.t.Helper()
	o, err := k.hear()
	if err != nil {
		k.t.Fatalf("%v; want a %s frame", err, kind)
	}
	if o["type"] != kind {
		k.t.Fatalf("%v; want a %s frame", o, kind)
	}
	return o
}

// closed reads to the end and gives the close code, or -1 when there was no closing handshake.
func (k *talk) closed() (websocket.StatusCode, error) {
	k.t.Helper()
	for {
		if _, err := k.hear(); err != nil {
			return websocket.CloseStatus(err), err
		}
	}
}

const (
	authFrame  = `{"type":"auth","token":"Bearer autx_live_buyer"}`
	closeFrame = `{"type":"close"}`
)

// open opens a session as the buyer.
func (c *caller) open(agent string) (k *talk, id string) {
	c.t.Helper()
	k = c.connect(agent)
	k.say(authFrame)
	return k, k.want("session")["session_id"].(string)
}

// ask sends a message and gives the concatenated chunks and the frames after them, up to done.
func (k *talk) ask(prompt string) (text string, done object) {
	k.t.Helper()
	k.say(string(must(jsonOf(map[string]string{"type": "message", "prompt": prompt}))))
	for {
		o, err := k.hear()
		if err != nil {
			k.t.Fatal(err)
		}
		switch o["type"] {
		case "chunk":
			text += o["data"].(string)
		case "done":
			return text, o
		case "billing", "heartbeat":
		default:
			k.t.Fatalf("%v", o)
		}
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	k := buyer.connect("chat")
	k.say(authFrame)
	first := k.want("session")
	id := first["session_id"].(string)
	wantJSON(t, first, `{"type":"session","session_id":"`+id+`","agent_id":"`+idChat+`","agent_name":"Chat","agent_ticker":"CHAT",
		"agent":{"id":"`+idChat+`","name":"Chat","ticker":"CHAT"},"service_price":0.2,"credits_reserved":"0.15"}`)
	if !strings.HasPrefix(id, "ses_") {
		t.Errorf("id %s", id)
	}
	wantFunds(t, s, "buyer", "99.85", "0.15")

	k.say(`{"type":"message","prompt":"Grüße"}`)
	var chunks []string
	for range 3 {
		chunks = append(chunks, k.want("chunk")["data"].(string))
	}
	if text := strings.Join(chunks, ""); text != "Echo: Grüße" {
		t.Errorf("chunks %q", chunks)
	}
	done := k.want("done")
	order := done["order_id"].(string)
	if done["output_hash"] != hexOf("Echo: Grüße") {
		t.Errorf("%v", done)
	}
	wantJSON(t, k.want("billing"), `{"type":"billing","amount_charged":"0.05","platform_fee":"0.005"}`)
	wantFunds(t, s, "buyer", "99.85", "0.1")
	if got := buyer.get("/orders/" + order).want(200); got["status"] != "completed" || got["output_text"] != "Echo: Grüße" {
		t.Errorf("%v", got)
	}
	if tx := buyer.get("/credits/transactions").list()[0]; tx["type"] != "consume" || tx["order_id"] != order || tx["session_id"] != id || tx["amount"] != 0.05 {
		t.Errorf("%v", tx)
	}
	wantJSON(t, buyer.get("/sessions/"+id).want(200), `{"id":"`+id+`","agent_id":"`+idChat+`","agent_name":"Chat","agent_ticker":"CHAT","status":"active",
		"credits_reserved":0.1,"credits_consumed":0.05,"message_count":1,"created_at":"2026-11-23T12:00:00.000000Z","closed_at":null,
		"expires_at":"2026-11-23T16:00:00.000000Z"}`)
	k.ask("again")
	k.want("billing")

	k.say(closeFrame)
	code, err := k.closed()
	if code != websocket.StatusNormalClosure {
		t.Errorf("%v", err)
	}
	wantFunds(t, s, "buyer", "99.9", "0") // released before the closing handshake
	got := buyer.get("/sessions/" + id).want(200)
	if got["status"] != "closed" || got["credits_reserved"] != 0.0 || got["credits_consumed"] != 0.1 || got["message_count"] != 2.0 ||
		got["closed_at"] != "2026-11-23T12:00:00.000000Z" {
		t.Errorf("%v", got)
	}
	if a := buyer.get("/agents/" + idChat).want(200); a["total_revenue"] != 0.1 || a["total_requests"] != 2.0 {
		t.Errorf("%v", a)
	}
	wantLog(t, s, "sessions.open 101 true", "sessions.message 200 true", "sessions.message 200 true", "sessions.end 200 true")
}

// wantLog compares the lines of the WebSocket in the request log.
func wantLog(t *testing.T, s *mockserver.Server, want ...string) {
	t.Helper()
	var got []string
	for _, e := range s.Requests() {
		if e.Method == "WS" {
			got = append(got, fmt.Sprintf("%s %d %v", e.Operation, e.Status, e.Committed))
			if !strings.HasPrefix(e.Path, "/api/v1/ws/agent/") {
				t.Errorf("path %s", e.Path)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("logged %v; want %v", got, want)
	}
}

func TestSessionByIDAndWithTheBareKey(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t)
	k := buyer.connect(idChat)
	k.say(`{"type":"auth","token":"autx_live_buyer"}`)
	if got := k.want("session"); got["agent_ticker"] != "CHAT" {
		t.Errorf("%v", got)
	}
}

func TestSessionRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		agent, auth, message string
		status               int
	}{
		"bad key":     {"CHAT", `{"type":"auth","token":"Bearer autx_live_wrong"}`, "Invalid API key", 401},
		"no key":      {"CHAT", `{"type":"auth"}`, "Invalid API key", 401},
		"scope":       {"CHAT", `{"type":"auth","token":"Bearer autx_live_orders"}`, "scope", 403},
		"agent":       {"NOPE", authFrame, "not found", 404},
		"no sessions": {"SUMM", authFrame, "does not support sessions", 409},
		"paused":      {"PAUSED", authFrame, "paused", 409},
		"balance":     {"CHAT", `{"type":"auth","token":"Bearer autx_live_poor"}`, "credits", 402},
		"no auth":     {"CHAT", `{"type":"message","prompt":"x"}`, "auth", 401},
		"nonsense":    {"CHAT", `hello`, "auth", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, _ := newShop(t)
			caller := as(t, s, "")
			k := caller.connect(c.agent)
			k.say(c.auth)
			if got := k.want("error"); !strings.Contains(got["message"].(string), c.message) {
				t.Errorf("%v", got)
			}
			if code, err := k.closed(); code != websocket.StatusPolicyViolation {
				t.Errorf("%v", err)
			}
			wantLog(t, s, fmt.Sprintf("sessions.open %d false", c.status))
			if got := len(s.State().Sessions); got != 0 {
				t.Errorf("%d sessions", got)
			}
		})
	}
}

func TestTheScopeProxyOpensSessions(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	k := buyer.connect("CHAT")
	k.say(`{"type":"auth","token":"Bearer autx_live_proxy"}`)
	k.want("session")
	wantFunds(t, s, "buyer", "99.85", "0.15")
}

func TestFramesThatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	k, _ := buyer.open("CHAT")
	for _, frame := range []string{`hello`, `[]`, `null`, `{}`, `{"type":"sing"}`, `{"type":"message"}`, `{"type":"message","prompt":5}`, authFrame} {
		k.say(frame)
		if got := k.want("error"); got["message"] == "" {
			t.Errorf("%v", got)
		}
	}
	if err := k.conn.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"message","prompt":"x"}`)); err != nil {
		t.Fatal(err)
	}
	k.want("error")
	k.ask("still here")
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "consume 0.05"}) {
		t.Error(got)
	}
}

func TestAFrameOfAMebibyteIsTooLong(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t)
	k, _ := buyer.open("CHAT")
	prompt := strings.Repeat("x", 1<<20-100)
	k.conn.SetReadLimit(-1)
	if text, _ := k.ask(prompt); text != "Echo: "+prompt {
		t.Errorf("%d bytes", len(text))
	}
	_ = k.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"message","prompt":"`+strings.Repeat("x", 1<<20)+`"}`))
	if code, err := k.closed(); code != websocket.StatusMessageTooBig {
		t.Errorf("%v", err)
	}
}

func TestEveryChunkFrameIsBelowAMebibyte(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t)
	k, _ := buyer.open("CHAT")
	k.conn.SetReadLimit(1 << 20)
	prompt := strings.Repeat("\x01", 170_000) // six bytes each in JSON
	if text, _ := k.ask(prompt); text != "Echo: "+prompt {
		t.Errorf("%d bytes", len(text))
	}
}

func TestMoreMessagesThanTheHoldPaysFor(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"balance_usd": "0.10"`, `"balance_usd": "0.18"`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed))
	poor := as(t, s, "autx_live_poor")
	k := poor.connect("CHAT")
	k.say(`{"type":"auth","token":"Bearer autx_live_poor"}`)
	k.want("session")
	wantFunds(t, s, "poor", "0.03", "0.15")
	for range 3 {
		k.ask("x")
		k.want("billing")
	}
	wantFunds(t, s, "poor", "0.03", "0")
	k.say(`{"type":"message","prompt":"x"}`)
	if got := k.want("error"); !strings.Contains(got["message"].(string), "$0.02") {
		t.Errorf("%v", got)
	}
	poor.post("/credits/deposit-test", `{"amount":5}`).want(200)
	k.ask("x") // the session goes on, paid from what is available
	wantFunds(t, s, "poor", "4.98", "0")
	wantLog(t, s, "sessions.open 101 true", "sessions.message 200 true", "sessions.message 200 true", "sessions.message 200 true",
		"sessions.message 402 false", "sessions.message 200 true")
}

func TestATurnPaidPartlyByTheHold(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"agents": [`, `"sessions": [{"id":"ses_x","user":"buyer","agent_id":"`+idChat+`","credits_reserved":"0.02"}], "agents": [`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed), mockserver.WithClock(noon))
	wantFunds(t, s, "buyer", "100", "0.02")
	if got := as(t, s, s.Key()).delete("/sessions/ses_x").want(200); got["status"] != "closed" {
		t.Errorf("%v", got)
	}
	wantFunds(t, s, "buyer", "100.02", "0")
}

func TestSessionPriceDefaultsToTheServicePrice(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	k, _ := buyer.open("BROKEN")
	wantFunds(t, s, "buyer", "98.5", "1.5") // 5 × $0.30
	k.say(`{"type":"message","prompt":"x"}`)
	if got := k.want("error"); got["message"] != "The agent failed" {
		t.Errorf("%v", got)
	}
	wantFunds(t, s, "buyer", "98.5", "1.5")
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "consume 0.3", "refund 0.3"}) {
		t.Error(got)
	}
	if o := s.State().Orders[0]; o.Status != "failed" || *o.SessionID != s.State().Sessions[0].ID {
		t.Errorf("%+v", o)
	}
	k.say(closeFrame)
	_, _ = k.closed()
	wantFunds(t, s, "buyer", "100", "0")
	if got := s.State().Sessions[0]; got.CreditsConsumed.String() != "0" || got.MessageCount != 1 {
		t.Errorf("%+v", got)
	}
	wantLog(t, s, "sessions.open 101 true", "sessions.message 502 true", "sessions.end 200 true")
}

// slowChat is the shop with a CHAT that takes its time for each chunk.
func slowChat(t *testing.T, pause string, opts ...mockserver.Option) (*mockserver.Server, *caller) {
	t.Helper()
	seed := strings.Replace(shop, `"session_minimum_messages": 3}`, `"session_minimum_messages": 3}, "responder": {"kind":"echo","chunks":2,"delay":"`+pause+`"}`, 1)
	s := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeedJSON(seed), mockserver.WithClock(noon)}, opts...)...)
	return s, as(t, s, "autx_live_buyer")
}

func TestClosingInTheMiddleOfATurnGivesItBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(buyer *caller, k *talk, id string){
		"frame": func(_ *caller, k *talk, _ string) { k.say(closeFrame) },
		"REST": func(buyer *caller, _ *talk, id string) {
			if got := buyer.delete("/sessions/" + id).want(200); got["status"] != "closed" || got["credits_consumed"] != 0.0 || got["credits_reserved"] != 0.0 {
				t.Errorf("%v", got)
			}
		},
		"expiry": func(buyer *caller, _ *talk, _ string) { buyer.s.Advance(4 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, buyer := slowChat(t, "1h")
			k, id := buyer.open("CHAT")
			k.say(`{"type":"message","prompt":"x"}`)
			<-s.Await("sessions.message", 1)
			wantFunds(t, s, "buyer", "99.85", "0.1")
			if o := s.State().Orders[0]; o.Status != "pending" {
				t.Errorf("%+v", o)
			}
			end(buyer, k, id)
			if code, err := k.closed(); code != websocket.StatusNormalClosure {
				t.Errorf("%v", err)
			}
			wantFunds(t, s, "buyer", "100", "0")
			if o := s.State().Orders[0]; o.Status != "failed" {
				t.Errorf("%+v", o)
			}
			if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "consume 0.05", "refund 0.05"}) {
				t.Error(got)
			}
			want := map[string]string{"frame": "closed", "REST": "closed", "expiry": "expired"}[name]
			if got := buyer.get("/sessions/" + id).want(200); got["status"] != want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestALostSocketKeepsTheSessionAndItsTurn(t *testing.T) {
	t.Parallel()
	s, buyer := slowChat(t, "1h")
	k, id := buyer.open("CHAT")
	k.say(`{"type":"message","prompt":"x"}`)
	<-s.Await("sessions.message", 1)
	_ = k.conn.CloseNow()
	waitFor(t, func() bool { return s.State().Orders[0].Status == "completed" })
	wantFunds(t, s, "buyer", "99.85", "0.1")
	if got := buyer.get("/sessions/?status=active").status; got != 307 {
		t.Errorf("%d", got)
	}
	if got := buyer.get("/sessions?status=active").list(); len(got) != 1 || got[0]["id"] != id {
		t.Errorf("%v", got)
	}
	s.Advance(4*time.Hour - time.Microsecond)
	wantFunds(t, s, "buyer", "99.85", "0.1")
	s.Advance(time.Microsecond)
	wantFunds(t, s, "buyer", "99.95", "0")
	if got := buyer.get("/sessions/" + id).want(200); got["status"] != "expired" || got["closed_at"] != "2026-11-23T16:00:00.000000Z" {
		t.Errorf("%v", got)
	}
}

// waitFor waits until something that another goroutine does has happened.
func waitFor(t *testing.T, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	patience := time.NewTimer(30 * time.Second)
	defer patience.Stop()
	for !happened() {
		select {
		case <-tick.C:
		case <-patience.C:
			t.Fatal("it did not happen")
		}
	}
}

func TestALostSocketClosesTheSessionIfTheSwitchSaysSo(t *testing.T) {
	t.Parallel()
	s, buyer := slowChat(t, "1h", mockserver.WithAssume("sessions.on_disconnect", "close"))
	k, _ := buyer.open("CHAT")
	k.say(`{"type":"message","prompt":"x"}`)
	<-s.Await("sessions.message", 1)
	_ = k.conn.Close(websocket.StatusNormalClosure, "")
	<-s.Await("sessions.end", 1)
	wantFunds(t, s, "buyer", "100", "0")
	if got := s.State().Sessions[0]; got.Status != "closed" {
		t.Errorf("%+v", got)
	}
	wantLog(t, s, "sessions.open 101 true", "sessions.message 200 true", "sessions.end 0 true")
}

// TestWhatWasSaidBeforeTheSocketWasLostCounts sends a message and leaves at once, with a proper closing handshake but no close frame.
func TestWhatWasSaidBeforeTheSocketWasLostCounts(t *testing.T) {
	t.Parallel()
	for range 20 {
		s, buyer, _ := newShop(t)
		k, _ := buyer.open("CHAT")
		k.say(`{"type":"message","prompt":"x"}`)
		_ = k.conn.Close(websocket.StatusNormalClosure, "")
		<-s.Await("sessions.message", 1)
		waitFor(t, func() bool { return s.State().Orders[0].Status == "completed" })
		wantFunds(t, s, "buyer", "99.85", "0.1")
	}
}

// TestReleasedBeforeTheClosingHandshake closes as the Python client does: the close frame, and at once the closing handshake.
func TestReleasedBeforeTheClosingHandshake(t *testing.T) {
	t.Parallel()
	for range 50 {
		s, buyer, _ := newShop(t)
		k, _ := buyer.open("CHAT")
		k.say(closeFrame)
		if err := k.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Fatal(err)
		}
		if available, reserved := funds(t, s, "buyer"); available != "100" || reserved != "0" {
			t.Fatalf("%s available, %s reserved", available, reserved)
		}
	}
}

func TestMessagesDuringATurnWait(t *testing.T) {
	t.Parallel()
	_, buyer := slowChat(t, "5ms")
	k, _ := buyer.open("CHAT")
	for i := range 3 {
		k.say(fmt.Sprintf(`{"type":"message","prompt":"%d"}`, i))
	}
	var kinds []string
	for range 12 {
		o, err := k.hear()
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, o["type"].(string))
	}
	one := []string{"chunk", "chunk", "done", "billing"}
	if want := slices.Concat(one, one, one); !slices.Equal(kinds, want) {
		t.Errorf("%v", kinds)
	}
}

func TestSessionsOverREST(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	k, first := buyer.open("CHAT")
	s.Advance(time.Second)
	_, second := buyer.open("CHAT")
	if got := column(buyer.get("/sessions").list(), "id"); !slices.Equal(got, []any{second, first}) {
		t.Errorf("%v", got)
	}
	seller.get("/sessions/" + first).refused(404)
	seller.delete("/sessions/" + first).refused(404)
	buyer.get("/sessions/ses_nope").refused(404)
	if got := seller.get("/sessions").list(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := buyer.get("/sessions?status=open").invalid(); got[0] != "query.status" {
		t.Error(got)
	}
	buyer.delete("/sessions/" + first).want(200)
	if got := k.want("error"); got["message"] != "The session has ended" {
		t.Errorf("%v", got)
	}
	if code, err := k.closed(); code != websocket.StatusNormalClosure {
		t.Errorf("%v", err)
	}
	if got := buyer.delete("/sessions/" + first).want(200); got["status"] != "closed" || last(t, s).Committed {
		t.Errorf("closing twice: %v", got)
	}
	if got := column(buyer.get("/sessions?status=closed").list(), "id"); !slices.Equal(got, []any{first}) {
		t.Errorf("%v", got)
	}
}

func TestAnAgentThatGoesAwayDuringASession(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	k, _ := buyer.open("CHAT")
	seller.patch("/agents/"+idChat, `{"status":"paused"}`).want(200)
	k.say(`{"type":"message","prompt":"x"}`)
	k.want("error")
	seller.patch("/agents/"+idChat, `{"status":"active"}`).want(200)
	k.ask("x")
	k.want("billing")
	seller.delete("/agents/" + idChat).want(204)
	k.say(`{"type":"message","prompt":"x"}`)
	k.want("error")
	k.say(closeFrame)
	_, _ = k.closed()
	wantFunds(t, s, "buyer", "99.95", "0")
}

func TestAnotherWorldEndsSessions(t *testing.T) {
	t.Parallel()
	s, buyer := slowChat(t, "1h")
	k, _ := buyer.open("CHAT")
	k.say(`{"type":"message","prompt":"x"}`)
	<-s.Await("sessions.message", 1)
	s.Reset()
	if code, err := k.closed(); code != websocket.StatusNormalClosure {
		t.Errorf("%v", err)
	}
	wantFunds(t, s, "buyer", "100", "0")
}

func TestSessionSwitches(t *testing.T) {
	t.Parallel()
	for shape, fields := range map[string]string{
		"flat":   "agent_id agent_name agent_ticker credits_reserved service_price session_id type",
		"nested": "agent credits_reserved service_price session_id type",
		"both":   "agent agent_id agent_name agent_ticker credits_reserved service_price session_id type",
	} {
		_, buyer, _ := newShop(t, mockserver.WithAssume("sessions.frame", shape), mockserver.WithAssume("sessions.billing", "before_done"))
		k := buyer.connect("CHAT")
		k.say(authFrame)
		if got := strings.Join(keysOf(k.want("session")), " "); got != fields {
			t.Errorf("%s: %s", shape, got)
		}
		k.say(`{"type":"message","prompt":"x"}`)
		for _, kind := range []string{"chunk", "chunk", "chunk", "billing", "done"} {
			k.want(kind)
		}
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	_, buyer := slowChat(t, "30ms", mockserver.WithAssume("sessions.heartbeat", "2ms"))
	k := buyer.connect("CHAT")
	k.say(authFrame)
	k.want("session") // nothing else may come first
	k.want("heartbeat")
	k.want("heartbeat")
	k.say(`{"type":"message","prompt":"x"}`)
	var beats int
	for {
		o, err := k.hear()
		if err != nil {
			t.Fatal(err)
		}
		if o["type"] == "heartbeat" {
			beats++
		} else if o["type"] == "done" {
			break
		}
	}
	if beats == 0 {
		t.Error("no heartbeat during a turn")
	}
}

func TestTheRealClockEndsASessionWhenItIsAdvanced(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"session_minimum_messages": 3`, `"session_minimum_messages": 3, "session_max_duration_minutes": 1`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed))
	buyer := as(t, s, "autx_live_buyer")
	k, id := buyer.open("CHAT")
	s.Advance(time.Minute)
	k.want("error")
	if got := buyer.get("/sessions/" + id).want(200); got["status"] != "expired" {
		t.Errorf("%v", got)
	}
}

// TestFaultsOnTheWebSocket tries each phase and action of the operations that exist on the WebSocket only.
func TestFaultsOnTheWebSocket(t *testing.T) {
	t.Parallel()
	isError := func(message string) func(*testing.T, []object, error) {
		return func(t *testing.T, frames []object, _ error) {
			t.Helper()
			if len(frames) == 0 || frames[len(frames)-1]["type"] != "error" || frames[len(frames)-1]["message"] != message {
				t.Errorf("frames %v; want the error %q", frames, message)
			}
		}
	}
	// cutAfter expects some bytes of chunk data, then no more, and no closing handshake.
	cutAfter := func(text string) func(*testing.T, []object, error) {
		return func(t *testing.T, frames []object, err error) {
			t.Helper()
			var got strings.Builder
			for _, f := range frames {
				if f["type"] != "chunk" {
					t.Errorf("frame %v", f)
					continue
				}
				got.WriteString(f["data"].(string))
			}
			if got.String() != text && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("chunks %q; want %q", got.String(), text)
			}
			if websocket.CloseStatus(err) != -1 || (!errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET)) {
				t.Errorf("%v; want the socket cut", err)
			}
		}
	}
	const nothing, held, charged = "100 0", "99.85 0.15", "99.85 0.1"
	for _, c := range []struct {
		rule, funds, log string
		check            func(t *testing.T, frames []object, err error)
	}{
		{"sessions.open:before:reset", nothing, "sessions.open 0 false", cutAfter("")},
		{"sessions.open:before:status=503,body=\"{\\\"detail\\\":\\\"busy\\\"}\"", nothing, "sessions.open 503 false", isError("busy")},
		{"sessions.open:after:reset", held, "sessions.open 0 true", cutAfter("")},
		{"sessions.open:after:status=500", held, "sessions.open 500 true", isError("Internal Server Error")},
		{"sessions.message:before:reset", held, "sessions.open 101 true; sessions.message 0 false", cutAfter("")},
		{"sessions.message:before:status=429", held, "sessions.open 101 true; sessions.message 429 false", isError("Too Many Requests")},
		{"sessions.message:after:reset", charged, "sessions.open 101 true; sessions.message 0 true", cutAfter("")},
		{"sessions.message:after:status=500,body=lost", charged, "sessions.open 101 true; sessions.message 500 true", isError("lost")},
		{"sessions.message:body:truncate=7", charged, "sessions.open 101 true; sessions.message 200 true", cutAfter("Echo: h")},
		{"sessions.message:body:truncate", charged, "sessions.open 101 true; sessions.message 200 true", cutAfter("")},
		{"sessions.message:body:truncate=1000", charged, "sessions.open 101 true; sessions.message 200 true", cutAfter("Echo: hello")},
		{"sessions.message:body:reset,bytes=7", charged, "sessions.open 101 true; sessions.message 200 true", cutAfter("Echo: h")},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			s, buyer, _ := newShop(t, mockserver.WithFault(c.rule))
			k := buyer.connect("CHAT")
			k.say(authFrame)
			var frames []object
			var err error
			if !strings.HasPrefix(c.rule, "sessions.open") {
				k.want("session")
				k.say(`{"type":"message","prompt":"hello"}`)
			}
			for err == nil && (len(frames) == 0 || frames[len(frames)-1]["type"] != "error") {
				var f object
				if f, err = k.hear(); err == nil {
					frames = append(frames, f)
				}
			}
			c.check(t, frames, err)
			waitFor(t, func() bool { a, r := funds(t, s, "buyer"); return a+" "+r == c.funds })
			wantLog(t, s, strings.Split(c.log, "; ")...)
			for _, session := range s.State().Sessions {
				if session.Status != "active" {
					t.Errorf("%+v", session)
				}
			}
			waitFor(t, func() bool {
				return !slices.ContainsFunc(s.State().Orders, func(o mockserver.OrderState) bool { return o.Status != "completed" })
			})
		})
	}
}

func TestDelaysAndHangsOnTheWebSocket(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"sessions.open:before:delay=20ms", "sessions.open:after:delay=20ms", "sessions.message:before:delay=20ms", "sessions.message:after:delay=20ms",
		"sessions.message:body:delay=20ms,bytes=3", "sessions.end:before:delay=20ms", "sessions.end:after:delay=20ms",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			s, buyer, _ := newShop(t, mockserver.WithFault(rule))
			start := time.Now()
			k, _ := buyer.open("CHAT")
			if text, _ := k.ask("hello"); text != "Echo: hello" {
				t.Errorf("%q", text)
			}
			k.say(closeFrame)
			if code, err := k.closed(); code != websocket.StatusNormalClosure {
				t.Errorf("%v", err)
			}
			if took := time.Since(start); took < 20*time.Millisecond {
				t.Errorf("it took %s", took)
			}
			wantFunds(t, s, "buyer", "99.95", "0")
		})
	}
	for rule, want := range map[string]string{
		"sessions.open:before:hang": "100 0", "sessions.open:after:hang": "99.85 0.15", "sessions.message:before:hang": "99.85 0.15",
		"sessions.message:after:hang": "99.85 0.1", "sessions.end:before:hang": "99.85 0.1", "sessions.end:after:hang": "99.95 0",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			s, buyer, _ := newShop(t)
			f := s.AddFault(rule)
			k := buyer.connect("CHAT")
			k.say(authFrame)
			var frames atomic.Int64
			done := make(chan struct{})
			go func() {
				defer close(done)
				for {
					if _, _, err := k.conn.Read(context.WithoutCancel(t.Context())); err != nil {
						return
					}
					frames.Add(1)
				}
			}()
			operation, _, _ := strings.Cut(strings.TrimPrefix(rule, "sessions."), ":")
			came := map[string]int64{"open": 0, "message": 1, "end": 6}[operation] // session; 3 chunks, done and billing
			k.say(`{"type":"message","prompt":"hello"}`)
			if operation == "end" {
				waitFor(t, func() bool { return frames.Load() == came })
				k.say(closeFrame)
			}
			<-f.Fired()
			waitFor(t, func() bool { a, r := funds(t, s, "buyer"); return a+" "+r == want && frames.Load() == came })
			_ = k.conn.CloseNow()
			<-done
			if frames.Load() != came {
				t.Errorf("%d frames came; want %d", frames.Load(), came)
			}
		})
	}
}

func TestFaultsAtTheEndOfASession(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct {
		funds, status string
		code          websocket.StatusCode
	}{
		"sessions.end:before:reset":      {"99.85 0.15", "active", -1},
		"sessions.end:after:reset":       {"100 0", "closed", -1},
		"sessions.end:after:status=500":  {"100 0", "closed", websocket.StatusNormalClosure},
		"sessions.end:before:status=503": {"99.85 0.15", "active", 0},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			s, buyer, _ := newShop(t, mockserver.WithFault(rule))
			k, id := buyer.open("CHAT")
			k.say(closeFrame)
			if c.code == 0 { // refused: the session goes on
				k.want("error")
			} else if code, err := k.closed(); code != c.code {
				t.Errorf("%v", err)
			}
			if a, r := funds(t, s, "buyer"); a+" "+r != c.funds {
				t.Errorf("funds %s %s", a, r)
			}
			if got := buyer.get("/sessions/" + id).want(200); got["status"] != c.status {
				t.Errorf("%v", got)
			}
			if c.code == 0 {
				k.ask("x")
				k.want("billing")
				k.say(closeFrame)
				if code, err := k.closed(); code != websocket.StatusNormalClosure {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

func TestServerCloseCutsSockets(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"session_minimum_messages": 3}`, `"session_minimum_messages": 3}, "responder": {"kind":"echo","delay":"1h"}`, 1)
	s := must(mockserver.Start(mockserver.WithSeedJSON(seed), mockserver.WithClock(noon)))
	buyer := as(t, s, "autx_live_buyer")
	idle, _ := buyer.open("CHAT")
	busy, _ := buyer.open("CHAT")
	silent := buyer.connect("CHAT")
	busy.say(`{"type":"message","prompt":"x"}`)
	<-s.Await("sessions.message", 1)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, k := range []*talk{idle, busy, silent} {
		if _, err := k.closed(); err == nil {
			t.Error("no error")
		}
	}
	if err := s.CheckInvariants(); err != nil {
		t.Error(err)
	}
	if o := s.State().Orders[0]; o.Status != "completed" {
		t.Errorf("%+v", o)
	}
}

func TestUpgradeThatIsNone(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/ws/agent/CHAT", http.NoBody))
	req.Header.Set("Upgrade", "websocket") // without the rest of the handshake
	resp, err := buyer.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode < 400 || last(t, s).Operation != "sessions.open" {
		t.Errorf("%d", resp.StatusCode)
	}
}

// slowFailure is the shop with a BROKEN that takes its time before it fails.
func slowFailure(t *testing.T, pause string, opts ...mockserver.Option) (*mockserver.Server, *caller) {
	t.Helper()
	seed := strings.Replace(shop, `{"kind": "fail"}`, `{"kind": "fail", "delay": "`+pause+`"}`, 1)
	s := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeedJSON(seed), mockserver.WithClock(noon)}, opts...)...)
	return s, as(t, s, "autx_live_buyer")
}

func TestATurnThatFailsSlowly(t *testing.T) {
	t.Parallel()
	s, buyer := slowFailure(t, "20ms")
	k, _ := buyer.open("BROKEN")
	start := time.Now()
	k.say(`{"type":"message","prompt":"x"}`)
	k.want("error")
	if took := time.Since(start); took < 20*time.Millisecond {
		t.Errorf("it took %s", took)
	}
	wantFunds(t, s, "buyer", "98.5", "1.5")
}

func TestEndingsOfATurnThatWouldFail(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *mockserver.Server, k *talk){
		"closed": func(_ *mockserver.Server, k *talk) { k.say(closeFrame) },
		"lost":   func(_ *mockserver.Server, k *talk) { _ = k.conn.CloseNow() },
		"reset":  func(s *mockserver.Server, _ *talk) { s.Reset() },
	} {
		s, buyer := slowFailure(t, "1h")
		k, _ := buyer.open("BROKEN")
		k.say(`{"type":"message","prompt":"x"}`)
		<-s.Await("sessions.message", 1)
		wantFunds(t, s, "buyer", "98.5", "1.2") // charged until it has failed
		end(s, k)
		want := map[string]string{"closed": "100 0", "lost": "98.5 1.5", "reset": "100 0"}[name]
		waitFor(t, func() bool { a, r := funds(t, s, "buyer"); return a+" "+r == want })
	}
}

func TestFaultsOnATurnThatFails(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"sessions.message:after:delay=20ms", "sessions.message:after:status=500", "sessions.message:after:reset"} {
		s, buyer, _ := newShop(t, mockserver.WithFault(rule))
		k, _ := buyer.open("BROKEN")
		k.say(`{"type":"message","prompt":"x"}`)
		if !strings.HasSuffix(rule, "reset") {
			k.want("error")
		} else if code, err := k.closed(); code != -1 {
			t.Errorf("%v", err)
		}
		wantFunds(t, s, "buyer", "98.5", "1.5")
	}
	// A turn that fails has no chunks that could break off.
	s, buyer, _ := newShop(t)
	f := s.AddFault("sessions.message:body:truncate")
	k, _ := buyer.open("BROKEN")
	k.say(`{"type":"message","prompt":"x"}`)
	k.want("error")
	if f.Hits() != 0 {
		t.Error("it struck")
	}
	f.Remove()
}

func TestWebSocketRulesMatchUserAndTicker(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	s.AddFault("sessions.open:before:status=503,user=seller").Remove()
	other := s.AddFault("sessions.*:before:status=503,ticker=SUMM")
	mine := s.AddFault("sessions.message:before:status=503,user=buyer,ticker=chat")
	k, _ := buyer.open(idChat)
	k.say(`{"type":"message","prompt":"x"}`)
	k.want("error")
	if other.Hits() != 0 || mine.Hits() != 1 {
		t.Errorf("%d, %d hits", other.Hits(), mine.Hits())
	}
	other.Remove()
}

func TestRateLimitOnTheWebSocket(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t, mockserver.WithRateLimit(1))
	k, _ := buyer.open("CHAT")
	again := buyer.connect("CHAT")
	again.say(authFrame)
	if got := again.want("error"); got["message"] != "Rate limit exceeded" {
		t.Errorf("%v", got)
	}
	k.ask("frames are no requests")
	wantLog(t, s, "sessions.open 101 true", "sessions.open 429 false", "sessions.message 200 true")
}
