package client

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// answer is a 2xx answer, or the 404 that a repeated delete may get.
type answer struct {
	req      request
	status   int
	header   http.Header
	body     []byte
	attempts int
}

func (a *answer) requestID() string {
	return oneLine(a.req.secrets.scrub(a.header.Get(headerRequestID)), maxExcerpt)
}

// call is what is known about a request while it is on its way. It travels in the context, because neither the retry policy nor the transport is
// told more than the other's result. One goroutine at a time touches it.
type call struct {
	req      request
	attempts int
	counted  int           // attempts that count against the retries
	spared   int           // refusals that do not count, as others were answered
	alone    bool          // its last refusal holds back no other
	progress uint64        // the pacer's, when the call began or was last told to wait
	started  time.Time     // of the attempt
	took     time.Duration // by the attempt, once it is over
	trip     *trip         // of the attempt; nil before the first
	waiting  bool          // for the next attempt
	previous error         // why the attempt before this one, or before the wait, failed
	outcomes []Outcome     // of the attempts that are over
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	if found, ok := ctx.Value(callKey{}).(*call); ok {
		return found
	}
	return &call{} // reached by no path of this package
}

// do sends a request as often as the rules allow and gives its 2xx answer, or an *Error.
func (c *Client) do(ctx context.Context, req request) (*answer, error) {
	req.secrets = req.secrets.and(c.secrets)
	current := &call{req: req, progress: c.pacer.progress()}
	ctx = c.logContext(context.WithValue(ctx, callKey{}, current))

	target := c.baseURL + req.path
	if len(req.query) > 0 {
		target += "?" + req.query.Encode()
	}
	var body any // a typed nil would be sent as a body of unknown length
	switch {
	case req.stream != nil:
		body = retryablehttp.ReaderFunc(req.stream)
	case req.body != nil:
		body = req.body
	}
	r, err := retryablehttp.NewRequestWithContext(ctx, req.method, target, body)
	if err != nil {
		return nil, notSent(req, fmt.Errorf("build the request: %w", withoutURL(err)))
	}
	r.Header = c.header(req)

	if err := c.pacer.wait(ctx); err != nil {
		return nil, c.failure(ctx, current, err)
	}
	resp, err := c.retrying.Do(r)
	if resp != nil {
		_ = resp.Body.Close() // read to its end by the wire already
	}
	if err == nil {
		err = current.trip.bodyProblem(req)
	}
	if err != nil || !current.succeeded() {
		return nil, c.failure(ctx, current, err)
	}
	return &answer{
		req: req, status: current.trip.status, header: current.trip.header, body: current.trip.body, attempts: current.attempts,
	}, nil
}

// succeeded tells whether the answer is what was wanted.
func (c *call) succeeded() bool {
	if c.trip.status == http.StatusNotFound {
		return c.req.goneIsDone && c.attempts > 1
	}
	return c.trip.successful()
}

// outcome is what the call as a whole may have done. A write whose first attempt was lost may have been carried out, whatever a later attempt was
// answered; reading changes nothing, so there the last attempt decides.
func (c *call) outcome() Outcome {
	if len(c.outcomes) == 0 {
		return NotSent
	}
	outcome := c.outcomes[len(c.outcomes)-1]
	if c.req.method == http.MethodGet {
		return outcome
	}
	for _, earlier := range c.outcomes {
		outcome = min(outcome, earlier) // Unknown < Refused < NotSent
	}
	return outcome
}

func (c *call) timedOut(limit time.Duration) bool { return c.attempts > 0 && c.took >= limit }
