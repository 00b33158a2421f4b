package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// outcomeOf names the outcome of a call, "" when it did not fail.
func outcomeOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	return mustFail(t, err).Outcome.String()
}

// TestKeyTravelsInTheFirstFrameOnly looks at what a conversation is opened with.
func TestKeyTravelsInTheFirstFrameOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		go func() {
			service := <-world.opened
			if first := service.hear(); !sameJSON(t, first, `{"type": "auth", "token": "Bearer `+testKey+`"}`) {
				t.Errorf("the first frame is %s", first)
			}
			service.send(`{"type":"heartbeat"}`, `{"type":"something new","x":[1]}`, sessionFrame)
		}()
		conversation, err := world.client().Sessions.Open(t.Context(), "a/b c")
		if err != nil {
			t.Fatal(err)
		}
		defer conversation.Abort()
		header := <-world.seen
		if header.Get("Authorization") != "" || header.Get("User-Agent") != "test/1" || strings.Contains(strings.Join(header["Sec-Websocket-Protocol"], ""), "autx") {
			t.Errorf("the upgrade has %v", header)
		}
		if session := conversation.Session(); session.ID != "ses_1" || session.AgentTicker.Or("") != "CHAT" {
			t.Errorf("the session is %+v", session)
		}
	})
}

// TestOpeningGoesWrong answers the key with everything but a session.
func TestOpeningGoesWrong(t *testing.T) {
	t.Parallel()
	const timeout = 30 * time.Second
	for name, test := range map[string]struct {
		service  func(p *peer)
		outcome  string
		message  string
		complete time.Duration // how long it takes
	}{
		"an error frame":         {func(p *peer) { p.send(`{"type":"error","message":"Not enough credits, ` + testKey + `"}`) }, "refused", "Not enough credits, [redacted]", 0},
		"an error without words": {func(p *peer) { p.send(`{"type":"error"}`) }, "refused", `{"type":"error"}`, 0},
		"a chunk":                {func(p *peer) { p.send(`{"type":"chunk","data":"x"}`) }, "unknown", `a "chunk" frame before the session`, 0},
		"a done":                 {func(p *peer) { p.send(`{"type":"done"}`) }, "unknown", `a "done" frame before the session`, 0},
		"a bill":                 {func(p *peer) { p.send(`{"type":"billing"}`) }, "unknown", `a "billing" frame before the session`, 0},
		"no id":                  {func(p *peer) { p.send(`{"type":"session","id":[]}`) }, "unknown", "the session has no id", 0},
		"a binary frame":         {func(p *peer) { p.frame(opBinary|opFinal, []byte(sessionFrame)) }, "unknown", "a binary frame", 0},
		"no UTF-8":               {func(p *peer) { p.send("{\"type\":\"\xff\"}") }, "unknown", "not valid UTF-8", 0},
		"no JSON":                {func(p *peer) { p.send("<html>") }, "unknown", "not a JSON object", 0},
		"an array":               {func(p *peer) { p.send("[]") }, "unknown", "not a JSON object", 0},
		"no type":                {func(p *peer) { p.send("{}", "null") }, "unknown", "has no type", 0},
		"cut":                    {(*peer).cut, "unknown", "the connection was lost", 0},
		"closed":                 {func(p *peer) { p.close(1013, "busy "+testKey) }, "unknown", "closed the connection with code 1013: busy [redacted]", 0},
		"closed without a code":  {func(p *peer) { p.frame(opClose|opFinal, nil) }, "unknown", "closed the connection with code 1005", 0},
		"silence":                {func(*peer) {}, "unknown", "no session within 30s", timeout},
		"heartbeats only": {func(p *peer) {
			for p.pause(time.Second) {
				p.send(`{"type":"heartbeat"}`)
			}
		}, "unknown", "no session within 30s", timeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world, start, left := newPeers(t), time.Now(), make(chan struct{})
				go func() {
					defer close(left)
					service := <-world.opened
					service.hear()
					test.service(service)
					<-service.left
				}()
				conversation, err := world.client(func(c *client.Config) { c.Timeout, c.MaxRetries = timeout, 3 }).Sessions.Open(t.Context(), "CHAT")
				if conversation != nil || outcomeOf(t, err) != test.outcome || !strings.Contains(err.Error(), test.message) || strings.Contains(err.Error(), testKey) {
					t.Errorf("%v, %v; want %s: %s", conversation, err, test.outcome, test.message)
				}
				if took := time.Since(start); took != test.complete {
					t.Errorf("it took %s; want %s", took, test.complete)
				}
				if n := world.dials.Load(); n != 1 {
					t.Errorf("%d attempts; the key was sent by the first", n)
				}
				<-left // the connection is given up
			})
		})
	}
}

