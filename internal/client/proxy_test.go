package client_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestProxyAnswerIsKeptAsItIs has agents answer with all kinds of bytes.
func TestProxyAnswerIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	for name, test := range map[string]struct {
		status      int
		contentType string
		body        []byte
	}{
		"text":             {200, "text/plain; charset=utf-8", []byte("Grüße\r\n")},
		"JSON":             {201, "application/json", []byte(` {"a" : 1.0}` + "\n")},
		"no JSON":          {200, "application/json", []byte(`{"a"`)},
		"binary":           {200, "image/png", everyByte},
		"not UTF-8":        {200, "text/plain", []byte("a\xff\xfe")},
		"empty":            {200, "text/plain", nil},
		"no content":       {204, "", nil},
		"nothing is said":  {202, "", []byte("x")},
		"an HTML page":     {200, "text/html", []byte("<html><title>x</title>")},
		"largest":          {200, "application/octet-stream", bytes.Repeat(everyByte, client.MaxBody/256)},
		"odd content type": {200, ";;\"", []byte("x")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.Header()["Content-Type"] = nil
				if test.contentType != "" {
					w.Header().Set("Content-Type", test.contentType)
				}
				w.Header().Set("X-Autx-Request-Id", "00ff00ff")
				w.Header().Set("X-Autx-Latency-Ms", "1234")
				w.Header().Set("X-Autx-Agent", "SUMM")
				w.Header().Add("X-Own", "a")
				w.Header().Add("X-Own", "b")
				w.WriteHeader(test.status)
				_, _ = w.Write(test.body)
			})
			got, err := server.client(t).Proxy.Call(t.Context(), "a/b", everyByte, "application/x-odd")
			if err != nil {
				t.Fatal(err)
			}
			if got.StatusCode != test.status || got.ContentType != test.contentType || !bytes.Equal(got.Body, test.body) || got.RequestID != "00ff00ff" ||
				got.LatencyMS.Or(0) != 1234 || got.AgentTicker != "SUMM" || strings.Join(got.Header["X-Own"], ",") != "a,b" {
				t.Errorf("%d %q, %d bytes, %+v", got.StatusCode, got.ContentType, len(got.Body), got.Header)
			}
			sent := server.last(t)
			if sent.method != http.MethodPost || sent.uri != "/api/v1/proxy/a%2Fb" || sent.body != string(everyByte) ||
				sent.header.Get("Content-Type") != "application/x-odd" || sent.header.Get("Accept") != "*/*" || sent.header.Get("Authorization") != "Bearer "+testKey {
				t.Errorf("sent %s %s, %v", sent.method, sent.uri, sent.header)
			}
		})
	}
}

// TestProxyAnswerIsUnpacked has an agent's answer compressed on its way.
func TestProxyAnswerIsUnpacked(t *testing.T) {
	t.Parallel()
	for _, complete := range []bool{true, false} {
		var packed bytes.Buffer
		packer := gzip.NewWriter(&packed)
		_, _ = io.WriteString(packer, strings.Repeat("Hello", 100))
		_ = packer.Close()
		body := packed.Bytes()
		if !complete {
			body = body[:len(body)/2]
		}
		server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(body)
		})
		got, err := server.client(t).Proxy.Call(t.Context(), "ECHO", []byte("{}"), "application/json")
		switch {
		case complete && (err != nil || string(got.Body) != strings.Repeat("Hello", 100)):
			t.Errorf("%+v, %v", got, err)
		case !complete && outcomeOf(t, err) != "unknown":
			t.Errorf("half of it: %+v, %v", got, err)
		}
	}
}

// TestOddLatency has headers that are no figures, which are no reason to lose an answer that was paid for.
func TestOddLatency(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]int64{"": -1, "12": 12, "12.0": 12, "soon": -1, "[1]": -1, "null": -1, "1e3": -1, " 7 ": 7} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.Header().Set("X-Autx-Latency-Ms", header) })
		got, err := server.client(t).Proxy.Call(t.Context(), "ECHO", nil, "")
		if err != nil || got.LatencyMS.Or(-1) != want {
			t.Errorf("%q: %+v, %v", header, got, err)
		}
		if sent := server.last(t); sent.body != "" || sent.header.Get("Content-Type") != "" {
			t.Errorf("sent %+v", sent)
		}
	}
}

// TestProxyIsCalledOnce has calls fail in each way. None is repeated that may have been carried out, and none that was says less.
func TestProxyIsCalledOnce(t *testing.T) {
	t.Parallel()
	const lost = "the agent was called and only its answer is lost"
	for name, test := range map[string]struct {
		rule      string
		outcome   string
		message   string
		committed int
	}{
		"refused":         {"proxy.call:before:status=402", "refused", "402 Payment Required", 0},
		"agent failed":    {"proxy.call:before:status=502", "unknown", "502 Bad Gateway", 0},
		"lost before":     {"proxy.call:before:reset", "unknown", "", 0},
		"lost after":      {"proxy.call:after:reset", "unknown", "", 1},
		"replaced after":  {"proxy.call:after:status=500", "unknown", "500 Internal Server Error", 1},
		"cut off":         {"proxy.call:body:truncate,bytes=3", "unknown", "200 OK, but " + lost + ": the answer breaks off after 3 bytes", 1},
		"reset in a body": {"proxy.call:body:reset,bytes=3", "unknown", "200 OK, but " + lost, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mockserver.New(t, mockserver.WithFault(test.rule))
			_, err := against(t, server, retries(3)).Proxy.Call(t.Context(), "SUMM", []byte(`{"prompt": "Hello"}`), "application/json")
			if outcomeOf(t, err) != test.outcome || !strings.Contains(err.Error(), test.message) {
				t.Errorf("%v; want %s: %s", err, test.outcome, test.message)
			}
			requests := server.Requests()
			if len(requests) != 1 || requests[0].Committed != (test.committed == 1) {
				t.Errorf("%+v", requests)
			}
		})
	}
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { endless(w) })
	_, err := server.client(t, retries(3)).Proxy.Call(t.Context(), "SUMM", nil, "")
	if outcomeOf(t, err) != "unknown" || !strings.Contains(err.Error(), lost+": the answer is larger than 16 MiB") || server.count() != 1 {
		t.Errorf("an endless answer: %v", err)
	}
	if _, err := server.client(t).Proxy.Call(t.Context(), "", nil, ""); outcomeOf(t, err) != "not sent" {
		t.Errorf("without an agent: %v", err)
	}
}

// TestProxyAgainstTheMockServer calls an agent that costs something.
func TestProxyAgainstTheMockServer(t *testing.T) {
	t.Parallel()
	server, c := buyer(t)
	got, err := c.Proxy.Call(t.Context(), "summ", []byte(`{"prompt": "Grüße"}`), "application/json")
	if err != nil || string(got.Body) != "Echo: Grüße" || got.ContentType != "text/plain; charset=utf-8" || got.AgentTicker != "SUMM" ||
		got.RequestID == "" || got.LatencyMS.Or(-1) != 0 || got.StatusCode != http.StatusOK {
		t.Errorf("%+v, %v", got, err)
	}
	balance, err := c.Credits.Balance(t.Context())
	if err != nil || balance.Available.String() != "99.5" || len(server.State().Orders) != 0 {
		t.Errorf("%+v, %v", balance, err)
	}
}
