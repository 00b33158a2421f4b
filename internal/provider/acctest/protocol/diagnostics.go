package protocol

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Diagnostics are what a provider has to say of a call.
type Diagnostics []*tfprotov6.Diagnostic

// HasErrors tells whether any of them is an error.
func (d Diagnostics) HasErrors() bool { return len(d.Errors()) > 0 }

// Errors are those that are errors.
func (d Diagnostics) Errors() Diagnostics { return d.of(tfprotov6.DiagnosticSeverityError) }

// Warnings are those that are warnings.
func (d Diagnostics) Warnings() Diagnostics { return d.of(tfprotov6.DiagnosticSeverityWarning) }

func (d Diagnostics) of(severity tfprotov6.DiagnosticSeverity) Diagnostics {
	var out Diagnostics
	for _, one := range d {
		if one.Severity == severity {
			out = append(out, one)
		}
	}
	return out
}

// At are those that concern the attribute at a path such as "manifest.input.type"; "" means the whole resource.
func (d Diagnostics) At(path string) Diagnostics {
	var out Diagnostics
	for _, one := range d {
		if pathText(one.Attribute) == path {
			out = append(out, one)
		}
	}
	return out
}

// Say tells whether one of them contains all the texts, in its summary or its detail.
func (d Diagnostics) Say(texts ...string) bool {
	return slices.ContainsFunc(d, func(one *tfprotov6.Diagnostic) bool {
		whole := one.Summary + "\n" + one.Detail
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(whole, text) })
	})
}

// String writes them one below the other, each as "ERROR at ticker: summary" and its detail.
func (d Diagnostics) String() string {
	if len(d) == 0 {
		return "no diagnostics"
	}
	lines := make([]string, len(d))
	for i, one := range d {
		at := ""
		if text := pathText(one.Attribute); text != "" {
			at = " at " + text
		}
		lines[i] = fmt.Sprintf("%s%s: %s\n%s", one.Severity, at, one.Summary, one.Detail)
	}
	return strings.Join(lines, "\n\n")
}

// Said fails the test unless the diagnostics at a path, of which there may be others, contain one with all the texts.
func Said(t testing.TB, what string, diags Diagnostics, path string, texts ...string) {
	t.Helper()
	if !diags.At(path).Say(texts...) {
		t.Errorf("%s: nothing at %q says %q:\n%s", what, path, texts, diags)
	}
}
