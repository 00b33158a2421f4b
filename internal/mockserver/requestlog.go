package mockserver

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// RequestEntry is one line of the request log. It is complete before the client can observe the answer. On the WebSocket there is one entry per
// open, message and end, with method WS and the HTTP status that fits.
type RequestEntry struct {
	// Seq counts requests from 1.
	Seq int64 `json:"seq"`
	// Time is when it was logged, by the server's clock.
	Time string `json:"time"`
	// Operation is one of Operations.
	Operation string `json:"operation"`
	// Method is the HTTP method, or WS.
	Method string `json:"method"`
	// Path is as it was sent, without secrets.
	Path string `json:"path"`
	// Query is as it was sent, without secrets.
	Query string `json:"query"`
	// Status is that of the answer; 0 when the client got none.
	Status int `json:"status"`
	// User owns the key; empty without a good key.
	User string `json:"user"`
	// Fault is the rule that struck, in the command line's form.
	Fault string `json:"fault,omitempty"`
	// Committed tells whether the request changed the state, whatever the client was told.
	Committed bool `json:"committed"`
}

type requestLog struct {
	entries []RequestEntry
	seq     int64
	counts  map[string]int // by operation
	awaited []awaited
}

// awaited is somebody who waits for the n-th request of an operation.
type awaited struct {
	operation string
	n         int
	reached   chan struct{}
}

// add appends an entry.
func (l *requestLog) add(e RequestEntry, now time.Time) {
	l.seq++
	e.Seq, e.Time = l.seq, *formatTime(now)
	l.entries = append(l.entries, e)
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[e.Operation]++
	l.awaited = slices.DeleteFunc(l.awaited, func(a awaited) bool {
		if a.operation != e.Operation || l.counts[a.operation] < a.n {
			return false
		}
		close(a.reached)
		return true
	})
}

func (l *requestLog) await(operation string, n int) <-chan struct{} {
	a := awaited{operation, n, make(chan struct{})}
	if l.counts[operation] >= n {
		close(a.reached)
	} else {
		l.awaited = append(l.awaited, a)
	}
	return a.reached
}

func (l *requestLog) all() []RequestEntry {
	return append([]RequestEntry{}, l.entries...)
}

func (l *requestLog) clear() { l.entries, l.counts = nil, nil }

var keyInText = regexp.MustCompile(regexp.QuoteMeta(keyPrefix) + `[^&/\s]*`)

const redacted = "***"

func redactPath(path string) string { return keyInText.ReplaceAllString(path, keyPrefix+redacted) }

// redactQuery hides API keys, and the values of parameters whose names promise a secret.
func redactQuery(query string) string {
	if query == "" {
		return ""
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, hasValue := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		switch strings.ToLower(plain) {
		case "token", "key", "api_key", "apikey", "access_token", "authorization", "provider_api_key", "secret", "password":
			if hasValue {
				parts[i] = name + "=" + redacted
			}
		}
	}
	return keyInText.ReplaceAllString(strings.Join(parts, "&"), keyPrefix+redacted)
}
