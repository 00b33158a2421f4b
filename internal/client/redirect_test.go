package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// TestRedirectsToTheSameHost follows those that leave the request as it is.
func TestRedirectsToTheSameHost(t *testing.T) {
	t.Parallel()
	for name, kind := range oneOfEachKind() {
		for _, status := range []int{301, 302, 303, 307, 308} {
			server := serve(t, func(w http.ResponseWriter, r *http.Request, earlier int) {
				if earlier == 0 {
					http.Redirect(w, r, r.URL.Path+"other/", status) //nolint:gosec // on purpose
					return
				}
				reply(w, 200, kind.success)
			})
			err := kind.call(t.Context(), server.client(t, retries(3)))
			followed := name == "GET" || status == 307 || status == 308
			if followed {
				all := server.requests()
				if err != nil || len(all) != 2 {
					t.Errorf("%s, %d: %d requests, %v", name, status, len(all), err)
					continue
				}
				first, second := all[0], all[1]
				if second.method != first.method || second.body != first.body || second.header.Get("Authorization") != "Bearer "+testKey ||
					second.header.Get("Content-Type") != first.header.Get("Content-Type") {
					t.Errorf("%s, %d: followed as %+v", name, status, second)
				}
				continue
			}
			e := mustFail(t, err)
			if server.count() != 1 || e.Status != status || e.Outcome != client.Unknown || e.Attempts != 1 || !strings.Contains(e.Error(), "other/") {
				t.Errorf("%s, %d: %d requests, outcome %s: %v", name, status, server.count(), e.Outcome, e)
			}
		}
	}
}

// TestRedirectsElsewhere never follows them, and says where they led.
func TestRedirectsElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := serveJSON(t, 200, fullAgent)
	for name, target := range map[string]string{
		"another port":   elsewhere.URL + "/stolen",
		"another scheme": "https://HOST/stolen",
		"another host":   "http://localhost:1/stolen",
		"no scheme":      "//evil.example/stolen",
		"a user":         "http://user:hunter22@HOST/stolen",
		"a query":        "http://evil.example/stolen?token=hunter22",
	} {
		for method, kind := range oneOfEachKind() {
			for _, status := range []int{301, 307, 308} {
				server := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
					w.Header().Set("Location", strings.ReplaceAll(target, "HOST", r.Host))
					w.WriteHeader(status)
				})
				e := mustFail(t, kind.call(t.Context(), server.client(t, retries(3))))
				text := e.Error()
				if server.count() != 1 || e.Status != status || e.Attempts != 1 || !strings.Contains(text, "/stolen") ||
					!strings.Contains(text, "the API key was not sent there") || strings.Contains(text, "hunter22") {
					t.Errorf("%s, %s, %d: %d requests: %v", name, method, status, server.count(), e)
				}
				if wantRefused := status != 301; (e.Outcome == client.Refused) != wantRefused {
					t.Errorf("%s, %s, %d: outcome %s", name, method, status, e.Outcome)
				}
			}
		}
	}
	if elsewhere.count() != 0 {
		t.Errorf("%d requests went elsewhere", elsewhere.count())
	}
}

func TestRedirectLimit(t *testing.T) {
	t.Parallel()
	for name, kind := range oneOfEachKind() {
		for hops, ok := range map[int]bool{3: true, 4: false, 1000: false} {
			server := serve(t, func(w http.ResponseWriter, r *http.Request, earlier int) {
				if earlier < hops {
					http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect) //nolint:gosec // on purpose
					return
				}
				reply(w, 200, kind.success)
			})
			err := kind.call(t.Context(), server.client(t, retries(3)))
			if (err == nil) != ok || server.count() != 4 {
				t.Errorf("%s, %d redirects: %d requests, %v", name, hops, server.count(), err)
			}
			if err != nil {
				if e := mustFail(t, err); e.Outcome != client.Refused || !strings.Contains(e.Error(), "more than 3 redirects") {
					t.Errorf("%s: outcome %s: %v", name, e.Outcome, e)
				}
			}
		}
	}
}

// TestRedirectThenLoss redirects a purchase and loses the answer at the new place.
func TestRedirectThenLoss(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request, earlier int) {
		if earlier == 0 {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			return
		}
		panic(http.ErrAbortHandler)
	})
	e := mustFail(t, oneOfEachKind()["create"].call(t.Context(), server.client(t, retries(3))))
	if server.count() != 2 || e.Outcome != client.Unknown || e.Status != 0 || e.Attempts != 1 {
		t.Errorf("%d requests, outcome %s, status %d: %v", server.count(), e.Outcome, e.Status, e)
	}
}

func TestBrokenRedirects(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"", "http://[::1", "%zz", "ftp://h/x"} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(http.StatusFound)
		})
		e := mustFail(t, oneOfEachKind()["GET"].call(t.Context(), server.client(t, retries(3))))
		if server.count() != 1 || e.Status != http.StatusFound {
			t.Errorf("%q: %d requests: %v", location, server.count(), e)
		}
	}
}
