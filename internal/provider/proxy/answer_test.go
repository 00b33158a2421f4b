package proxy_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAnswers keeps whatever an agent answers, byte for byte.
func TestAnswers(t *testing.T) {
	t.Parallel()
	binary := make([]byte, 512)
	for i := range binary {
		binary[i] = byte(i)
	}
	encoded := func(of string) any { return base64.StdEncoding.EncodeToString([]byte(of)) }
	for name, c := range map[string]struct {
		body          string
		text, encoded any
	}{
		"empty":                  {"", "", nil},
		"text":                   {"Grüße, 世界\n", "Grüße, 世界\n", nil},
		"binary":                 {string(binary), nil, encoded(string(binary))},
		"invalid UTF-8":          {"abc\xff", nil, encoded("abc\xff")},
		"a cut-off character":    {"abc\xe4\xb8", nil, encoded("abc\xe4\xb8")},
		"zero bytes":             {"a\x00b", nil, encoded("a\x00b")},
		"not in the normal form": {"e\u0301", "e\u0301", encoded("e\u0301")},
		"a byte order mark":      {"\ufeffabc", "\ufeffabc", nil},
		"1 MiB":                  {strings.Repeat("x", 1<<20), strings.Repeat("x", 1<<20), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			gate := d.gate()
			gate.Rewrite(http.MethodPost, "/proxy/*", func(_, _ []byte) []byte { return []byte(c.body) })
			made := d.ask(of("k"))
			v := made.Values()
			if v["response_text"] != c.text || v["response_base64"] != c.encoded {
				t.Errorf("kept as %.80q and %.80q", v["response_text"], v["response_base64"])
			}
			d.mustBeSettled(made, of("k"))
			d.mustHaveCharged("0.5")
		})
	}
}

// TestHeaders keeps what says something of the answer.
func TestHeaders(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	gate.Answer(http.MethodPost, "/proxy/*", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["X-Many"] = []string{"one", "two, three"}
		h.Set("ETag", `"abc"`)
		h.Set("X-Odd", "caf\xe9")
		h.Set("Keep-Alive", "timeout=5")
		h.Set("Set-Cookie", "session=secret")
		h.Set("X-Autx-Latency-Ms", "soon")
		h["Content-Type"] = nil
		w.WriteHeader(http.StatusAccepted)
	})
	v := d.ask(to("FREE", "k", "0")).Values()
	if diff := cmp.Diff(values{"x-many": "one, two, three", "etag": `"abc"`, "x-odd": "caf\uFFFD"}, v["headers"]); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if v["status_code"] != int64(http.StatusAccepted) || v["content_type"] != nil || v["request_id"] != nil || v["latency_ms"] != nil || v["response_text"] != "" {
		t.Errorf("made %v", v)
	}
}

// TestCompressedAnswer keeps what was compressed, not how.
func TestCompressedAnswer(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := d.gate()
	gate.Answer(http.MethodPost, "/proxy/*", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packer := gzip.NewWriter(w)
		_, _ = packer.Write(bytes.Repeat([]byte("abc"), 1000))
		_ = packer.Close()
	})
	if v := d.ask(to("FREE", "k", "0")).Values(); v["response_text"] != strings.Repeat("abc", 1000) || at(v, "headers.content-encoding") != nil {
		t.Errorf("made %v", v)
	}
}

// TestUselessAnswers are answers to requests that were charged and that can't be kept: the request is paid and not sent again, and a warning says so.
// Of free ones nothing is kept.
func TestUselessAnswers(t *testing.T) {
	t.Parallel()
	huge := strconv.Itoa(16<<20 + 1)
	for name, c := range map[string]struct{ fault, says string }{
		"too large":               {"proxy.call:after:status=200,body_bytes=" + huge + ",body=x", "larger than 16 MiB"},
		"cut off":                 {"proxy.call:body:truncate,bytes=4", "breaks off after 4 bytes"},
		"cut off at once":         {"proxy.call:body:truncate,bytes=0", "breaks off after 0 bytes"},
		"reset in mid-body":       {"proxy.call:body:reset,bytes=4", "4 bytes"},
		"cut off at the very end": {"proxy.call:body:truncate,bytes=1000", "breaks off after 16 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.server.AddFault(c.fault)
			made, diags := d.PlanAndApply(requestType, nil, of("k"))
			if diags.HasErrors() || !diags.Warnings().Say("Answer is lost", "charged, $0.50", c.says, "can't be read again", "change idempotency_key") {
				t.Fatal(diags)
			}
			v := made.Values()
			for _, attribute := range []string{"status_code", "content_type", "headers", "response_text", "response_base64", "request_id", "latency_ms"} {
				if v[attribute] != nil {
					t.Errorf("%s is %.80v", attribute, v[attribute])
				}
			}
			if made.ID() != d.entries()[0].ID || at(v, "spend.charged_usd") != "0.5" {
				t.Errorf("made %v", v)
			}
			d.mustBeSettled(made, of("k"))

			d.server.AddFault(c.fault)
			d.refuse(to("FREE", "f", "0"), "", "no usable answer", c.says, "nothing was charged", "Apply again")
			d.ask(to("FREE", "f", "0"))
			d.mustHaveCharged("0.5")
			d.mustHaveSent(3)
		})
	}
}

// TestLargestAnswer keeps an answer of exactly the most.
func TestLargestAnswer(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.server.AddFault("proxy.call:after:status=200,content_type=application/octet-stream,body_bytes=" + strconv.Itoa(16<<20) + ",body=x")
	v := d.ask(of("k")).Values()
	if text, _ := v["response_text"].(string); len(text) != 16<<20 {
		t.Errorf("%d bytes were kept", len(text))
	}
}
