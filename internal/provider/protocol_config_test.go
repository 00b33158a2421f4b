package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// wire serves a mock server's API at an address of its own and keeps the headers of the requests.
type wire struct {
	*httptest.Server

	mu   sync.Mutex
	seen []http.Header
}

func tap(t testing.TB, server *mockserver.Server) *wire {
	t.Helper()
	w := &wire{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r.Header.Clone())
		w.mu.Unlock()
		server.Handler().ServeHTTP(out, r)
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *wire) base() string { return w.URL + "/api/v1" }

// headers are the values of a header in the requests so far, without repetitions.
func (w *wire) headers(name string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	seen := map[string]bool{}
	for _, h := range w.seen {
		if value := h.Get(name); !seen[value] {
			seen[value] = true
			out = append(out, value)
		}
	}
	return out
}

// environment sets the provider's variables, and unsets those that are not given.
func environment(t *testing.T, pairs map[string]string) {
	t.Helper()
	for _, name := range []string{"AUTX_API_KEY", "AUTX_BASE_URL", "TF_APPEND_USER_AGENT", "AUTX_DELETION_PROTECTION"} {
		t.Setenv(name, pairs[name])
	}
}

// TestWhereKeyAndAddressComeFrom looks at what reaches the server, as the environment is easily read at the wrong moment or with the wrong
// precedence.
func TestWhereKeyAndAddressComeFrom(t *testing.T) { //nolint:paralleltest // the environment is one for all
	first, second := tap(t, market(t, []string{"MINE"})), tap(t, market(t, []string{"MINE"}))
	const ours, theirs = "autx_live_us", otherKey
	for name, c := range map[string]struct { //nolint:paralleltest // as above
		environment map[string]string
		config      values
		to          *wire
		key         string
	}{
		"configuration alone":                   {nil, values{"base_url": first.base(), "api_key": ours}, first, ours},
		"environment alone":                     {map[string]string{"AUTX_BASE_URL": second.base(), "AUTX_API_KEY": theirs}, values{}, second, theirs},
		"configuration wins":                    {map[string]string{"AUTX_BASE_URL": second.base(), "AUTX_API_KEY": theirs}, values{"base_url": first.base(), "api_key": ours}, first, ours},
		"one of each":                           {map[string]string{"AUTX_BASE_URL": second.base()}, values{"api_key": ours}, second, ours},
		"the other one of each":                 {map[string]string{"AUTX_API_KEY": theirs}, values{"base_url": first.base()}, first, theirs},
		"empty configuration is no value":       {map[string]string{"AUTX_BASE_URL": second.base(), "AUTX_API_KEY": theirs}, values{"base_url": "", "api_key": ""}, second, theirs},
		"blanks around values do not matter":    {map[string]string{"AUTX_BASE_URL": " " + second.base() + "\n", "AUTX_API_KEY": theirs + "\n"}, values{}, second, theirs},
		"blanks in configuration do not either": {nil, values{"base_url": first.base() + " ", "api_key": ours + "\n"}, first, ours},
		"a slash at the end is the same":        {nil, values{"base_url": first.base() + "/", "api_key": ours}, first, ours},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, c.environment)
			d := protocol.New(t)
			if diags := d.ValidateProvider(c.config); len(diags) > 0 {
				t.Fatalf("validate: %s", diags)
			}
			d.MustConfigure(c.config)
			c.to.mu.Lock()
			c.to.seen = nil
			c.to.mu.Unlock()
			if _, _, diags := d.ReadDataSource("autx_agent", values{"ticker": "OTHR"}); len(diags) > 0 {
				t.Fatal(diags)
			}
			if diff := cmp.Diff([]string{"Bearer " + c.key}, c.to.headers("Authorization")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUserAgent(t *testing.T) { //nolint:paralleltest // the environment is one for all
	w := tap(t, market(t, []string{"MINE"}))
	for more, want := range map[string]string{
		"":                "terraform-provider-autx/" + protocol.Version + " terraform/" + protocol.CLIVersion,
		" pipeline/7 x/1": "terraform-provider-autx/" + protocol.Version + " terraform/" + protocol.CLIVersion + " pipeline/7 x/1",
	} {
		environment(t, map[string]string{"TF_APPEND_USER_AGENT": more})
		w.mu.Lock()
		w.seen = nil
		w.mu.Unlock()
		d := protocol.New(t)
		d.MustConfigure(values{"base_url": w.base(), "api_key": "autx_live_us"})
		if _, _, diags := d.ReadDataSource("autx_agents", values{"mine": true}); len(diags) > 0 {
			t.Fatal(diags)
		}
		if diff := cmp.Diff([]string{want}, w.headers("User-Agent")); diff != "" {
			t.Errorf("TF_APPEND_USER_AGENT=%q (-want +got):\n%s", more, diff)
		}
	}
}

func TestBadConfiguration(t *testing.T) { //nolint:paralleltest // the environment is one for all
	environment(t, nil)
	good := values{"api_key": "autx_live_us", "base_url": "http://127.0.0.1:1/api/v1"}
	for name, c := range map[string]struct {
		config values
		at     string
		says   []string
	}{
		"no key":                            {with(good, "api_key", nil), "api_key", []string{"Missing API key", "AUTX_API_KEY"}},
		"empty key":                         {with(good, "api_key", ""), "api_key", []string{"Missing API key"}},
		"another product's key":             {with(good, "api_key", "sk-12345"), "api_key", []string{"autx_live_"}},
		"the prefix alone":                  {with(good, "api_key", "autx_live_"), "api_key", []string{"nothing follows"}},
		"a key with a line break within":    {with(good, "api_key", "autx_live_a\nb"), "api_key", []string{"no key has"}},
		"http to the world":                 {with(good, "base_url", "http://autx.ai/api/v1"), "base_url", []string{"unencrypted"}},
		"http to a host that looks like us": {with(good, "base_url", "http://127.0.0.1.example.com/"), "base_url", []string{"unencrypted"}},
		"no scheme":                         {with(good, "base_url", "autx.ai/api/v1"), "base_url", []string{"not an absolute URL"}},
		"a password in the URL":             {with(good, "base_url", "https://me:secret@autx.ai/"), "base_url", []string{"user or password"}},
		"a query":                           {with(good, "base_url", "https://autx.ai/?key=1"), "base_url", []string{"query"}},
		"no duration":                       {with(good, "timeout", "soon"), "timeout", []string{"soon", "30s"}},
		"a duration without unit":           {with(good, "timeout", "30"), "timeout", []string{"30s"}},
		"no time at all":                    {with(good, "timeout", "0s"), "timeout", []string{"more than 0"}},
		"a negative time":                   {with(good, "timeout", "-1s"), "timeout", []string{"more than 0"}},
		"too many retries":                  {with(good, "max_retries", 21), "max_retries", []string{"20"}},
		"negative retries":                  {with(good, "max_retries", -1), "max_retries", []string{"0"}},
		"no rate":                           {with(good, "requests_per_second", 0), "requests_per_second", []string{"0.01"}},
		"spending without a limit":          {with(good, "spending", values{}), "spending.max_per_apply", []string{"max_per_apply"}},
		"a limit in another currency":       {with(good, "spending", values{"max_per_apply": "5 EUR"}), "spending.max_per_apply", []string{"dollars"}},
		"a negative limit":                  {with(good, "spending", values{"max_per_apply": "-1"}), "spending.max_per_apply", []string{"at least 0"}},
		"an exponent":                       {with(good, "spending", values{"max_per_apply": "1e3"}), "spending.max_per_apply", []string{"exponent"}},
		"an empty limit":                    {with(good, "spending", values{"max_per_apply": ""}), "spending.max_per_apply", []string{"dollars"}},
		"no amount to keep":                 {with(good, "spending", values{"max_per_apply": "1", "keep_balance": "x"}), "spending.keep_balance", []string{"dollars"}},
		"no amount for one purchase":        {with(good, "spending", values{"max_per_apply": "1", "max_per_purchase": "NaN"}), "spending.max_per_purchase", []string{"dollars"}},
		"an empty namespace":                {with(good, "spending", values{"max_per_apply": "1", "namespace": ""}), "spending.namespace", []string{"1"}},
	} {
		d := protocol.New(t)
		diags := d.ValidateProvider(c.config)
		if !strings.Contains(name, "key") || c.config["api_key"] != "" && c.config["api_key"] != nil {
			said(t, name+" (validate)", diags.Errors(), c.at, c.says...)
		} else {
			// A key may yet come from the environment of the apply.
			if len(diags) > 0 {
				t.Errorf("%s: validate: %s", name, diags)
			}
			said(t, name+" (configure)", d.Configure(c.config).Errors(), c.at, c.says...)
		}
		if strings.Contains(diags.String(), "secret") || strings.Contains(diags.String(), "sk-12345") {
			t.Errorf("%s: a secret is told: %s", name, diags)
		}
	}
}

// TestBadEnvironment: what validation can't see is caught by Configure, and tells the variable's value no more than it must.
func TestBadEnvironment(t *testing.T) { //nolint:paralleltest // the environment is one for all
	for name, c := range map[string]struct {
		environment map[string]string
		at          string
		says        []string
	}{
		"key":     {map[string]string{"AUTX_API_KEY": "sk-12345", "AUTX_BASE_URL": "http://127.0.0.1:1"}, "api_key", []string{"autx_live_"}},
		"address": {map[string]string{"AUTX_API_KEY": "autx_live_us", "AUTX_BASE_URL": "http://example.com"}, "base_url", []string{"unencrypted"}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, c.environment)
			diags := protocol.New(t).Configure(values{})
			said(t, name, diags.Errors(), c.at, c.says...)
			if strings.Contains(diags.String(), "sk-12345") {
				t.Errorf("a secret is told: %s", diags)
			}
		})
	}
}

