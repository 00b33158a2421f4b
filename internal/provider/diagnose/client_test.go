package diagnose_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
)

const title = "Could not update agent SUMM"

// located are the places of diagnostics; "" for one of the whole resource.
func located(diags diag.Diagnostics) []string {
	var out []string
	for _, d := range diags {
		at := ""
		if with, ok := d.(diag.DiagnosticWithPath); ok {
			at = with.Path().String()
		}
		out = append(out, at)
	}
	return out
}

func refused(fields ...client.FieldError) error {
	return fmt.Errorf("update: %w", &client.Error{
		Method: http.MethodPatch, Path: "/agents/7", Status: http.StatusUnprocessableEntity, Message: "see fields", Fields: fields, RequestID: "abcd1234", Attempts: 1,
		Outcome: client.Refused,
	})
}

func TestFieldsLandOnAttributes(t *testing.T) {
	t.Parallel()
	diags := diagnose.Error(title, refused(
		client.FieldError{Path: []string{"manifest", "input", "type"}, Message: "unknown kind"},
		client.FieldError{Path: []string{"profile", "use_cases", "2"}, Message: "too long"},
		client.FieldError{Path: []string{"service_price"}, Message: "negative"},
		client.FieldError{Path: nil, Message: "nothing fits"},
	), diagnose.Same)
	if diff := cmp.Diff([]string{"manifest.input.type", "profile.use_cases[2]", "service_price", ""}, located(diags)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, says := range []string{"unknown kind", "too long", "negative", "nothing fits"} {
		d := diags[i]
		if d.Severity() != diag.SeverityError || d.Summary() != title {
			t.Errorf("%d: %v %q", i, d.Severity(), d.Summary())
		}
		for _, part := range []string{strings.ToUpper(says[:1]) + says[1:] + ".", "PATCH /agents/7", "422", "abcd1234"} {
			if !strings.Contains(d.Detail(), part) {
				t.Errorf("%d: %q is not in %q", i, part, d.Detail())
			}
		}
	}
}

func TestFieldsWithoutAnAttribute(t *testing.T) {
	t.Parallel()
	nowhere := func([]string) (path.Path, bool) { return path.Empty(), false }
	for name, paths := range map[string]diagnose.Paths{"no translation": nil, "no attribute": nowhere} {
		diags := diagnose.Error(title, refused(client.FieldError{Path: []string{"manifest", "x"}, Message: "no"}), paths)
		if diff := cmp.Diff([]string{""}, located(diags)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !strings.Contains(diags[0].Detail(), "manifest.x") {
			t.Errorf("%s: the field is not named: %q", name, diags[0].Detail())
		}
	}
}

func TestParameter(t *testing.T) {
	t.Parallel()
	for _, field := range [][]string{{"query", "limit"}, {"path", "limit"}, {"limit"}} {
		if at, ok := diagnose.Parameter(field); !ok || !at.Equal(path.Root("limit")) {
			t.Errorf("%v: %s, %v", field, at, ok)
		}
	}
	for _, paths := range []diagnose.Paths{diagnose.Parameter, diagnose.Same} {
		if at, ok := paths(nil); ok {
			t.Errorf("no field is %s", at)
		}
	}
}

func TestNextStep(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection reset by peer")
	for name, c := range map[string]struct {
		failure client.Error
		says    string // "" means that nothing is added
	}{
		"401":                       {client.Error{Status: 401, Outcome: client.Refused}, "AUTX_API_KEY"},
		"402":                       {client.Error{Status: 402, Outcome: client.Refused}, "Top them up"},
		"403":                       {client.Error{Status: 403, Outcome: client.Refused}, "scope"},
		"404":                       {client.Error{Status: 404, Outcome: client.Refused}, "base_url"},
		"408":                       {client.Error{Status: 408, Attempts: 1}, "timeout"},
		"409":                       {client.Error{Status: 409, Outcome: client.Refused}, ""},
		"422":                       {client.Error{Status: 422, Outcome: client.Refused}, ""},
		"error over a WebSocket":    {client.Error{Method: "WS", Outcome: client.Refused, Attempts: 1}, ""},
		"429":                       {client.Error{Status: 429, Outcome: client.Refused}, "requests_per_second"},
		"500":                       {client.Error{Status: 500}, "request id"},
		"503":                       {client.Error{Status: 503}, "Try again later"},
		"unreadable answer":         {client.Error{Status: 200, Err: errors.New("an HTML page")}, "base_url"},
		"redirect elsewhere":        {client.Error{Status: 307, Err: errors.New("redirected")}, "base_url"},
		"never sent":                {client.Error{Outcome: client.NotSent, Attempts: 4, Err: lost}, "did not reach AUTX"},
		"not worth sending":         {client.Error{Outcome: client.NotSent, Err: errors.New("nothing to change")}, ""},
		"interrupted":               {client.Error{Outcome: client.NotSent, Err: fmt.Errorf("given up: %w", context.Canceled)}, ""},
		"interrupted in the middle": {client.Error{Attempts: 1, Err: fmt.Errorf("given up: %w", context.Canceled)}, ""},
		"too slow":                  {client.Error{Attempts: 1, Err: fmt.Errorf("no complete answer: %w", context.DeadlineExceeded)}, "timeout in the provider block"},
		"too slow before it":        {client.Error{Outcome: client.NotSent, Err: fmt.Errorf("given up: %w", context.DeadlineExceeded)}, "timeout in the provider block"},
		"lost":                      {client.Error{Attempts: 1, Err: lost}, "The next plan reads"},
		"lost while reading":        {client.Error{Method: http.MethodGet, Attempts: 4, Err: lost}, "Check base_url, the network"},
	} {
		if c.failure.Method == "" {
			c.failure.Method = http.MethodPatch
		}
		c.failure.Path, c.failure.RequestID = "/agents/7", "abcd1234"
		diags := diagnose.Error(title, &c.failure, nil)
		if len(diags) != 1 {
			t.Errorf("%s: %d diagnostics", name, len(diags))
			continue
		}
		first, next, more := strings.Cut(diags[0].Detail(), "\n\n")
		if !strings.Contains(first, c.failure.Method+" /agents/7") || !strings.Contains(first, "abcd1234") {
			t.Errorf("%s: does not name the request: %q", name, first)
		}
		if more != (c.says != "") || !strings.Contains(next, c.says) {
			t.Errorf("%s: the next step is %q, want %q", name, next, c.says)
		}
	}
}

func TestWarning(t *testing.T) {
	t.Parallel()
	both := refused(client.FieldError{Path: []string{"name"}, Message: "taken"}, client.FieldError{Path: []string{"x"}, Message: "odd"})
	named := func(field []string) (path.Path, bool) { return path.Root("name"), field[0] == "name" }
	for _, err := range []error{both, errors.New("something else"), &client.Error{Status: 500}} {
		errs, warnings := diagnose.Error(title, err, named), diagnose.Warning(title, err, named)
		if diff := cmp.Diff(located(errs), located(warnings)); diff != "" || len(errs) == 0 {
			t.Errorf("places (-error +warning):\n%s", diff)
		}
		for i := range warnings {
			if warnings[i].Severity() != diag.SeverityWarning || errs[i].Severity() != diag.SeverityError || warnings[i].Detail() != errs[i].Detail() {
				t.Errorf("%d: %v %q, %v %q", i, errs[i].Severity(), errs[i].Detail(), warnings[i].Severity(), warnings[i].Detail())
			}
		}
	}
}

func TestOtherErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"disk full":       "Disk full.",
		"Really?":         "Really?",
		"stop!":           "Stop!",
		"a sentence.":     "A sentence.",
		"":                "No reason was given.",
		"  spaces  ":      "Spaces.",
		"über allem":      "Über allem.",
		"日本語":             "日本語.",
		"\xffinvalid":     "\uFFFDinvalid.",
		"cut in an \xe6":  "Cut in an \uFFFD.",
		"ßig und gut":     "ßig und gut.",
		"1 thing is off.": "1 thing is off.",
	} {
		diags := diagnose.Error(title, errors.New(text), nil)
		if len(diags) != 1 || diags[0].Detail() != want || diags[0].Summary() != title {
			t.Errorf("%q: %v, want %q", text, diags, want)
		}
	}
}

