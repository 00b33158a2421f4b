package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	// headerLatency and headerAgent come with an answer to a proxy call (public API pages).
	headerLatency = "X-Autx-Latency-Ms"
	headerAgent   = "X-Autx-Agent"
)

// ProxyService passes requests on to agents. Errors are *Error.
type ProxyService struct{ client *Client }

// ProxyAnswer is what an agent answered, as it came.
type ProxyAnswer struct {
	// StatusCode is the HTTP status, always a 2xx.
	StatusCode int
	// ContentType is the answer's header of that name, empty when there is none.
	ContentType string
	// Header is every header of the answer.
	Header http.Header
	// Body is the answer's bytes after decompression. They need not be text, and there may be none.
	Body []byte
	// RequestID is how the service names the call in its own logs, and AgentTicker the agent that answered; empty when they are not told.
	RequestID, AgentTicker string
	// LatencyMS is how long the agent took, in milliseconds.
	LatencyMS Field[int64]
}

// Call sends a body, usually JSON with a prompt (SDK reference), to an agent and gives its answer. It debits the agent's service_price, unless that
// is $0 or the agent is the key owner's own (SDK reference). The request reaches the service once at most: nothing at AUTX identifies a call, so one
// whose MayHaveBeenCarriedOut is true can't be looked up. An answer that breaks off, or is larger than MaxBody, is such an error.
// Neither body is logged: an answer may be a secret, which its caller keeps out of every file.
func (s *ProxyService) Call(ctx context.Context, tickerOrID string, body []byte, contentType string) (*ProxyAnswer, error) {
	path, err := pathOf("/proxy/%s", tickerOrID)
	req := request{method: http.MethodPost, path: path, body: body, contentType: contentType, accept: "*/*", once: true, confidential: true}
	if err != nil {
		return nil, notSent(req, err)
	}
	ans, err := s.client.do(ctx, req)
	if err != nil {
		return nil, sayCarriedOut(err)
	}
	answer := &ProxyAnswer{
		StatusCode: ans.status, ContentType: ans.header.Get(headerContentType), Header: ans.header, Body: ans.body,
		RequestID: ans.header.Get(headerRequestID), AgentTicker: ans.header.Get(headerAgent),
	}
	answer.LatencyMS = latencyOf(ans.header.Get(headerLatency))
	return answer, nil
}

// sayCarriedOut adds to a failed call that was answered with a 2xx what that means.
func sayCarriedOut(err error) error {
	if e, ok := AsError(err); ok && e.Err != nil && e.Status >= http.StatusOK && e.Status < http.StatusMultipleChoices {
		e.Err = fmt.Errorf("the agent was called and only its answer is lost: %w", e.Err)
	}
	return err
}

// latencyOf reads a header that should be a whole number.
func latencyOf(text string) Field[int64] {
	var latency Field[int64]
	if text != "" {
		_ = json.Unmarshal([]byte(text), &latency) // what is no number stays absent
	}
	return latency
}