func TestGoodConfiguration(t *testing.T) { //nolint:paralleltest // the environment is one for all
	environment(t, nil)
	good := values{"api_key": "autx_live_us", "base_url": "https://autx.ai/api/v1"}
	for name, config := range map[string]values{
		"the least":           {"api_key": "autx_live_us"},
		"loopback by name":    with(good, "base_url", "http://localhost:8787/api/v1"),
		"loopback in IPv6":    with(good, "base_url", "http://[::1]:8787/api/v1"),
		"everything":          with(good, "timeout", "1m30s", "max_retries", 0, "requests_per_second", 0.5, "spending", values{"max_per_apply": "0", "max_per_purchase": "1.5", "keep_balance": "0.000001", "namespace": "prod", "strict_plan": true, "allow_deposits": true, "allow_withdrawals": true, "journal": t.TempDir()}),
		"everything unknown":  {"api_key": protocol.Unknown, "base_url": protocol.Unknown, "timeout": protocol.Unknown, "max_retries": protocol.Unknown, "requests_per_second": protocol.Unknown, "spending": protocol.Unknown},
		"spending is unknown": with(good, "spending", values{"max_per_apply": protocol.Unknown, "max_per_purchase": protocol.Unknown, "keep_balance": protocol.Unknown, "namespace": protocol.Unknown, "strict_plan": protocol.Unknown, "journal": protocol.Unknown}),
	} {
		d := protocol.New(t)
		if diags := d.ValidateProvider(config); len(diags) > 0 {
			t.Errorf("%s: validate: %s", name, diags)
		}
		if diags := d.Configure(config); len(diags) > 0 {
			t.Errorf("%s: configure: %s", name, diags)
		}
	}
}

