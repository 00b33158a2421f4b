package acctest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
)

// Actions are what a plan does, by the address of the resource: create, update, delete, replace, read, import, forget … What it leaves alone is not
// in it.
type Actions map[string]string

// Report is a command told in the CLI's machine-readable messages.
type Report struct {
	Result

	// Diagnostics are its errors and warnings.
	Diagnostics []Diagnostic
	// Actions is what is planned.
	Actions Actions
	// Drift is what a refresh found changed outside of Terraform: update or delete.
	Drift Actions

	t *testing.T
}

// Diagnostic is an error or a warning.
type Diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
	Snippet  struct {
		Context string `json:"context"`
		Code    string `json:"code"`
	} `json:"snippet"`
}

var firstWord = regexp.MustCompile(`^\s*([a-z_0-9]+)\s*=`)

// Attribute is the attribute at whose line in the configuration the diagnostic points; "" where it points at the whole block. The CLI can't point into
// an object, so for a nested attribute the text has to name it.
func (d Diagnostic) Attribute() string {
	if found := firstWord.FindStringSubmatch(d.Snippet.Code); found != nil {
		return found[1]
	}
	return ""
}

// String is the diagnostic as a person reads it.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s at %s %q: %s: %s", d.Severity, d.Address, d.Attribute(), d.Summary, d.Detail)
}

// Report runs a command with -json added after its name, and reads what it reports. Its exit status is the test's to judge.
func (c *CLI) Report(args ...string) *Report {
	c.t.Helper()
	report := &Report{Result: c.Run(append([]string{args[0], "-json"}, args[1:]...)...), Actions: Actions{}, Drift: Actions{}, t: c.t}
	for line := range strings.Lines(report.Raw) {
		var message struct {
			Type       string     `json:"type"`
			Diagnostic Diagnostic `json:"diagnostic"`
			Change     struct {
				Resource struct {
					Address string `json:"addr"`
				} `json:"resource"`
				Action string `json:"action"`
			} `json:"change"`
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			c.t.Fatalf("%s printed something that is no message: %v\n%s", strings.Join(args, " "), err, report.Raw)
		}
		switch action := message.Change.Action; message.Type {
		case "diagnostic":
			if !message.Diagnostic.aboutOverrides() {
				report.Diagnostics = append(report.Diagnostics, message.Diagnostic)
			}
		case "planned_change":
			if action != "noop" {
				report.Actions[message.Change.Resource.Address] = action
			}
		case "resource_drift":
			report.Drift[message.Change.Resource.Address] = action
		}
	}
	return report
}

// Look makes a plan and keeps it in the file plan.bin. The plan has to succeed.
func (c *CLI) Look(args ...string) *Report {
	c.t.Helper()
	return c.Report(append([]string{"plan", "-out=plan.bin"}, args...)...).MustSucceed()
}

// Settle plans, asserts what the plan does, applies it, and asserts that nothing is left to do and that nothing has drifted. It gives the reports of plan
// and apply.
func (c *CLI) Settle(want Actions) (plan, apply *Report) {
	c.t.Helper()
	plan = c.Look()
	plan.MustDo(want)
	apply = c.ApplyPlan().MustSucceed()
	c.MustBeSettled()
	return plan, apply
}

// ApplyPlan applies the plan that Look has kept.
func (c *CLI) ApplyPlan() *Report {
	c.t.Helper()
	return c.Report("apply", "plan.bin")
}

// MustBeSettled fails the test unless a plan has nothing to do and finds no drift.
func (c *CLI) MustBeSettled(args ...string) {
	c.t.Helper()
	report := c.Report(append([]string{"plan", "-detailed-exitcode"}, args...)...)
	if report.Code != 0 || len(report.Actions) > 0 || len(report.Drift) > 0 {
		c.t.Fatalf("there is something left to do (status %d): actions %v, drift %v\n%s", report.Code, report.Actions, report.Drift, report.text())
	}
}

// MustSucceed ends the test unless the command succeeded.
func (r *Report) MustSucceed() *Report {
	r.t.Helper()
	if r.Code != 0 && (r.Code != 2 || len(r.Errors()) > 0) {
		r.t.Fatalf("the command failed with status %d:\n%s", r.Code, r.text())
	}
	return r
}

