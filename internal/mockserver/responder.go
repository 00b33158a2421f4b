package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// Responder is what stands in for an agent's endpoint.
type Responder struct {
	// Kind is echo, json or fail. Echo answers a prompt with exactly "Echo: " and the prompt (a body without a prompt: "Echo: " and the compact
	// JSON), json answers Body, fail makes the agent fail. Empty means echo.
	Kind string `json:"kind"`
	// Delay is how long the agent takes: an order stays pending for it by the server's clock, a proxy call and each chunk of a turn take it in real
	// time.
	Delay Duration `json:"delay,omitzero"`
	// Chunks is into how many chunk frames a turn's answer is split; 0 means 3.
	Chunks int `json:"chunks,omitempty"`
	// Status is the HTTP status of a proxy call: 200 for echo and json, 502 for fail when 0.
	Status int `json:"status,omitempty"`
	// Body is any JSON: the answer of json (null when absent), or what a proxy call gets from fail.
	Body json.RawMessage `json:"body,omitempty"`
}

// Duration is a time.Duration that JSON spells as text, like "1m30s".
type Duration time.Duration

// MarshalJSON writes the duration as text, like "1m30s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads a duration as text, like "1m30s". Negative ones are an error.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a duration is text like \"1m30s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("a duration is text like \"1m30s\": %w", err)
	}
	if parsed < 0 {
		return fmt.Errorf("negative duration %s", text)
	}
	*d = Duration(parsed)
	return nil
}

const (
	defaultChunks = 3
	// maxChunkBytes keeps a chunk frame below 1 MiB even when each byte is escaped.
	maxChunkBytes = 128 << 10
)

func (r Responder) check() error {
	switch r.Kind {
	case "", "echo", "json":
		if r.Status != 0 && (r.Status < 200 || r.Status > 299 || r.Status == http.StatusNoContent) {
			return fmt.Errorf("responder %s: status %d is not that of an answer", r.Kind, r.Status)
		}
		if r.Kind != "json" && len(r.Body) > 0 {
			return errors.New("responder echo: it has no body of its own")
		}
	case "fail":
		if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
			return fmt.Errorf("responder fail: status %d is not that of a failure", r.Status)
		}
	default:
		return fmt.Errorf("responder kind %q is not echo, json or fail", r.Kind)
	}
	if r.Chunks < 0 {
		return fmt.Errorf("responder: %d chunks", r.Chunks)
	}
	return nil
}

// reply is an agent's answer.
type reply struct {
	failed      bool
	status      int
	contentType string
	text        string
}

// answer gives the agent's answer to a JSON body.
func (r Responder) answer(body json.RawMessage) reply {
	switch r.Kind {
	case "json":
		text := "null"
		if len(r.Body) > 0 {
			text = compact(r.Body)
		}
		return reply{status: orElse(r.Status, http.StatusOK), contentType: typeJSON, text: text}
	case "fail":
		text := `{"detail":"The agent failed"}`
		if len(r.Body) > 0 {
			text = compact(r.Body)
		}
		return reply{failed: true, status: orElse(r.Status, http.StatusBadGateway), contentType: typeJSON, text: text}
	default:
		return reply{status: orElse(r.Status, http.StatusOK), contentType: "text/plain; charset=utf-8", text: "Echo: " + promptOf(body)}
	}
}

// answerPrompt gives the agent's answer to a prompt.
func (r Responder) answerPrompt(prompt string) reply {
	body, err := json.Marshal(map[string]string{"prompt": prompt})
	if err != nil {
		panic(err) // a map of strings
	}
	answer := r.answer(body)
	if r.Kind == "" || r.Kind == "echo" {
		answer.text = "Echo: " + prompt // exact even where JSON replaces invalid UTF-8
	}
	return answer
}

func promptOf(body json.RawMessage) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) == nil {
		var prompt *string
		if json.Unmarshal(object["prompt"], &prompt) == nil && prompt != nil {
			return *prompt
		}
	}
	return compact(body)
}

func compact(raw json.RawMessage) string {
	var buf bytes.Buffer
	if err := json.Compact(&buf, raw); err != nil {
		return strings.TrimSpace(string(raw))
	}
	return buf.String()
}

func orElse(status, otherwise int) int {
	if status == 0 {
		return otherwise
	}
	return status
}

// split cuts a turn's answer into n chunks of about the same size that concatenate to it, never inside a character.
func (r Responder) split(text string) []string {
	n := orElse(r.Chunks, defaultChunks)
	size := max(1, min((len(text)+n-1)/n, maxChunkBytes))
	var chunks []string
	for text != "" {
		cut := min(size, len(text))
		for cut < len(text) && !utf8.RuneStart(text[cut]) {
			cut++
		}
		chunks = append(chunks, text[:cut])
		text = text[cut:]
	}
	return chunks
}