// FuzzError: whatever AUTX answers becomes at least one diagnostic of the right severity, in text that a CLI can be sent.
func FuzzError(f *testing.F) {
	f.Add("PATCH", "/agents/7", 422, "see fields", "manifest/input/type", "unknown", 1, "")
	f.Add("GET", "/agents/", 0, "", "", "", 0, "connection reset")
	f.Add("POST", "/agents/", 503, "\xff\xfe", "-1/99999999999999999999/ü", "\xc3", 2, "é")
	f.Fuzz(func(t *testing.T, method, at string, status int, message, field, why string, outcome int, cause string) {
		failure := &client.Error{Method: method, Path: at, Status: status, Message: message, Outcome: client.Outcome(outcome), RequestID: cause}
		if cause != "" {
			failure.Err = errors.New(cause)
		}
		if field != "" {
			failure.Fields = []client.FieldError{{Path: strings.Split(field, "/"), Message: why}, {Message: why}}
		}
		for _, paths := range []diagnose.Paths{nil, diagnose.Same, diagnose.Parameter} {
			errs, warnings := diagnose.Error(title, failure, paths), diagnose.Warning(title, failure, paths)
			if len(errs) != max(1, len(failure.Fields)) || len(errs) != len(warnings) || errs.ErrorsCount() != len(errs) || warnings.WarningsCount() != len(warnings) {
				t.Fatalf("%d errors, %d warnings", len(errs), len(warnings))
			}
			for _, d := range errs {
				if d.Summary() == "" || d.Detail() == "" || !utf8.ValidString(d.Detail()) {
					t.Fatalf("%q: %q", d.Summary(), d.Detail())
				}
			}
		}
	})
}
