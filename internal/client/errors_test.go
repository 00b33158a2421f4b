package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// refusal is the error of a create that is answered with a body.
func refusal(t *testing.T, status int, contentType, body string) *client.Error {
	t.Helper()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	_, err := server.client(t).Agents.Create(t.Context(), create())
	return mustFail(t, err)
}

func TestErrorBodies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body, message string
		fields        []client.FieldError
	}{
		"detail": {body: `{"detail": "Ticker SUMM is taken"}`, message: "Ticker SUMM is taken"},
		"fields": {
			body: `{"detail": [{"loc": ["body", "ticker"], "msg": "too short", "type": "string_too_short", "input": "X", "ctx": {}},
				{"loc": ["body", "profile", "use_cases", 0], "msg": "not a string", "type": "string_type"}, {"loc": ["query", "limit"], "msg": "too large"}]}`,
			message: "ticker: too short; profile.use_cases.0: not a string; query.limit: too large",
			fields: []client.FieldError{
				{Path: []string{"ticker"}, Message: "too short", Type: "string_too_short"},
				{Path: []string{"profile", "use_cases", "0"}, Message: "not a string", Type: "string_type"},
				{Path: []string{"query", "limit"}, Message: "too large"},
			},
		},
		"a field without a place": {
			body: `{"detail": [{"msg": "bad"}, {"loc": "x", "msg": "worse"}, {"loc": ["body"], "msg": "worst"}]}`, message: "bad; worse; worst",
			fields: []client.FieldError{{Message: "bad"}, {Message: "worse"}, {Path: []string{}, Message: "worst"}},
		},
		"a list of nothing":       {body: `{"detail": [{}], "message": "m"}`, message: "m"},
		"error":                   {body: `{"error": "no"}`, message: "no"},
		"error with a message":    {body: `{"error": {"code": "E1", "message": "no"}}`, message: "no"},
		"error with a code":       {body: `{"error": {"code": "E1"}}`, message: "E1"},
		"message":                 {body: `{"message": "  no\n\tway "}`, message: "no way"},
		"detail with a message":   {body: `{"detail": {"message": "no"}}`, message: "no"},
		"empty detail, message":   {body: `{"detail": "", "message": "no"}`, message: "no"},
		"null detail, message":    {body: `{"detail": null, "message": "no"}`, message: "no"},
		"another JSON":            {body: `{"code": 7}`, message: `{"code": 7}`},
		"a JSON list":             {body: `["no"]`, message: `["no"]`},
		"text":                    {body: "no\r\nway\x1b[31m", message: "12 bytes of application/json"},
		"plain text":              {body: "no\r\n way", message: "no way"},
		"invalid UTF-8":           {body: `{"detail": "a` + "\xff" + `b"}`, message: "a\uFFFDb"},
		"nothing":                 {body: "", message: "an empty body"},
		"HTML":                    {body: "<html><title>Bad\nGateway</title><p>secret</p></html>", message: `an HTML page titled "Bad Gateway", 52 bytes`},
		"HTML with odd letters":   {body: "\n <!doctype HTML><TITLE lang=en>&lt;b&gt;</TITLE>", message: `an HTML page titled "<b>", 49 bytes`},
		"a character cut by us":   {body: strings.Repeat("é", 40<<10), message: strings.Repeat("é", 512) + "…"},
		"long":                    {body: `{"detail": "` + strings.Repeat("x", 5000) + `"}`, message: strings.Repeat("x", 1024) + "…"},
		"more than is read of it": {body: `{"detail": "` + strings.Repeat("x", 100<<10) + `"}`, message: `{"detail": "` + strings.Repeat("x", 1012) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := refusal(t, 422, "application/json", test.body)
			if e.Message != test.message {
				t.Errorf("the message is %q; want %q", e.Message, test.message)
			}
			if diff := cmp.Diff(test.fields, e.Fields); diff != "" {
				t.Error(diff)
			}
			if strings.ContainsAny(e.Error(), "\n\r\x1b") || len(e.Error()) > 1300 {
				t.Errorf("the text is %q", e.Error())
			}
		})
	}
}

