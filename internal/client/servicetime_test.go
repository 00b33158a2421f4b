package client_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

func TestServiceTime(t *testing.T) {
	t.Parallel()
	const slack = time.Minute
	date := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", date)
		_, _ = w.Write([]byte(`{"available_usdc": 1}`))
	}))
	t.Cleanup(server.Close)
	api, err := client.New(client.Config{BaseURL: server.URL, APIKey: "autx_live_x", UserAgent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.CloseIdleConnections)
	expect := func(what string, want time.Time) {
		t.Helper()
		if off := api.ServiceTime().Sub(want); off < -slack || off > slack {
			t.Errorf("%s: the service's time is off by %s", what, off)
		}
	}
	expect("before any answer", time.Now())
	for _, ahead := range []time.Duration{-3 * time.Hour, 0, 400 * 24 * time.Hour} {
		at := time.Now().Add(ahead)
		date = at.UTC().Format(http.TimeFormat)
		if _, err := api.Credits.Balance(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect("an answer "+ahead.String()+" ahead", at)
		date = "yesterday"
		if _, err := api.Credits.Balance(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect("an answer without a time that can be read", at)
	}
}

// TestRetryAfterIsADateOfTheService has a service whose clock is hours off this machine's, and says when to come back by a date.
func TestRetryAfterIsADateOfTheService(t *testing.T) {
	t.Parallel()
	const wait = 9 * time.Second
	for _, ahead := range []time.Duration{-5 * time.Hour, -time.Minute, 0, time.Minute, 3 * time.Hour} {
		for name, test := range map[string]struct {
			status       int
			kind         string
			now, earlier time.Duration // how far the Date of this answer, and of the one before, is ahead; 0: there is none
		}{
			"503 with a Date":                   {503, "GET", ahead, 0},
			"429 with a Date":                   {429, "GET", ahead, 0},
			"a purchase that is told to wait":   {429, "create", ahead, 0},
			"503 with another answer's Date":    {503, "GET", 0, ahead},
			"429 with another answer's Date":    {429, "create", 0, ahead},
			"its own Date comes before another": {429, "create", ahead, -ahead},
		} {
			t.Run(name+" "+ahead.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					at := func(ahead time.Duration) string { return time.Now().Add(ahead).UTC().Format(http.TimeFormat) }
					dated := func(ahead time.Duration) map[string]string {
						if ahead == 0 {
							return map[string]string{}
						}
						return map[string]string{"Date": at(ahead)}
					}
					wire := &fakeWire{answer: func(req *http.Request, earlier int) (*http.Response, error) {
						if earlier == 0 {
							return respond(req, 200, dated(test.earlier), fullAgent), nil
						}
						header := map[string]string{"Retry-After": at(ahead + wait)}
						maps.Copy(header, dated(test.now))
						return respond(req, test.status, header, ""), nil
					}}
					c := wire.client(t, retries(1))
					if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
						t.Fatal(err)
					}
					e := mustFail(t, oneOfEachKind()[test.kind].call(t.Context(), c))
					// The clock of a synctest bubble begins at a whole second, as a Date does.
					between(t, wire.waits(), [2]time.Duration{0, 0}, [2]time.Duration{wait, wait})
					if off := e.RetryAfter - wait; off < -time.Second || off > time.Second {
						t.Errorf("it is said to be tried again after %s", e.RetryAfter)
					}
				})
			})
		}
	}
}