// MustFail ends the test unless the command failed with exactly one error, at an attribute ("" for a whole block), whose text holds the fragments.
func (r *Report) MustFail(attribute string, fragments ...string) *Report {
	r.t.Helper()
	found := r.Errors()
	if r.Code != 1 || len(found) != 1 {
		r.t.Fatalf("want one error, got status %d and:\n%s", r.Code, r.text())
	}
	r.MustSay("error", attribute, fragments...)
	return r
}

// MustWarn fails the test unless there is a warning at an attribute whose text holds the fragments.
func (r *Report) MustWarn(attribute string, fragments ...string) *Report {
	r.t.Helper()
	return r.MustSay("warning", attribute, fragments...)
}

// MustSay fails the test unless there is a diagnostic of a severity at an attribute whose text holds the fragments.
func (r *Report) MustSay(severity, attribute string, fragments ...string) *Report {
	r.t.Helper()
	if r.find(severity, attribute, fragments...) == nil {
		r.t.Errorf("there is no %s at %q that says %q:\n%s", severity, attribute, fragments, r.text())
	}
	return r
}

// MustNotWarn fails the test if there is a warning.
func (r *Report) MustNotWarn() *Report {
	r.t.Helper()
	for _, d := range r.Diagnostics {
		if d.Severity == "warning" {
			r.t.Errorf("unexpected %s", d)
		}
	}
	return r
}

// MustDo fails the test unless the plan does exactly this.
func (r *Report) MustDo(want Actions) *Report {
	r.t.Helper()
	if want == nil {
		want = Actions{}
	}
	if diff := cmp.Diff(want, r.Actions); diff != "" {
		r.t.Fatalf("the plan does something else (-want +got):\n%s\n%s", diff, r.text())
	}
	return r
}

// MustDrift fails the test unless exactly this was found changed outside of Terraform.
func (r *Report) MustDrift(want Actions) *Report {
	r.t.Helper()
	if diff := cmp.Diff(want, r.Drift); diff != "" {
		r.t.Fatalf("the drift is another (-want +got):\n%s\n%s", diff, r.text())
	}
	return r
}

// Errors are the errors among the diagnostics.
func (r *Report) Errors() []Diagnostic {
	var out []Diagnostic
	for _, d := range r.Diagnostics {
		if d.Severity == "error" {
			out = append(out, d)
		}
	}
	return out
}

func (r *Report) find(severity, attribute string, fragments ...string) *Diagnostic {
search:
	for i, d := range r.Diagnostics {
		if d.Severity != severity || d.Attribute() != attribute {
			continue
		}
		text := d.Summary + ": " + d.Detail
		for _, fragment := range fragments {
			if !strings.Contains(text, fragment) {
				continue search
			}
		}
		return &r.Diagnostics[i]
	}
	return nil
}

// text is what a person would have read of problems.
func (r *Report) text() string {
	var out strings.Builder
	for line := range strings.Lines(r.Raw) {
		var message struct {
			Diagnostic *Diagnostic `json:"diagnostic"`
		}
		if json.Unmarshal([]byte(line), &message) != nil {
			out.WriteString(line)
			continue
		}
		if message.Diagnostic != nil && !message.Diagnostic.aboutOverrides() {
			out.WriteString(message.Diagnostic.String() + "\n")
		}
	}
	return out.String()
}

// ShowPlan reads the plan that Look has kept as JSON.
func (c *CLI) ShowPlan() *tfjson.Plan {
	c.t.Helper()
	var plan tfjson.Plan
	c.show(&plan, "plan.bin")
	return &plan
}

// aboutOverrides tells whether the CLI only says that it uses a provider which was built just now.
func (d Diagnostic) aboutOverrides() bool {
	return strings.HasPrefix(d.Summary, "Provider development overrides")
}

// Validate checks the configuration without reading or planning anything.
func (c *CLI) Validate() *Report {
	c.t.Helper()
	report := &Report{Result: c.Run("validate", "-json"), t: c.t}
	if err := json.Unmarshal([]byte(report.Raw), &struct {
		Diagnostics *[]Diagnostic `json:"diagnostics"`
	}{&report.Diagnostics}); err != nil {
		c.t.Fatalf("read what validate printed: %v\n%s", err, report.Raw)
	}
	return report
}
