package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

func TestFieldStates(t *testing.T) {
	t.Parallel()
	type object struct {
		F client.Field[string] `json:"f,omitzero"`
	}
	for text, want := range map[string]struct {
		field             client.Field[string]
		zero, reported    bool
		null, hasValue    bool
		value, or, writes string
	}{
		`{}`:           {client.Field[string]{}, true, false, false, false, "", "def", `{}`},
		`{"f": null}`:  {client.Null[string](), false, true, true, false, "", "def", `{"f":null}`},
		`{"f": ""}`:    {client.Of(""), false, true, false, true, "", "", `{"f":""}`},
		`{"f": "x<y"}`: {client.Of("x<y"), false, true, false, true, "x<y", "x<y", `{"f":"x\u003cy"}`},
	} {
		var read object
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for name, f := range map[string]client.Field[string]{"read": read.F, "made": want.field} {
			value, ok := f.Value()
			if f.IsZero() != want.zero || f.Reported() != want.reported || f.IsNull() != want.null || ok != want.hasValue || value != want.value ||
				f.Or("def") != want.or {
				t.Errorf("%s, %s: %+v", text, name, f)
			}
			if out, err := json.Marshal(object{f}); err != nil || string(out) != want.writes {
				t.Errorf("%s, %s: written as %s, %v", text, name, out, err)
			}
		}
	}
}

// TestFieldReadsTolerantly has what is read and what is not; what is not read leaves the field absent and never fails.
func TestFieldReadsTolerantly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"abc"`: "abc", `"é"`: "é", `12`: "12", `1.50`: "1.50", `""`: "",
		`true`: "absent", `[]`: "absent", `{}`: "absent", `null`: "null",
	} {
		checkField[string](t, text, want)
	}
	for text, want := range map[string]string{
		`12`: "12", `-3`: "-3", `"12"`: "12", `12.0`: "12", `"12.00"`: "12", `9223372036854775807`: "9223372036854775807", `0`: "0",
		`12.5`: "absent", `9223372036854775808`: "absent", `"x"`: "absent", `""`: "absent", `1e3`: "absent", `true`: "absent",
		`[1]`: "absent", `null`: "null",
	} {
		checkField[int64](t, text, want)
	}
	for text, want := range map[string]string{
		`99.95`: "99.95", `"99.95"`: "99.95", `1e3`: "1e3", `" 7 "`: "7", `"NaN"`: "absent", `"0x1"`: "absent", `"01"`: "absent", `{}`: "absent",
		`1` + strings.Repeat("0", 100): "absent",
	} {
		checkField[json.Number](t, text, want)
	}
	for text, want := range map[string]string{`true`: "true", `false`: "false", `"true"`: "absent", `1`: "absent", `null`: "null"} {
		checkField[bool](t, text, want)
	}
	for text, want := range map[string]string{`["a", "b"]`: "[a b]", `[]`: "[]", `[1]`: "absent", `"a"`: "absent", `{}`: "absent"} {
		checkField[[]string](t, text, want)
	}
	for text, want := range map[string]string{
		`0.1`: "0.1", `"0.10"`: "0.1", `5e-1`: "0.5", `"free"`: "absent", `1e400`: "absent", `[]`: "absent", `null`: "null",
	} {
		checkField[money.Amount](t, text, want)
	}
}

func checkField[T any](t *testing.T, text, want string) {
	t.Helper()
	var f client.Field[T]
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Errorf("%T from %s: %v", f, text, err)
		return
	}
	got := "absent"
	switch value, ok := f.Value(); {
	case ok:
		got = fmt.Sprint(value)
	case f.IsNull():
		got = "null"
	}
	if got != want {
		t.Errorf("%T from %s is %s; want %s", f, text, got, want)
	}
}

// TestFieldIsReadAfresh reads twice into one field.
func TestFieldIsReadAfresh(t *testing.T) {
	t.Parallel()
	f := client.Of([]string{"old"})
	for _, text := range []string{`["a"]`, `null`, `5`} {
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		if value, ok := f.Value(); ok != (text == `["a"]`) || (ok && value[0] != "a") || (!ok && value != nil) {
			t.Errorf("%s: %v, %t", text, value, ok)
		}
	}
}

func BenchmarkReadAgents(b *testing.B) {
	body := []byte("[" + strings.Repeat(fullAgent+",", 499) + fullAgent + "]")
	for b.Loop() {
		var agents []client.Agent
		if err := json.Unmarshal(body, &agents); err != nil || len(agents) != 500 {
			b.Fatal(err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	wire := &fakeWire{answer: nil}
	body := "[" + strings.Repeat(fullAgent+",", 499) + fullAgent + "]"
	wire.answer = func(req *http.Request, _ int) (*http.Response, error) { return respond(req, 200, nil, body), nil }
	c, err := client.New(client.Config{BaseURL: "https://autx.test", APIKey: testKey, Transport: wire})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if agents, err := c.Agents.Mine(b.Context()); err != nil || len(agents) != 500 {
			b.Fatal(err)
		}
	}
}

func TestFieldComplete(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name              string
		field, from, want client.Field[string]
	}{
		{"a value stays", client.Of("a"), client.Of("b"), client.Of("a")},
		{"null is completed", client.Null[string](), client.Of("b"), client.Of("b")},
		{"absent is completed", client.Field[string]{}, client.Of("b"), client.Of("b")},
		{"absent becomes null", client.Field[string]{}, client.Null[string](), client.Null[string]()},
		{"null stays null", client.Null[string](), client.Field[string]{}, client.Null[string]()},
	} {
		field := tt.field
		if field.Complete(tt.from); field != tt.want {
			t.Errorf("%s: %+v", tt.name, field)
		}
	}
}
