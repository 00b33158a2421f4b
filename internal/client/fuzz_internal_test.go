package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

const fuzzSecret = "autx_live_fuzzed"

// FuzzErrorBody wants of every message that it is one readable, bounded line without the secret.
func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"detail": "no"}`, `{"detail": [{"loc": ["body", "x", 1], "msg": "m", "type": "t"}]}`, `{"error": {"message": "autx_live_fuzzed"}}`,
		"<html><title>x</title>", "", "\xff\xfe", `{"detail": {"detail": null}}`, strings.Repeat("x", 1020) + fuzzSecret, `{"message": "a\u0000b\u2028"}`,
		"null", `{"errors": ["a"]}`,
	} {
		f.Add(seed, "application/json", false)
		f.Add(seed, "text/html;;", true)
	}
	f.Fuzz(func(t *testing.T, body, contentType string, truncated bool) {
		message, fields := readErrorBody(contentType, []byte(body), truncated, secretsOf(fuzzSecret))
		check := func(what, text string, limit int) {
			if len(text) > limit+len("…") || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, fuzzSecret) {
				t.Errorf("the %s is %q", what, text)
			}
		}
		check("message", message, maxMessage+100) // the name of an HTML page and its size come on top
		if message == "" {
			t.Error("there is no message")
		}
		if len(fields) > maxFieldErrors {
			t.Errorf("%d fields", len(fields))
		}
		for _, field := range fields {
			check("field's message", field.Message, maxMessage)
			check("field's type", field.Type, maxExcerpt)
			for _, step := range field.Path {
				check("field's path", step, maxExcerpt)
			}
		}
	})
}

// FuzzField wants of every field that reading it never fails, and that what was read is the same after writing and reading it again.
func FuzzField(f *testing.F) {
	for _, seed := range []string{
		`"x"`, "5", "5.0", "null", "true", "[]", `["a"]`, "{}", `{"input": {"file_types": [1]}}`, "1e999", `"5"`, "0.10", "-0", "[[[[[",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return
		}
		again[string](t, data)
		again[bool](t, data)
		again[int64](t, data)
		again[json.Number](t, data)
		again[money.Amount](t, data)
		again[[]string](t, data)
		again[Manifest](t, data)
		again[Profile](t, data)
	})
}

func again[T any](t *testing.T, data []byte) {
	t.Helper()
	var first, second Field[T]
	if err := json.Unmarshal(data, &first); err != nil {
		t.Fatalf("%T from %q: %v", first, data, err)
	}
	if first.IsZero() != (first.problem != "") {
		t.Errorf("%T from %q is absent without a problem, or the other way round: %+v", first, data, first)
	}
	if first.IsZero() {
		return
	}
	out, err := json.Marshal(first)
	if err != nil {
		t.Fatalf("%T from %q cannot be written: %v", first, data, err)
	}
	if err := json.Unmarshal(out, &second); err != nil || second.state != first.state {
		t.Fatalf("%T from %q is written as %s and read as %+v, %v", first, data, out, second, err)
	}
	if back, err := json.Marshal(second); err != nil || !bytes.Equal(back, out) {
		t.Errorf("%T from %q is written as %s, then as %s, %v", first, data, out, back, err)
	}
}

// FuzzBalance wants of every balance that its amounts are those that were sent.
func FuzzBalance(f *testing.F) {
	for _, seed := range []string{
		`{"available_usdc": 9.95, "reserved_usdc": 0.05}`, `{"balance_usd": "9.95", "reserved_usd": "0.05"}`, `{"available_usdc": null, "balance_usd": 1}`,
		"[]", "null", `{"available_usdc": "x"}`, `{"AVAILABLE_USDC": 1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var balance Balance
		if json.Unmarshal(data, &balance) != nil {
			return
		}
		var sent map[string]any
		if err := json.Unmarshal(data, &sent); err != nil {
			t.Fatalf("%q is a balance, %+v, and no object: %v", data, balance, err)
		}
		for key := range sent {
			if strings.EqualFold(key, "available_usdc") || strings.EqualFold(key, "balance_usd") {
				return
			}
		}
		t.Errorf("%q is a balance, %+v, without an amount", data, balance)
	})
}

// FuzzAgent wants of every agent that it has an id, and that looking for odd fields never fails.
func FuzzAgent(f *testing.F) {
	for _, seed := range []string{
		`{"id": 1}`, `{"id": "x", "manifest": {"input": {"max_size_bytes": []}}}`, "{}", "null", `{"id": "x", "name": {}, "ID": "y"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		agents, err := decodeAnswer[list[Agent]](t.Context(), &answer{body: []byte("[" + string(data) + "]")})
		if err != nil {
			if _, ok := AsError(err); !ok {
				t.Errorf("%q: %v is no *Error", data, err)
			}
			return
		}
		for _, agent := range agents {
			if agent.ID == "" {
				t.Errorf("%q has no id: %+v", data, agent)
			}
		}
	})
}

// FuzzRetryAfter wants of every wait that it is neither negative nor endless, and that whole seconds are read as such.
func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, seed := range []string{
		"", "0", "1", "120", "-1", "1.5", "99999999999999999999", "soon", "Fri, 02 Jan 2026 03:05:05 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", " 7 ", "+7",
		"٧",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wait, asked := parseRetryAfter(text, now)
		if wait < 0 || wait > maxRetryAfter || (!asked && wait != 0) {
			t.Errorf("%q is a wait of %s, %t", text, wait, asked)
		}
	})
}

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, " 120 ": 2 * time.Minute, "Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 31 Dec 1999 23:59:59 GMT": 0,
		now.Add(time.Hour).Format(time.RFC850): time.Hour, now.Add(time.Hour).Format(time.ANSIC): time.Hour,
		"99999999999999999999": maxRetryAfter, "9999999999": maxRetryAfter,
	} {
		if wait, asked := parseRetryAfter(text, now); wait != want || !asked {
			t.Errorf("%q: %s, %t; want %s", text, wait, asked, want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "1.5", "+7", "٧", "7s", "2026-01-02T03:04:05Z"} {
		if wait, asked := parseRetryAfter(text, now); asked || wait != 0 {
			t.Errorf("%q: %s, %t", text, wait, asked)
		}
	}
}

func TestCheckRedirectOrigins(t *testing.T) {
	t.Parallel()
	for target, same := range map[string]bool{
		"https://autx.ai/x": true, "https://autx.ai:443/x": true, "HTTPS://AUTX.AI/x": true, "https://autx.ai./x": true, "https://autx.ai:8443/x": false,
		"http://autx.ai/x": false, "http://autx.ai:443/x": false, "https://autx.ai.evil.example/x": false, "https://evil.example/autx.ai": false,
		"https://www.autx.ai/x": false, "https://key@autx.ai/x": false, "wss://autx.ai:443/x": false,
	} {
		first, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://autx.ai/api/v1/agents/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		next, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkRedirect(next, []*http.Request{first}); (err == nil) != same {
			t.Errorf("%s: %v", target, err)
		}
	}
}