func TestManyFieldErrors(t *testing.T) {
	t.Parallel()
	e := refusal(t, 422, "application/json", `{"detail": [`+strings.Repeat(`{"loc": ["x"], "msg": "bad"},`, 999)+`{"loc": ["x"], "msg": "bad"}]}`)
	if len(e.Fields) != 50 || len(e.Message) > 1100 {
		t.Errorf("%d fields, %d bytes of message", len(e.Fields), len(e.Message))
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*client.Error{
		"GET /x: 404 Not Found":     {Method: "GET", Path: "/x", Status: 404, Attempts: 1, Outcome: client.Refused},
		"GET /x: 404 Not Found: no": {Method: "GET", Path: "/x", Status: 404, Message: "no", Outcome: client.Refused},
		"POST /x: 500 Internal Server Error: boom; it may have been carried out all the same (request id r1, 2 attempts)": {
			Method: "POST", Path: "/x", Status: 500, Message: "boom", RequestID: "r1", Attempts: 2, Outcome: client.Unknown,
		},
		"GET /x: 599: odd": {Method: "GET", Path: "/x", Status: 599, Message: "odd"},
		"GET /x: lost":     {Method: "GET", Path: "/x", Err: errors.New("lost")},
		"GET /x: gone; the last answer was 503 Service Unavailable": {Method: "GET", Path: "/x", Status: 503, Err: errors.New("gone")},
		"PUT /x: 200 OK, but unreadable; it may have been carried out all the same": {
			Method: "PUT", Path: "/x", Status: 200, Err: errors.New("unreadable"),
		},
		"PUT /x: only a message": {Method: "PUT", Path: "/x", Message: "only a message", Outcome: client.NotSent},
	} {
		if e.Error() != want {
			t.Errorf("it says %q; want %q", e.Error(), want)
		}
	}
}

func TestErrorHelpers(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	e := &client.Error{Method: "GET", Path: "/x", Status: 404, Outcome: client.Refused, Err: cause}
	wrapped := fmt.Errorf("read: %w", e)
	if got, ok := client.AsError(wrapped); !ok || got != e || !errors.Is(wrapped, cause) {
		t.Errorf("AsError: %v, %t", got, ok)
	}
	if !client.IsNotFound(wrapped) || client.IsConflict(wrapped) || !client.IsStatus(wrapped, 500, 404) || client.IsStatus(wrapped) {
		t.Error("a wrapped 404 is not told from others")
	}
	if !client.IsConflict(&client.Error{Status: 409}) || client.IsNotFound(cause) || client.IsNotFound(nil) || client.IsStatus(nil, 0) {
		t.Error("statuses are mixed up")
	}
	if _, ok := client.AsError(cause); ok {
		t.Error("any error is an *Error")
	}
	if (&client.Error{}).Outcome != client.Unknown || !(&client.Error{}).MayHaveBeenCarriedOut() {
		t.Error("the careful outcome is not the zero value")
	}
	names := []string{client.Unknown.String(), client.Refused.String(), client.NotSent.String()}
	if !slices.Equal(names, []string{"unknown", "refused", "not sent"}) {
		t.Errorf("outcomes are named %q", names)
	}
}

func TestRequestIDAndPath(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("X-Autx-Request-Id", strings.Repeat("r", 500))
		reply(w, 403, `{"detail": "no"}`)
	})
	_, err := server.client(t).Agents.GetByTicker(t.Context(), "a/b")
	e := mustFail(t, err)
	if e.Path != "/agents/ticker/a%2Fb" || e.Method != http.MethodGet || len(e.RequestID) > 70 || !strings.HasPrefix(e.RequestID, "rrr") {
		t.Errorf("%+v", e)
	}
	_, err = server.client(t).Agents.List(t.Context(), client.AgentFilter{Search: "x"})
	if e := mustFail(t, err); e.Path != "/agents/" {
		t.Errorf("the path is %q", e.Path)
	}
}

