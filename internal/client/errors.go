package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Outcome tells what a failed request may have done. The zero value is Unknown, the careful one.
type Outcome int

const (
	// Unknown means that the request may have been carried out: a 5xx or 408 answer, or one that was lost, late or unreadable.
	Unknown Outcome = iota
	// Refused means that the service answered that it did nothing: a 4xx other than 408.
	Refused
	// NotSent means that nothing of the request ever reached the service.
	NotSent
)

// String names the outcome.
func (o Outcome) String() string {
	switch o {
	case NotSent:
		return "not sent"
	case Refused:
		return "refused"
	case Unknown:
	}
	return "unknown"
}

// Error is what every call returns when it fails. Neither its text nor its fields contain the API key or a provider key, even when the service
// repeats one.
type Error struct {
	// Method and Path name the request; the path is below the base URL and percent-encoded as it was sent.
	Method, Path string
	// Status is the HTTP status of the last answer, 0 when there was none.
	Status int
	// Message is what the service said was wrong, on one line; for an answer that is no JSON, a short description of it.
	Message string
	// Fields are the fields the service found invalid (assumed: the shape of a 422 answer of FastAPI).
	Fields []FieldError
	// RequestID is how the service names the request in its own logs, when it says so (public API pages: header x-autx-request-id).
	RequestID string
	// Attempts is how often the request was tried, 0 when it never got that far.
	Attempts int
	// RetryAfter is how long the service asked to wait, 0 when it did not.
	RetryAfter time.Duration
	// Outcome tells whether the request may have been carried out, over all attempts.
	Outcome Outcome
	// Err is the cause when it is not the service's answer alone: a lost connection, an ended context, an unreadable body.
	Err error
}

// FieldError is one field that the service found invalid.
type FieldError struct {
	// Path leads to the field in the request's body; elsewhere its first element names the place, such as "query".
	Path []string
	// Message is the service's explanation and Type its machine-readable kind.
	Message, Type string
}

// String is the path and the message.
func (f FieldError) String() string {
	if len(f.Path) == 0 {
		return f.Message
	}
	return strings.Join(f.Path, ".") + ": " + f.Message
}

// Error names method, path, status, the service's message, the request id and the attempts on one line.
func (e *Error) Error() string {
	text := e.Method + " " + e.Path + ": " + e.story()
	if e.Outcome == Unknown && e.Method != http.MethodGet {
		text += "; it may have been carried out all the same"
	}
	if details := e.details(); details != "" {
		text += " (" + details + ")"
	}
	return text
}

// story says what happened: the cause, the last answer, or both.
func (e *Error) story() string {
	cause := ""
	if e.Err != nil {
		cause = oneLine(e.Err.Error(), maxMessage)
	}
	switch {
	case e.Status == 0 && cause == "":
		return e.Message
	case e.Status == 0:
		return cause
	case cause == "":
		return e.answered()
	case e.Status < http.StatusMultipleChoices:
		return e.answered() + ", but " + cause
	}
	return cause + "; the last answer was " + e.answered()
}

// answered is the status and message of the last answer.
func (e *Error) answered() string {
	out := strconv.Itoa(e.Status)
	if name := http.StatusText(e.Status); name != "" {
		out += " " + name
	}
	if e.Message != "" {
		out += ": " + e.Message
	}
	return out
}

func (e *Error) details() string {
	var details []string
	if e.RetryAfter > 0 {
		details = append(details, "to be tried again after "+e.RetryAfter.String())
	}
	if e.RequestID != "" {
		details = append(details, "request id "+e.RequestID)
	}
	if e.Attempts > 1 {
		details = append(details, strconv.Itoa(e.Attempts)+" attempts")
	}
	return strings.Join(details, ", ")
}

// Unwrap gives the cause, so that errors.Is finds an ended context.
func (e *Error) Unwrap() error { return e.Err }

// MayHaveBeenCarriedOut tells whether the service may have done what was asked, so that it must be looked up and never simply asked again.
func (e *Error) MayHaveBeenCarriedOut() bool { return e.Outcome == Unknown }

// AsError finds the *Error in an error's chain.
func AsError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// IsStatus tells whether err is an *Error whose last answer had one of the statuses.
func IsStatus(err error, statuses ...int) bool {
	e, ok := AsError(err)
	return ok && slices.Contains(statuses, e.Status)
}

// IsNotFound tells whether the service answered 404.
func IsNotFound(err error) bool { return IsStatus(err, http.StatusNotFound) }

// IsConflict tells whether the service answered 409.
func IsConflict(err error) bool { return IsStatus(err, http.StatusConflict) }

// scrubbedError is an error whose text contained a secret. Its cause can be tested for, but not read.
type scrubbedError struct {
	text  string
	cause error
}

func (e *scrubbedError) Error() string { return e.text }

// Is lets errors.Is look through to the cause.
func (e *scrubbedError) Is(target error) bool { return errors.Is(e.cause, target) }

// notSent is the error of a call that was given up before its first attempt.
func notSent(req request, err error) *Error {
	return &Error{Method: req.method, Path: req.displayPath(), Outcome: NotSent, Err: req.secrets.scrubError(err)}
}

// unreadable is the error of a call that was answered with a 2xx whose body cannot be used.
func unreadable(ans *answer, err error) *Error {
	return &Error{
		Method: ans.req.method, Path: ans.req.displayPath(), Status: ans.status, RequestID: ans.requestID(), Attempts: ans.attempts,
		Outcome: Unknown, Err: ans.req.secrets.scrubError(err),
	}
}

// failure builds the error of a call from its last attempt. err is nil when that attempt was answered in full.
func (c *Client) failure(ctx context.Context, call *call, err error) *Error {
	secrets := call.req.secrets
	e := &Error{
		Method: call.req.method, Path: call.req.displayPath(), Attempts: call.attempts, Outcome: call.outcome(),
		Err: secrets.scrubError(c.explain(ctx, call, err)),
	}
	trip := call.trip
	if trip == nil || trip.status == 0 {
		return e
	}
	e.Status = trip.status
	e.RequestID = trip.requestID(secrets)
	e.RetryAfter, _ = c.retryAfter(trip.header)
	if trip.status >= http.StatusBadRequest {
		e.Message, e.Fields = readErrorBody(trip.header.Get(headerContentType), trip.body, trip.truncated, secrets)
	}
	return e
}

// explain turns the cause of a failed call into words that say what happened to whom.
func (c *Client) explain(ctx context.Context, call *call, err error) error {
	err, ctxErr := withoutURL(err), ctx.Err()
	if cause := context.Cause(ctx); ctxErr != nil && errors.Is(cause, ctxErr) {
		ctxErr = cause // says more of the same, such as whose time ran out
	}
	switch {
	case err == nil:
		return nil
	case ctxErr == nil && call.timedOut(c.config.Timeout):
		return fmt.Errorf("no complete answer within %s: %w", c.config.Timeout, err)
	case ctxErr == nil:
		return err
	case call.attempts == 0:
		return fmt.Errorf("given up before it was sent: %w", ctxErr)
	case call.waiting && call.trip.status != 0: // the answer is told by the error's status and message
		return fmt.Errorf("given up while waiting to try again: %w", ctxErr)
	case call.waiting:
		return fmt.Errorf("given up while waiting to try again: %w; the last attempt failed: %w", ctxErr, call.previous)
	case call.previous != nil:
		return fmt.Errorf("given up: %w; the attempt before it failed: %w", ctxErr, call.previous)
	}
	return fmt.Errorf("given up: %w", ctxErr)
}

// withoutURL takes off what net/http puts around an error: the method and the whole URL, which Error tells in fewer words.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
