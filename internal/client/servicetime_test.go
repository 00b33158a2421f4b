package client_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
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
