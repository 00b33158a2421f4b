package client

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// DefaultBaseURL is where the real service answers (public API pages; the path suffix is in the SDK reference).
	DefaultBaseURL = "https://autx.ai/api/v1"
	// DefaultTimeout bounds one attempt, its answer's body included (SDK reference: 120 seconds).
	DefaultTimeout = 120 * time.Second
	// DefaultMaxRetries is how often the provider repeats a request after its first attempt unless told otherwise.
	DefaultMaxRetries = 3
	// DefaultRetryAfterCap bounds how long one Retry-After header can make a request wait.
	DefaultRetryAfterCap = 60 * time.Second
	// DefaultTurnSilence is how long a turn of a conversation may go without a frame, heartbeats included (assumed; no source has a figure).
	DefaultTurnSilence = 2 * time.Minute
	// DefaultTurnTimeout bounds a turn of a conversation as a whole, as heartbeats alone could go on for ever (assumed; orders usually take a minute).
	DefaultTurnTimeout = 30 * time.Minute
	// KeyPrefix begins every API key (SDK reference; client 0.4.1 refuses others before any request).
	KeyPrefix = "autx_live_"
)

// Config says how to reach AUTX. The zero value of each field but APIKey is usable.
type Config struct {
	// BaseURL is DefaultBaseURL when empty. It must satisfy CheckBaseURL.
	BaseURL string
	// APIKey authenticates every request. It must satisfy CheckAPIKey. It appears in no log line and in no error.
	APIKey string
	// UserAgent names the program to the service.
	UserAgent string
	// Timeout bounds one attempt, the answer's body included; DefaultTimeout when zero. Waiting for the rate limit or for a retry does not count.
	Timeout time.Duration
	// MaxRetries is how often a request may be repeated after its first attempt. Zero means never.
	MaxRetries int
	// RequestsPerSecond keeps requests evenly spaced, at most this many a second; zero means no limit. Requests wait, they never fail for it.
	RequestsPerSecond float64
	// RetryAfterCap bounds how long a Retry-After header is obeyed; DefaultRetryAfterCap when zero.
	RetryAfterCap time.Duration
	// TurnSilence bounds how long a turn of a conversation may go without a frame; DefaultTurnSilence when zero.
	TurnSilence time.Duration
	// TurnTimeout bounds a turn of a conversation as a whole; DefaultTurnTimeout when zero.
	TurnTimeout time.Duration
	// Transport replaces the network in tests. Nil builds connection pools suited to Terraform's parallelism.
	Transport http.RoundTripper
}

// String describes the configuration without the API key, so that printing it by accident gives nothing away.
func (c Config) String() string {
	return fmt.Sprintf("{base URL %s, timeout %s, %d retries, %g requests per second}", c.BaseURL, c.Timeout, c.MaxRetries, c.RequestsPerSecond)
}

// GoString is String, for the %#v verb.
func (c Config) GoString() string { return c.String() }

// withDefaults fills in what was left at zero and refuses what cannot work.
func (c Config) withDefaults() (Config, error) {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.RetryAfterCap == 0 {
		c.RetryAfterCap = DefaultRetryAfterCap
	}
	c.TurnSilence, c.TurnTimeout = cmp.Or(c.TurnSilence, DefaultTurnSilence), cmp.Or(c.TurnTimeout, DefaultTurnTimeout)
	problems := []error{CheckBaseURL(c.BaseURL), CheckAPIKey(c.APIKey)}
	if c.Timeout < 0 {
		problems = append(problems, fmt.Errorf("timeout: %s is negative", c.Timeout))
	}
	if c.MaxRetries < 0 {
		problems = append(problems, fmt.Errorf("max retries: %d is negative", c.MaxRetries))
	}
	if !(c.RequestsPerSecond >= 0) || c.RequestsPerSecond > maxRequestsPerSecond { // the negation also refuses NaN
		problems = append(problems, fmt.Errorf("requests per second: %g is not between 0 and %g", c.RequestsPerSecond, maxRequestsPerSecond))
	}
	if c.RetryAfterCap < 0 {
		problems = append(problems, fmt.Errorf("retry-after cap: %s is negative", c.RetryAfterCap))
	}
	if c.TurnSilence < 0 {
		problems = append(problems, fmt.Errorf("turn silence: %s is negative", c.TurnSilence))
	}
	if c.TurnTimeout < 0 {
		problems = append(problems, fmt.Errorf("turn timeout: %s is negative", c.TurnTimeout))
	}
	return c, errors.Join(problems...)
}

// CheckBaseURL tells why text cannot be the base URL of the AUTX API: it must be absolute, with a host and without user, query or fragment, and
// https, so that the API key is never sent in the clear; http is accepted for a loopback host only (the mock server).
func CheckBaseURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		if parse, ok := errors.AsType[*url.Error](err); ok {
			err = parse.Err // the text itself may hold a password
		}
		return fmt.Errorf("base URL: not a URL: %w", err)
	}
	switch {
	case u.User != nil:
		return errors.New("base URL: must not contain a user or password; the API key is configured apart")
	case u.Scheme != schemeHTTP && u.Scheme != schemeHTTPS, u.Host == "", u.Hostname() == "":
		return fmt.Errorf("base URL: %q is not an absolute URL such as %s", text, DefaultBaseURL)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("base URL: %q must not contain a query or fragment", text)
	case u.Scheme == schemeHTTP && !isLoopback(u.Hostname()):
		return fmt.Errorf("base URL: %q would send the API key unencrypted; use https (http is accepted for localhost only)", text)
	}
	return nil
}

// CheckAPIKey tells why text cannot be an AUTX API key. The error never contains the text.
func CheckAPIKey(text string) error {
	switch {
	case text == "":
		return errors.New("API key: not set")
	case !strings.HasPrefix(text, KeyPrefix):
		return fmt.Errorf("API key: does not start with %q", KeyPrefix)
	case text == KeyPrefix:
		return fmt.Errorf("API key: nothing follows %q", KeyPrefix)
	}
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return errors.New("API key: contains a space, a line break or another character that no key has")
		}
	}
	return nil
}

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// isLoopback tells whether a host name can only mean this machine, for proxies and name servers as well: names below localhost are looked up by some
// systems, and both those and "localhost." are sent to an HTTP proxy.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