// TestUpgradeRefused answers the upgrade with everything but one. No key was sent, so it is tried again where that helps.
func TestUpgradeRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status   int // 0 without a connection
		header   map[string]string
		body     string
		attempts int
		message  string
	}{
		"unauthorized":  {401, nil, `{"detail": "Who are you?"}`, 1, "401 Unauthorized: Who are you?"},
		"not found":     {404, nil, "<html><title>Nothing</title>", 1, `an HTML page titled "Nothing"`},
		"busy":          {503, nil, "x", 4, "503 Service Unavailable: x"},
		"rate limit":    {429, map[string]string{"Retry-After": "7"}, "slow", 4, "to be tried again after 7s"},
		"broken":        {500, nil, "x", 1, "500 Internal Server Error: x"},
		"no WebSocket":  {200, map[string]string{"Content-Type": "text/html"}, "<html>Log in", 4, "the answer is no WebSocket: it is an HTML page"},
		"half upgraded": {101, nil, "", 1, "WebSocket protocol violation"},
		"elsewhere":     {307, map[string]string{"Location": "https://evil.test/ws/agent/CHAT"}, "", 1, "was not followed"},
		"for ever":      {307, map[string]string{"Location": "/api/v1/ws/agent/CHAT"}, "", 4, "more than 3 redirects"},
		"no connection": {0, nil, "", 4, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
					if req.URL.Host != "autx.test" {
						t.Errorf("%s was asked", req.URL.Host)
					}
					if test.status == 0 {
						notConnected(req)
						return nil, errDial
					}
					return respond(req, test.status, test.header, test.body), nil
				}}
				_, err := wire.client(t).Sessions.Open(t.Context(), "CHAT")
				e := mustFail(t, err)
				if e.Outcome != client.NotSent || e.Status != test.status || !strings.Contains(err.Error(), test.message) {
					t.Errorf("%+v: %v", e, err)
				}
				if n := len(wire.times()); n != test.attempts {
					t.Errorf("%d requests; want %d", n, test.attempts)
				}
			})
		})
	}
}

// TestOpeningIsTriedAgain has an upgrade succeed after failures that began nothing.
func TestOpeningIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		world.refuse = func(req *http.Request, earlier int) *http.Response {
			if earlier > 1 {
				return nil
			}
			return respond(req, http.StatusBadGateway, nil, "x")
		}
		conversation, _ := world.converse(func(c *client.Config) { c.MaxRetries = 2 })
		conversation.Abort()
		if n := world.dials.Load(); n != 3 {
			t.Errorf("%d attempts", n)
		}
	})
}