func TestInstance(t *testing.T) {
	t.Parallel()
	ids := []string{"one", "", "two"}
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, earlier int) {
		if ids[earlier] != "" {
			w.Header().Set("X-Autx-Mock-Instance", ids[earlier])
		}
		reply(w, map[bool]int{true: 200, false: 404}[earlier == 0], fullAgent)
	})
	c := server.client(t)
	for i, want := range []string{"one", "one", "two"} {
		if err := oneOfEachKind()["GET"].call(t.Context(), c); (err == nil) != (i == 0) {
			t.Fatal(err)
		}
		if c.Instance() != want {
			t.Errorf("after answer %d the instance is %q; want %q", i, c.Instance(), want)
		}
	}
}

// TestSecretsNeverComeBack lets the service repeat the API key and the provider key in every place an answer has.
func TestSecretsNeverComeBack(t *testing.T) {
	t.Parallel()
	const providerKey = `sk-"<sécret>&\/+ 1`
	const jsonKey = `sk-\"\u003csécret\u003e\u0026\\/+ 1` // as encoding/json spells it
	const urlKey = "sk-%22%3Cs%C3%A9cret%3E&%5C%2F+%201"  // as url.PathEscape spells it
	secrets := []string{testKey, testKey[:11], providerKey, jsonKey, urlKey, "sk-", "cret", "0123456789abcdef"}
	echo := func(status int, contentType, body string) func(w http.ResponseWriter, r *http.Request, earlier int) {
		return func(w http.ResponseWriter, r *http.Request, _ int) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("X-Autx-Request-Id", testKey)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	pad := strings.Repeat("x", 1010) // so that the cut falls into the key
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request, earlier int){
		"detail":      echo(401, "application/json", `{"detail": "bad key `+testKey+` or `+jsonKey+`"}`),
		"detail, cut": echo(401, "application/json", `{"detail": "`+pad+testKey+`"}`),
		"field": echo(422, "application/json", `{"detail": [{"loc": ["body", "`+testKey+`", "`+jsonKey+`"], "msg": "`+jsonKey+
			`", "type": "`+testKey+`"}]}`),
		"title":      echo(502, "text/html", `<html><title>`+testKey+" "+providerKey+`</title>`),
		"title, cut": echo(502, "text/html", `<html><title>`+strings.Repeat("x", 50)+testKey+`</title>`),
		"text":       echo(500, "text/plain", providerKey+" "+testKey),
		"text, cut":  echo(500, "text/plain", pad+providerKey),
		"other JSON": echo(500, "application/json", `{"x": "`+testKey+`", "y": ["`+jsonKey+`"]}`),
		"unreadable": echo(200, "application/json", `{"x": "`+testKey+`", "y": "`+jsonKey),
		"no id":      echo(200, "application/json", `{"id": {"a": "`+testKey+`"}}`),
		"redirect": func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Location", "https://evil.example/"+testKey+"/"+urlKey)
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"header": func(w http.ResponseWriter, _ *http.Request, _ int) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+testKey+"\r\n\r\n")
				_ = conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agents := serve(t, answer).client(t).Agents
			for _, call := range []func() error{
				func() error {
					_, err := agents.SetProviderKey(t.Context(), agentID, client.ProviderKey{APIKey: providerKey})
					return err
				},
				func() error {
					what := create()
					what.ProviderAPIKey = client.Of(providerKey)
					_, err := agents.Create(t.Context(), what)
					return err
				},
			} {
				e := mustFail(t, call())
				text := fmt.Sprintf("%v %+v %#v %v %q", e, *e, *e, e.Err, e.Fields)
				for _, secret := range secrets {
					if strings.Contains(text, secret) {
						t.Errorf("%q is in %s", secret, text)
					}
				}
			}
		})
	}
}

// TestScrubbedErrorsCanBeTested ends the context of a call whose host name has the key in it.
func TestScrubbedErrorsCanBeTested(t *testing.T) {
	t.Parallel()
	wire := &fakeWire{answer: func(req *http.Request, _ int) (*http.Response, error) {
		connected(req)
		return nil, fmt.Errorf("lost %s: %w", testKey, io.ErrUnexpectedEOF)
	}}
	err := oneOfEachKind()["create"].call(t.Context(), wire.client(t))
	if strings.Contains(err.Error(), testKey) || !strings.Contains(err.Error(), "lost [redacted]") || !errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
