package providerdata_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func settings(base string) providerdata.Settings {
	return providerdata.Settings{Client: client.Config{BaseURL: base, APIKey: "autx_live_test"}}
}

func mustNew(t *testing.T, s providerdata.Settings) *providerdata.Data {
	t.Helper()
	d, err := providerdata.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNewTouchesNothing(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(server.Close)
	journal := filepath.Join(t.TempDir(), "journal")
	s := settings(server.URL)
	s.Journal, s.Spending = journal, &purchase.Limits{MaxPerApply: money.FromInt(1)}
	d := mustNew(t, s)
	if _, err := os.Stat(journal); !os.IsNotExist(err) {
		t.Errorf("the journal is there already: %v", err)
	}
	if requests.Load() > 0 {
		t.Errorf("%d requests", requests.Load())
	}
	api, diags := d.Client()
	if diags.HasError() || api == nil || api.BaseURL() != server.URL || !d.Reachable() {
		t.Errorf("client %v, %v", api, diags)
	}
	if limits := d.Desk().Limits(); limits == nil || !limits.MaxPerApply.Equal(money.FromInt(1)) {
		t.Errorf("limits %v", limits)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*client.Config){
		"no key":            func(c *client.Config) { c.APIKey = "" },
		"http to the world": func(c *client.Config) { c.BaseURL = "http://autx.ai" },
		"negative retries":  func(c *client.Config) { c.MaxRetries = -1 },
	} {
		s := settings("https://autx.ai/api/v1")
		change(&s.Client)
		if d, err := providerdata.New(s); err == nil || d != nil {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for text, unknown := range map[string][]string{
		"api_key is not known":               {"api_key"},
		"base_url is not known":              {"base_url"},
		"api_key and base_url are not known": {"api_key", "base_url"},
	} {
		s := settings("")
		s.Client.APIKey, s.Unknown = "", unknown
		d := mustNew(t, s)
		if d.Reachable() {
			t.Errorf("%s: reachable", text)
		}
		api, diags := d.Client()
		if api != nil || !diags.HasError() || !strings.Contains(diags[0].Detail(), text) {
			t.Errorf("%s: %v, %v", text, api, diags)
		}
		if d.Desk() == nil || d.Desk().Limits() != nil {
			t.Errorf("%s: no desk, or one that allows charges", text)
		}
		first := d.KeptWarning()
		if len(first) != 1 || first[0].Severity() != diag.SeverityWarning || !strings.Contains(first[0].Detail(), text) {
			t.Errorf("%s: first warning %v", text, first)
		}
		if again := d.KeptWarning(); len(again) != 0 {
			t.Errorf("%s: told again: %v", text, again)
		}
		if other := mustNew(t, s).KeptWarning(); len(other) != 1 {
			t.Errorf("%s: another walk is not told: %v", text, other)
		}
	}
}

func TestKeptWarningOnceAmongMany(t *testing.T) {
	t.Parallel()
	s := settings("")
	s.Unknown = []string{"base_url"}
	d := mustNew(t, s)
	var told atomic.Int32
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { told.Add(int32(len(d.KeptWarning()))) })
	}
	group.Wait()
	if told.Load() != 1 {
		t.Errorf("told %d times", told.Load())
	}
}

type (
	apples struct{ n int }
	pears  struct{ n int }
)

// TestShared: one of each kind in a walk, however many ask for it at once; another walk has its own.
func TestShared(t *testing.T) {
	t.Parallel()
	d := mustNew(t, settings("https://autx.ai/api/v1"))
	got := make([]*apples, 50)
	var group sync.WaitGroup
	for i := range got {
		group.Go(func() { got[i] = providerdata.Shared(d, func() *apples { return &apples{n: i} }) })
	}
	group.Wait()
	for i := range got {
		if got[i] != got[0] {
			t.Fatal("two of one kind in a walk")
		}
	}
	if p := providerdata.Shared(d, func() *pears { return &pears{n: 7} }); p.n != 7 {
		t.Errorf("another kind is %v", p)
	}
	if again := providerdata.Shared(d, func() *apples { t.Error("built again"); return nil }); again != got[0] {
		t.Error("another one later")
	}
	other := mustNew(t, settings("https://autx.ai/api/v1"))
	if providerdata.Shared(other, func() *apples { return &apples{} }) == got[0] {
		t.Error("two walks share")
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	d := mustNew(t, settings("https://autx.ai/api/v1"))
	if got, diags := providerdata.From(d); got != d || len(diags) > 0 {
		t.Errorf("%v, %v", got, diags)
	}
	if got, diags := providerdata.From(nil); got != nil || len(diags) > 0 {
		t.Errorf("not configured: %v, %v", got, diags)
	}
	if got, diags := providerdata.From("something"); got != nil || !diags.HasError() {
		t.Errorf("something else: %v, %v", got, diags)
	}
}

// answers gives the answer to each request, without a network.
type answers func() *http.Response

func (a answers) RoundTrip(*http.Request) (*http.Response, error) { return a(), nil }

// TestPaceWarning: a walk that AUTX slows down says so once, with the rate. One that it hardly slows down says nothing.
func TestPaceWarning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var requests int
		s := settings("")
		s.Client.MaxRetries = 3
		s.Client.Transport = answers(func() *http.Response {
			requests++
			status, header := http.StatusOK, http.Header{}
			if requests%3 == 2 {
				status = http.StatusTooManyRequests
				header.Set("Retry-After", "2")
			}
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(`{"available_usdc": "1"}`))}
		})
		d := mustNew(t, s)
		api, _ := d.Client()
		var diags diag.Diagnostics
		for call, warnings := range []int{0, 0, 1, 1, 1} { // the second request is refused, and those after it wait for their turn
			if _, err := api.Credits.Balance(t.Context()); err != nil {
				t.Fatal(err)
			}
			if d.Paced(&diags); len(diags) != warnings {
				t.Errorf("after call %d, %d requests: %v", call, requests, diags)
			}
		}
		if diags.HasError() || !strings.Contains(diags[0].Detail(), "requests a second") || !strings.Contains(diags[0].Detail(), "requests_per_second") {
			t.Errorf("the warning is %v", diags)
		}
		(*providerdata.Data)(nil).Paced(&diags) // while nothing is configured
		unknown := mustNew(t, providerdata.Settings{Unknown: []string{"api_key"}})
		if unknown.Paced(&diags); len(diags) != 1 {
			t.Errorf("without a client: %v", diags)
		}
	})
}
