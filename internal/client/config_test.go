package client_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

func TestCheckBaseURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		client.DefaultBaseURL, "https://api.autx.ai/v1", "https://h", "HTTPS://h:8443/x/", "http://localhost:8787/api/v1",
		"http://127.0.0.1/", "http://[::1]:1/x", "http://127.9.9.9", "http://LOCALHOST",
	} {
		if err := client.CheckBaseURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"": "not an absolute URL", "autx.ai/api/v1": "not an absolute URL", "/api/v1": "not an absolute URL", "ftp://h": "not an absolute URL",
		"https://": "not an absolute URL", "https://:443": "not an absolute URL", "https:autx.ai": "not an absolute URL",
		"http://autx.ai": "unencrypted", "http://localhost.evil.example": "unencrypted", "http://10.0.0.1": "unencrypted",
		"http://127.0.0.1.nip.io": "unencrypted", "http://x.localhost": "unencrypted", "http://localhost.": "unencrypted", "http://0.0.0.0:1": "unencrypted", "https://user:hunter22@h": "user or password",
		"https://h/?x=1": "query", "https://h/?": "query", "https://h/#f": "fragment",
		"https://h:port": "not a URL", "https://hunter22:x y@h": "not a URL", "https://h/%zz": "not a URL",
	} {
		if err := client.CheckBaseURL(bad); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%q: %v; want %q", bad, err, want)
		}
	}
}

func TestCheckAPIKey(t *testing.T) {
	t.Parallel()
	for _, good := range []string{testKey, "autx_live_demo", "autx_live_a-b.c~d"} {
		if err := client.CheckAPIKey(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "sk-hunter22", "AUTX_LIVE_hunter22", " autx_live_hunter22", "autx_live_", "autx_live_hunter22\n", "autx_live_a hunter22", "autx_live_hunter22ü",
	} {
		if err := client.CheckAPIKey(bad); err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	c := newClient(t, "")
	if c.BaseURL() != client.DefaultBaseURL || c.Instance() != "" || c.Agents == nil || c.Credits == nil || c.Sessions == nil || c.Proxy == nil || c.Payments == nil {
		t.Errorf("%q, %q, %v, %v", c.BaseURL(), c.Instance(), c.Agents, c.Credits)
	}
	if c := newClient(t, "https://h/api/v1//"); c.BaseURL() != "https://h/api/v1" {
		t.Errorf("the base URL is %q", c.BaseURL())
	}
	for name, change := range map[string]func(*client.Config){
		"base URL":            func(c *client.Config) { c.BaseURL = "http://autx.ai" },
		"API key":             func(c *client.Config) { c.APIKey = "sk-1" },
		"timeout":             func(c *client.Config) { c.Timeout = -time.Second },
		"max retries":         func(c *client.Config) { c.MaxRetries = -1 },
		"requests per second": func(c *client.Config) { c.RequestsPerSecond = math.NaN() },
		"retry-after cap":     func(c *client.Config) { c.RetryAfterCap = -1 },
		"turn silence":        func(c *client.Config) { c.TurnSilence = -1 },
		"turn timeout":        func(c *client.Config) { c.TurnTimeout = -1 },
	} {
		config := client.Config{APIKey: testKey}
		change(&config)
		if got, err := client.New(config); got != nil || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, rate := range []float64{-1, math.Inf(1)} {
		if _, err := client.New(client.Config{APIKey: testKey, RequestsPerSecond: rate}); err == nil {
			t.Errorf("%g requests per second were accepted", rate)
		}
	}
}

func TestPrintingGivesNoSecretAway(t *testing.T) {
	t.Parallel()
	config, key := client.Config{APIKey: testKey}, client.ProviderKey{APIKey: "sk-secret-1", Provider: "openai"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb+verb, config, key); strings.Contains(text, testKey) || strings.Contains(text, "sk-secret") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
