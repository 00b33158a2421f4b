package client

import (
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Client calls the AUTX API. It is safe for use by many goroutines at once; one client serves a whole run, so that they share its connections and
// its rate limit.
type Client struct {
	// Agents calls what concerns agents: listings, launches, prices, images and provider keys.
	Agents *AgentsService
	// Credits calls what concerns the prepaid balance.
	Credits *CreditsService
	// Orders calls what concerns orders.
	Orders *OrdersService
	// Sessions calls what concerns chat sessions, conversations included.
	Sessions *SessionsService
	// Proxy passes requests on to agents.
	Proxy *ProxyService
	// Payments calls what concerns payments by card.
	Payments *PaymentsService

	config   Config
	baseURL  string
	secrets  secretList
	pacer    *pacer
	wire     *wire
	retrying *retryablehttp.Client
	instance atomic.Pointer[string]
	skew     atomic.Pointer[time.Duration] // of the service's clock against this machine's
}

// New checks the configuration and builds a client. It makes no request.
func New(config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{
		config:  config,
		baseURL: strings.TrimRight(config.BaseURL, "/"),
		secrets: secretsOf(config.APIKey),
		pacer:   newPacer(config.RequestsPerSecond),
		wire:    newWire(config.Transport),
	}
	c.wire.seen = func(header http.Header) {
		c.noteInstance(header.Get(headerInstance))
		c.noteDate(header)
	}
	c.retrying = &retryablehttp.Client{
		HTTPClient:     &http.Client{Transport: c.wire, Timeout: config.Timeout, CheckRedirect: checkRedirect},
		RetryWaitMin:   firstBackoff,
		RetryWaitMax:   lastBackoff,
		RetryMax:       math.MaxInt32, // checkRetry counts: not every attempt does
		RequestLogHook: beginAttempt,
		CheckRetry:     c.checkRetry,
		Backoff:        c.backoff,
		PrepareRetry:   func(req *http.Request) error { return c.pacer.wait(req.Context()) },
		ErrorHandler:   retryablehttp.PassthroughErrorHandler,
	}
	c.Agents = &AgentsService{client: c}
	c.Credits = &CreditsService{client: c}
	c.Orders = &OrdersService{client: c}
	c.Sessions = &SessionsService{client: c}
	c.Proxy = &ProxyService{client: c}
	c.Payments = &PaymentsService{client: c}
	return c, nil
}

// Timeout is how long one attempt of a request may take.
func (c *Client) Timeout() time.Duration { return c.config.Timeout }

// BaseURL is where the client sends its requests, without a trailing slash.
func (c *Client) BaseURL() string { return c.baseURL }

// Instance is the mock server's instance id in the last answer, new at each of its starts and resets. It is empty with the real service.
func (c *Client) Instance() string {
	if id := c.instance.Load(); id != nil {
		return *id
	}
	return ""
}

// RateLimit tells how long the requests of this client have waited, all together, since the service has answered one with 429, and the rate, in
// requests a second, at which they go on. Without a 429 nothing has waited.
func (c *Client) RateLimit() (perSecond float64, waited time.Duration) { return c.pacer.limited() }

func (c *Client) noteInstance(id string) {
	if id != "" && id != c.Instance() {
		c.instance.Store(&id)
	}
}

// CloseIdleConnections closes the connections that are kept for the next request. The client can still be used.
func (c *Client) CloseIdleConnections() { c.wire.closeIdle() }