// TestSettingsReachTheClient: retries and timeout are what they say.
func TestSettingsReachTheClient(t *testing.T) { //nolint:paralleltest // the environment is one for all
	environment(t, nil)
	for _, retries := range []int{0, 2} {
		server := market(t, []string{"MINE"}, mockserver.WithFault("agents.get_by_ticker:before:status=503,retry_after=0,times=0"))
		d := protocol.New(t)
		d.MustConfigure(values{"api_key": server.Key(), "base_url": server.URL(), "max_retries": retries})
		_, _, diags := d.ReadDataSource("autx_agent", values{"ticker": "MINE"})
		if !diags.HasErrors() || len(calls(server)) != retries+1 {
			t.Errorf("max_retries = %d: %d requests, %s", retries, len(calls(server)), diags)
		}
	}
	server := market(t, []string{"MINE"}, mockserver.WithFault("agents.get_by_ticker:before:hang"))
	d := protocol.New(t)
	d.MustConfigure(values{"api_key": server.Key(), "base_url": server.URL(), "max_retries": 0, "timeout": "20ms"})
	_, _, diags := d.ReadDataSource("autx_agent", values{"ticker": "MINE"})
	if !diags.Errors().Say("20ms", "raise timeout in the provider block") {
		t.Errorf("timeout: %s", diags)
	}
	server = market(t, []string{"MINE"}, mockserver.WithRateLimit(1), mockserver.WithClock(fixed))
	d = protocol.New(t)
	d.MustConfigure(values{"api_key": server.Key(), "base_url": server.URL(), "max_retries": 0})
	var limited int
	for i := range 3 {
		_, _, diags := d.ReadDataSource("autx_agent", values{"ticker": fmt.Sprint("MINE", strings.Repeat("x", i))})
		if diags.Say("429") {
			limited++
			if !diags.Errors().Say("requests_per_second", "max_retries") {
				t.Errorf("a rate limit does not say what to do: %s", diags)
			}
		}
	}
	if limited == 0 {
		t.Error("the rate limit was never met")
	}
}