// TestOpeningThatOnlyItsEndpointLimits is refused for ever while other requests are answered, and nobody ends its context. It ends on its own and, told to
// wait, waits each time.
func TestOpeningThatOnlyItsEndpointLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		var c *client.Client
		var refused []time.Time
		world.refuse = func(req *http.Request, _ int) *http.Response {
			if !strings.Contains(req.URL.Path, "/ws/") {
				return respond(req, http.StatusOK, nil, fullAgent)
			}
			if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
				t.Error(err)
			}
			refused = append(refused, time.Now())
			return respond(req, http.StatusTooManyRequests, map[string]string{"Retry-After": "20"}, "")
		}
		c = world.client(retries(2))
		_, err := c.Sessions.Open(t.Context(), "CHAT")
		if e := mustFail(t, err); e.Outcome != client.NotSent || e.Status != http.StatusTooManyRequests || len(refused) != 13 {
			t.Errorf("%d attempts: %v", len(refused), err)
		}
		for i := 1; i < len(refused); i++ {
			if wait := refused[i].Sub(refused[i-1]); wait < 20*time.Second {
				t.Errorf("attempt %d came after %s", i, wait)
			}
		}
	})
}

// TestOpeningIsGivenUp ends the context at each point of an opening.
func TestOpeningIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		c := world.client(func(c *client.Config) { c.MaxRetries = 3 })
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Sessions.Open(ended, "CHAT"); outcomeOf(t, err) != "not sent" || !errors.Is(err, context.Canceled) || world.dials.Load() != 0 {
			t.Errorf("before it began: %v", err)
		}
		waiting, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Sessions.Open(waiting, "CHAT"); outcomeOf(t, err) != "unknown" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while the service says nothing: %v", err)
		}
		canceled, cancel := context.WithCancel(t.Context())
		go func() { <-time.After(time.Second); cancel() }()
		if _, err := c.Sessions.Open(canceled, "CHAT"); outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), "given up before the session was there") {
			t.Errorf("given up while the service says nothing: %v", err)
		}
		world.refuse = func(req *http.Request, _ int) *http.Response { return respond(req, http.StatusBadGateway, nil, "x") }
		again, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := c.Sessions.Open(again, "CHAT"); outcomeOf(t, err) != "not sent" || !strings.Contains(err.Error(), "waiting to try again") {
			t.Errorf("between two attempts: %v", err)
		}
		if _, err := c.Sessions.Open(t.Context(), ""); outcomeOf(t, err) != "not sent" {
			t.Errorf("without an agent: %v", err)
		}
	})
}

// TestOpeningIsNotWantedAnyMore ends what a caller wants at each point of an opening: before the key is sent nothing more is tried, and after it the
// session is waited for.
func TestOpeningIsNotWantedAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newPeers(t)
		c := world.client(func(c *client.Config) { c.MaxRetries = 3 })
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Sessions.OpenWhile(t.Context(), ended, "CHAT"); outcomeOf(t, err) != "not sent" || !errors.Is(err, context.Canceled) || world.dials.Load() != 0 {
			t.Errorf("before it began: %v", err)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := time.Now()
		if _, err := c.Sessions.OpenWhile(t.Context(), soon, "CHAT"); outcomeOf(t, err) != "unknown" || time.Since(before) < time.Minute {
			t.Errorf("after %s, while the service says nothing: %v", time.Since(before), err)
		}
		world.refuse = func(req *http.Request, _ int) *http.Response { return respond(req, http.StatusBadGateway, nil, "x") }
		again, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := c.Sessions.OpenWhile(t.Context(), again, "CHAT"); outcomeOf(t, err) != "not sent" || !strings.Contains(err.Error(), "waiting to try again") {
			t.Errorf("between two attempts: %v", err)
		}
	})
}

// TestConversationOverTLS upgrades where HTTP/2 is offered too, which has no such upgrade.
func TestConversationOverTLS(t *testing.T) {
	t.Parallel()
	server, _ := buyer(t)
	secure := newTLSFront(t, server.Handler())
	c := newClient(t, secure.URL+"/api/v1", func(c *client.Config) { c.APIKey, c.Transport = server.Key(), secure.Client().Transport })
	conversation := open(t, c)
	if turn, err := conversation.Send(t.Context(), "Hello", nil); err != nil || turn.Output != "Echo: Hello" {
		t.Errorf("%+v, %v", turn, err)
	}
	if err := conversation.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Agents.GetByTicker(t.Context(), "CHAT"); err != nil {
		t.Error(err)
	}
}
