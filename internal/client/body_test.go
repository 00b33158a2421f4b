package client_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// chunkOf is a piece of an endless answer.
var chunkOf = []byte(strings.Repeat("x", 64<<10))

// endless writes until the client goes away, or far beyond every limit, and gives the number of bytes.
func endless(w io.Writer) int {
	written := 0
	for written < 200<<20 {
		n, err := w.Write(chunkOf)
		written += n
		if err != nil {
			break
		}
	}
	return written
}

// TestEndlessBody answers with a body that does not end: what is read of it is bounded.
func TestEndlessBody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method  string
		status  int
		outcome client.Outcome
		most    int
		says    string
	}{
		"success": {"GET", 200, client.Unknown, 40 << 20, "larger than 16 MiB"},
		"create":  {"create", 201, client.Unknown, 40 << 20, "larger than 16 MiB"},
		"refusal": {"create", 422, client.Refused, 20 << 20, "422 Unprocessable Entity: xxx"},
		"removal": {"DELETE", 200, client.Unknown, 20 << 20, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written := make(chan int, 10)
			server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.WriteHeader(test.status)
				written <- endless(w)
			})
			err := oneOfEachKind()[test.method].call(t.Context(), server.client(t, retries(2)))
			if n := <-written; n > test.most {
				t.Errorf("the server wrote %d bytes", n)
			}
			if server.count() != 1 {
				t.Errorf("%d requests", server.count())
			}
			if test.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e := mustFail(t, err)
			if e.Outcome != test.outcome || e.Status != test.status || !strings.Contains(e.Error(), test.says) || len(e.Error()) > 2000 {
				t.Errorf("outcome %s, %d bytes of text: %.300v", e.Outcome, len(e.Error()), e)
			}
		})
	}
}

// TestGzipBomb counts decoded bytes.
func TestGzipBomb(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("the client does not offer gzip")
		}
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		for range 1000 { // 64 MiB, packed into 64 KiB
			if _, err := zip.Write(chunkOf); err != nil {
				return
			}
		}
		_ = zip.Close()
	})
	e := mustFail(t, oneOfEachKind()["GET"].call(t.Context(), server.client(t, retries(2))))
	if !strings.Contains(e.Error(), "larger than 16 MiB") || server.count() != 1 {
		t.Errorf("%d requests: %.300v", server.count(), e)
	}
}

// TestLargestBody is exactly as large as allowed, and one byte more.
func TestLargestBody(t *testing.T) {
	t.Parallel()
	for size, ok := range map[int]bool{client.MaxBody: true, client.MaxBody + 1: false} {
		body := fullAgent + strings.Repeat(" ", size-len(fullAgent))
		err := oneOfEachKind()["GET"].call(t.Context(), serveJSON(t, 200, body).client(t))
		if (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestGzipIsRead(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = io.WriteString(zip, fullAgent)
		_ = zip.Close()
	})
	if err := oneOfEachKind()["GET"].call(t.Context(), server.client(t)); err != nil {
		t.Error(err)
	}
}

// TestUnreadableSuccess answers 2xx with what is no agent. The service said that it did something.
func TestUnreadableSuccess(t *testing.T) {
	t.Parallel()
	page := "<!DOCTYPE html><html><head><title>\n Sign in &amp; go </title></head>" + strings.Repeat("<p>x</p>", 10000)
	for name, test := range map[string]struct{ contentType, body, says string }{
		"HTML":         {"text/html; charset=utf-8", page, `an HTML page titled "Sign in & go", 80068 bytes`},
		"HTML as JSON": {"application/json", page, `an HTML page titled "Sign in & go", 80068 bytes`},
		"no title":     {"text/html", "<b>hi</b>", "an HTML page, 9 bytes"},
		"empty":        {"application/json", "", "an empty body"},
		"spaces":       {"application/json", "  \n", "an empty body"},
		"text":         {"text/plain", "all\r\nis  well\x00", "invalid JSON"},
		"binary":       {"application/octet-stream", "\x00\x01\x02\xff", "4 bytes of application/octet-stream"},
		"binary, odd":  {";;", "\x00\x01\x02\xff", "4 bytes of unknown type"},
		"cut":          {"application/json", fullAgent[:200], "invalid JSON"},
		"two":          {"application/json", fullAgent + fullAgent, "invalid JSON"},
		"null":         {"application/json", "null", "the agent has no id"},
		"list":         {"application/json", "[" + fullAgent + "]", "unexpected JSON array"},
		"string":       {"application/json", `"ok"`, "unexpected JSON string"},
		"no id":        {"application/json", `{"name": "x", "ticker": "X"}`, "the answer is incomplete: the agent has no id"},
		"null id":      {"application/json", `{"id": null}`, "the agent has no id"},
		"empty id":     {"application/json", `{"id": ""}`, "the agent has no id"},
		"odd id":       {"application/json", `{"id": {"x": 1}}`, "the agent has no id"},
	} {
		for method, kind := range oneOfEachKind() {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
					w.Header()["Content-Type"] = []string{test.contentType}
					w.Header().Set("X-Autx-Request-Id", "abcd1234")
					w.WriteHeader(http.StatusCreated)
					_, _ = io.WriteString(w, test.body)
				})
				err := kind.call(t.Context(), server.client(t, retries(3)))
				if server.count() != 1 {
					t.Errorf("%d requests", server.count())
				}
				if kind.removal {
					if err != nil {
						t.Error(err)
					}
					return
				}
				e := mustFail(t, err)
				text := e.Error()
				if e.Outcome != client.Unknown || e.Status != 201 || e.RequestID != "abcd1234" || !strings.Contains(text, test.says) ||
					strings.Contains(text, "<p>") || strings.ContainsAny(text, "\n\r\x00") || len(text) > 1500 {
					t.Errorf("outcome %s, status %d: %q; want %q", e.Outcome, e.Status, text, test.says)
				}
			})
		}
	}
}

// TestUnreadableLists has answers to listings that must not be taken for shorter lists.
func TestUnreadableLists(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"null": "null where a list is due", "{}": "unexpected JSON object", `{"agents": []}`: "unexpected JSON object", "[" + fullAgent: "invalid JSON",
		"[" + fullAgent + `, {"name": "x"}]`: "element 1: the agent has no id", "[null]": "element 0: the agent has no id",
		"[1]": "element 0: read an agent: unexpected JSON number", "": "an empty body",
	} {
		c := serveJSON(t, 200, body).client(t)
		if agents, err := c.Agents.Mine(t.Context()); agents != nil || !strings.Contains(mustFail(t, err).Error(), says) {
			t.Errorf("%s: %v, %v; want %q", body, agents, err, says)
		}
	}
	for _, body := range []string{"{}", `{"available": null}`, `{"available": "maybe"}`, "true", "[]"} {
		c := serveJSON(t, 200, body).client(t)
		if free, err := c.Agents.CheckTicker(t.Context(), "X"); free || err == nil {
			t.Errorf("%s: %t, %v", body, free, err)
		}
	}
}
