package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// firstBackoff is the longest wait before the first repetition; each further one doubles it, up to lastBackoff.
	firstBackoff = 500 * time.Millisecond
	lastBackoff  = 10 * time.Second
	// mostSpared is how many refusals of one call do not count against its retries. In a busy run against a limit of the key a call is refused twice at
	// most, as the pace is found soon, and more often only where other programs use the key up. One that is refused this often while others are
	// answered has met a limit that its waiting does not meet; without a deadline it would wait for ever. Refusals beyond that count as others do.
	mostSpared = 10
	// mostShared is how many refusals of one call slow down the others, as long as those are answered: after more than that the limit is hardly the
	// key's but one of an endpoint, and the call waits alone. Should it be the key's, then others are refused as well, and slow down for that.
	mostShared = 3
)

// beginAttempt starts the books of one attempt.
func beginAttempt(_ retryablehttp.Logger, req *http.Request, retry int) {
	current := callFrom(req.Context())
	current.attempts = retry + 1
	current.started = time.Now()
	current.waiting = false
	current.trip = &trip{unsent: true}
}

// checkRetry closes the books of an attempt and decides whether there is another. It returns no error of its own, so that the attempt's error or
// answer is what the caller gets.
func (c *Client) checkRetry(ctx context.Context, _ *http.Response, err error) (bool, error) {
	current := callFrom(ctx)
	current.took = time.Since(current.started)
	if err == nil {
		err = current.trip.bodyProblem(current.req)
	}
	outcome := outcomeOf(current.trip, err)
	current.outcomes = append(current.outcomes, outcome)
	if !c.keepPace(ctx, current) {
		current.counted++
	}
	if ctx.Err() != nil || c.config.MaxRetries == 0 || current.counted > c.config.MaxRetries || !c.worthRepeating(current, outcome, err) {
		return false, nil //nolint:nilerr // the caller gets the attempt's error; one from here would take its place
	}
	current.previous = withoutURL(err)
	if err == nil {
		message, _ := readErrorBody(current.trip.header.Get(headerContentType), current.trip.body, current.trip.truncated, current.req.secrets)
		current.previous = errors.New((&Error{Status: current.trip.status, Message: message}).answered())
	}
	current.waiting = true
	return true, nil
}

// outcomeOf tells what one attempt may have done.
func outcomeOf(t *trip, err error) Outcome {
	var redirected *redirectError
	switch {
	case t.neverReachedTheService():
		return NotSent
	case errors.As(err, &redirected) && (t.status == http.StatusTemporaryRedirect || t.status == http.StatusPermanentRedirect):
		return Refused // "ask elsewhere"; the other redirects may follow a request that was carried out
	case t.status >= http.StatusBadRequest && t.status < http.StatusInternalServerError && t.status != http.StatusRequestTimeout:
		return Refused
	}
	return Unknown
}

// worthRepeating holds the retry rules.
func (c *Client) worthRepeating(current *call, outcome Outcome, err error) bool {
	t, once := current.trip, current.req.once
	switch {
	case err != nil && t.status == 0:
		return !isPermanent(err) && (!once || outcome == NotSent)
	case err != nil && t.successful(): // the body broke off
		return !once && !errors.Is(err, errTooLarge)
	case err != nil: // a redirect that is not followed
		return false
	case t.status == http.StatusTooManyRequests:
		wait, asked := c.retryAfter(t.header)
		return !once || (asked && wait <= c.config.RetryAfterCap)
	case t.status == http.StatusRequestTimeout, t.status == http.StatusBadGateway, t.status == http.StatusServiceUnavailable,
		t.status == http.StatusGatewayTimeout:
		return !once
	}
	return false
}

// isPermanent tells whether a failed connection would fail the same way again: a certificate that is not trusted, a port that speaks no TLS.
func isPermanent(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		record       tls.RecordHeaderError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) ||
		errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch)
}

// keepPace tells the pacer of an attempt's answer, and whether the attempt was in vain only because of the rate limit: then it does not count against
// the retries, as long as the service takes other requests meanwhile, and up to mostSpared times. The limit of a key is met by waiting.
func (c *Client) keepPace(ctx context.Context, current *call) (waitsForItsTurn bool) {
	switch current.trip.status {
	case 0:
		return false
	case http.StatusTooManyRequests:
	default:
		c.pacer.answered()
		return false
	}
	wait, asked := c.askedToPause(current.trip)
	before, now := current.progress, c.pacer.progress()
	current.progress = now
	othersGoOn := asked && now > before
	if current.alone = othersGoOn && current.spared >= mostShared; !current.alone {
		c.pacer.refused(current.started, time.Now(), wait)
	}
	if asked {
		c.pacer.told.Do(func() { logSlowedDown(ctx, wait) })
	}
	if !othersGoOn || current.spared >= mostSpared {
		return false
	}
	current.spared++
	return true
}

// askedToPause gives how long a 429 asks for no requests at all: the limit is the key's, not the request's. A wait beyond the cap concerns only the
// request that was told so.
func (c *Client) askedToPause(t *trip) (time.Duration, bool) {
	wait, asked := c.retryAfter(t.header)
	if !asked || wait <= 0 || wait > c.config.RetryAfterCap {
		return 0, false
	}
	return wait, true
}

// backoff gives the wait before another attempt, as the library asks for it.
func (c *Client) backoff(shortest, longest time.Duration, retry int, resp *http.Response) time.Duration {
	alone := resp != nil && resp.Request != nil && callFrom(resp.Request.Context()).alone
	return c.pause(shortest, longest, retry, resp, alone)
}

// pause gives the wait before another attempt. After a 429 that holds back the whole client it is zero, because the pacer does the waiting and keeps
// the order; not so when the call waits alone. Otherwise it is what Retry-After asks for, up to the cap, or a random time that doubles with each
// attempt.
func (c *Client) pause(shortest, longest time.Duration, retry int, resp *http.Response, alone bool) time.Duration {
	if resp != nil {
		wait, asked := c.retryAfter(resp.Header)
		switch {
		case asked && wait > 0 && wait <= c.config.RetryAfterCap && resp.StatusCode == http.StatusTooManyRequests && !alone:
			return 0
		case asked && wait > 0:
			return min(wait, c.config.RetryAfterCap)
		}
	}
	const mostDoublings = 16
	ceiling := min(shortest<<min(retry, mostDoublings), longest)
	return ceiling/2 + rand.N(ceiling/2+1) //nolint:gosec // spreads requests over time; nobody gains by guessing it
}

// maxRetryAfter bounds a Retry-After header, so that an absurd number is a long wait and not an overflow.
const maxRetryAfter = 365 * 24 * time.Hour

// retryAfter gives how long an answer asks to wait, and whether it does. A date is one of the service's clock, so it is compared with that and not
// with this machine's, which may be off by hours.
func (c *Client) retryAfter(header http.Header) (time.Duration, bool) {
	return parseRetryAfter(header.Get(headerRetryAfter), c.timeOf(header))
}

// parseRetryAfter reads the header's two forms, whole seconds and an HTTP date. A date in the past is a wait of 0. It tells whether there was a wait.
func parseRetryAfter(text string, now time.Time) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false
	}
	if strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return min(max(date.Sub(now), 0), maxRetryAfter), true
}
