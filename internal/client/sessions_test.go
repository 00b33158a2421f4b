package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestSessionInEachSpelling reads sessions as different sources show them.
func TestSessionInEachSpelling(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"id": "ses_1", "agent_id": "a", "agent_name": "n", "agent_ticker": "T"}`:                                  "ses_1 a n T",
		`{"session_id": "ses_1", "agent": {"id": "a", "name": "n", "ticker": "T"}}`:                                 "ses_1 a n T",
		`{"id": "ses_1", "session_id": "other", "agent_id": "a", "agent": {"id": "x", "name": "n", "ticker": "T"}}`: "ses_1 a n T",
		`{"id": null, "session_id": 7, "agent": {"ticker": "T"}}`:                                                   "7   T",
		`{"id": "ses_1", "agent": null, "agent_ticker": null}`:                                                      "ses_1   ",
		`{"id": "ses_1", "agent": "T", "credits_reserved": [], "message_count": "many"}`:                            "ses_1   ",
	} {
		got, err := serveJSON(t, 200, body).client(t).Sessions.Get(t.Context(), "ses_1")
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if text := fmt.Sprintf("%s %s %s %s", got.ID, got.AgentID.Or(""), got.AgentName.Or(""), got.AgentTicker.Or("")); text != want {
			t.Errorf("%s: %s; want %s", body, text, want)
		}
	}
	whole := `{"id": "ses_1", "status": "active", "credits_reserved": 0.20, "credits_consumed": "0.05", "service_price": "1", "message_count": 3,
		"created_at": "a", "closed_at": null, "expires_at": "b", "new": 1}`
	got, err := serveJSON(t, 200, whole).client(t).Sessions.Get(t.Context(), "ses_1")
	if err != nil || got.Status.Or("") != "active" || amount(got.CreditsReserved) != "0.2" || amount(got.CreditsConsumed) != "0.05" ||
		amount(got.ServicePrice) != "1" || got.MessageCount.Or(0) != 3 || got.CreatedAt.Or("") != "a" || !got.ClosedAt.IsNull() || got.ExpiresAt.Or("") != "b" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSessionsThatCannotBeRead has answers of no use.
func TestSessionsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for body, message := range map[string]string{"{}": "the session has no id", "[]": "the answer cannot be read", "": "the answer cannot be read"} {
		if _, err := serveJSON(t, 200, body).client(t).Sessions.Get(t.Context(), "ses_1"); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := serveJSON(t, 200, `[{"id": "ses_1"}, {}]`).client(t).Sessions.List(t.Context(), client.SessionFilter{}); err == nil ||
		!strings.Contains(err.Error(), "element 1: the session has no id") {
		t.Error(err)
	}
	c := serveJSON(t, 200, "{}").client(t)
	_, got := c.Sessions.Get(t.Context(), "")
	_, closed := c.Sessions.Close(t.Context(), "")
	if outcomeOf(t, got) != "not sent" || outcomeOf(t, closed) != "not sent" {
		t.Errorf("without an id: %v, %v", got, closed)
	}
}

// TestOddSessionIsLogged names what of a session could not be read.
func TestOddSessionIsLogged(t *testing.T) {
	t.Parallel()
	var log logBuffer
	ctx := tflogtest.RootLogger(t.Context(), &log)
	body := `{"id": [], "session_id": "ses_1", "agent": 7, "credits_reserved": "much", "message_count": {}}`
	if _, err := serveJSON(t, 200, body).client(t).Sessions.Get(ctx, "ses_1"); err != nil {
		t.Fatal(err)
	}
	lines := log.lines(t, "warn")
	if len(lines) != 1 {
		t.Fatalf("%v", lines)
	}
	for _, part := range []string{"id: ", "agent: ", "CreditsReserved: ", "MessageCount: "} {
		if !strings.Contains(fmt.Sprint(lines[0]["fields"]), part) {
			t.Errorf("%s is not in %v", part, lines[0]["fields"])
		}
	}
}

// TestSessionListIsAsked looks at the requests.
func TestSessionListIsAsked(t *testing.T) {
	t.Parallel()
	server := serveJSON(t, 200, "[]")
	for filter, uri := range map[client.SessionFilter]string{
		{}: "/api/v1/sessions", {Status: "a b"}: "/api/v1/sessions?status=a+b",
	} {
		if got, err := server.client(t).Sessions.List(t.Context(), filter); err != nil || got == nil || len(got) != 0 || server.last(t).uri != uri {
			t.Errorf("%+v: %v, %v, %s", filter, got, err, server.last(t).uri)
		}
	}
}

// TestCloseOverREST tolerates what a service may answer, as the status says it all.
func TestCloseOverREST(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		closed string
	}{
		"the session":   {200, `{"id": "ses_1", "status": "closed"}`, "closed"},
		"by halves":     {200, `{"status": "closed"}`, "closed"},
		"no content":    {204, "", ""},
		"no JSON":       {200, "OK", ""},
		"an odd object": {202, `{"id": [], "status": 7}`, "7"},
	} {
		server := serveJSON(t, test.status, test.body)
		got, err := server.client(t).Sessions.Close(t.Context(), "ses_1")
		if err != nil || got.ID != "ses_1" || got.Status.Or("") != test.closed {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if sent := server.last(t); sent.method != http.MethodDelete || sent.uri != "/api/v1/sessions/ses_1" {
			t.Errorf("sent %+v", sent)
		}
	}
	if _, err := serveJSON(t, 404, "{}").client(t, retries(3)).Sessions.Close(t.Context(), "ses_1"); !client.IsNotFound(err) {
		t.Errorf("an unknown session: %v", err)
	}
	gone := serve(t, func(w http.ResponseWriter, _ *http.Request, earlier int) {
		if earlier == 0 {
			reply(w, 503, "busy")
			return
		}
		reply(w, 404, `{"detail": "Not found"}`)
	})
	if got, err := gone.client(t, retries(1)).Sessions.Close(t.Context(), "ses_1"); err != nil || got.ID != "ses_1" || gone.count() != 2 {
		t.Errorf("a 404 to the second attempt: %+v, %v", got, err)
	}
}

// TestCloseOverRESTIsRepeated has the first answer lost.
func TestCloseOverRESTIsRepeated(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t, mockserver.WithFault("sessions.close:after:reset"))
	c := against(t, server, retries(1))
	conversation := open(t, c)
	conversation.Abort()
	got, err := c.Sessions.Close(t.Context(), conversation.Session().ID)
	if err != nil || got.Status.Or("") != "closed" {
		t.Errorf("%+v, %v", got, err)
	}
}
