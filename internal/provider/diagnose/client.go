// Package diagnose turns the errors of the API client and the problems of the purchase desk into Terraform diagnostics: a short title, then what
// happened, why, and what to do next. It is the only place that does.
package diagnose

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// Paths translates the path of a field in a request body, like ["manifest", "input", "type"], to the attribute that it came from. It answers false
// where there is none, and the error then concerns the whole resource.
type Paths func(field []string) (path.Path, bool)

// Same is Paths for resources whose attributes are named and nested like the request body.
func Same(field []string) (path.Path, bool) {
	if len(field) == 0 {
		return path.Empty(), false
	}
	at := path.Root(field[0])
	for _, step := range field[1:] {
		if index, err := strconv.Atoi(step); err == nil {
			at = at.AtListIndex(index)
			continue
		}
		at = at.AtName(step)
	}
	return at, true
}

// Parameter is Paths for data sources, whose arguments travel in the path or the query of a request: ["query", "limit"] came from the attribute
// limit.
func Parameter(field []string) (path.Path, bool) {
	if len(field) == 0 {
		return path.Empty(), false
	}
	return path.Root(field[len(field)-1]), true
}

// Error tells of a failed call. The title says what could not be done, in the form "Could not update agent SUMM"; fields that AUTX found invalid
// become errors of their attributes.
func Error(title string, err error, paths Paths) diag.Diagnostics {
	return report(title, err, paths, diag.NewErrorDiagnostic, func(at path.Path, summary, detail string) diag.Diagnostic {
		return diag.NewAttributeErrorDiagnostic(at, summary, detail)
	})
}

// Warning is Error for what must not fail: after money has moved an error would taint what was paid for.
func Warning(title string, err error, paths Paths) diag.Diagnostics {
	return report(title, err, paths, diag.NewWarningDiagnostic, func(at path.Path, summary, detail string) diag.Diagnostic {
		return diag.NewAttributeWarningDiagnostic(at, summary, detail)
	})
}

type whole[D diag.Diagnostic] func(summary, detail string) D

type attribute func(at path.Path, summary, detail string) diag.Diagnostic

func report[D diag.Diagnostic](title string, err error, paths Paths, newWhole whole[D], newAttribute attribute) diag.Diagnostics {
	var diags diag.Diagnostics
	failure, ok := client.AsError(err)
	if !ok {
		diags.Append(newWhole(title, sentence(err.Error())))
		return diags
	}
	for _, field := range failure.Fields {
		steps := printable(field.Path)
		// The CLI shows the place of an argument at the top level only, so the text names it as well.
		name, report := "the field "+strings.Join(steps, "."), func(detail string) diag.Diagnostic { return newWhole(title, detail) }
		if len(steps) == 0 {
			name = "a field that it does not name"
		}
		if paths != nil {
			if at, ok := paths(steps); ok {
				name, report = at.String(), func(detail string) diag.Diagnostic { return newAttribute(at, title, detail) }
			}
		}
		diags.Append(report(fmt.Sprintf("AUTX refused the value of %s: %s\n\n%s", name, sentence(field.Message), sentence(failure.Error()))))
	}
	if len(failure.Fields) > 0 {
		return diags
	}
	detail := sentence(failure.Error())
	if next := nextStep(failure); next != "" {
		detail += "\n\n" + next
	}
	diags.Append(newWhole(title, detail))
	return diags
}

// printable gives the steps of a path as text that can be sent to the CLI.
func printable(steps []string) []string {
	out := make([]string, len(steps))
	for i, step := range steps {
		out[i] = strings.ToValidUTF8(step, "\uFFFD")
	}
	return out
}

// nextStep says what a user can do about a failure.
func nextStep(failure *client.Error) string {
	switch failure.Status {
	case 0, http.StatusRequestTimeout:
		return nextStepUnanswered(failure)
	case http.StatusUnauthorized:
		return "AUTX does not accept the API key. Check api_key in the provider block, or AUTX_API_KEY."
	case http.StatusPaymentRequired:
		return "The credits do not suffice. Top them up on AUTX's credits page, then apply again; nothing was charged."
	case http.StatusForbidden:
		return "The API key may lack the scope that this call needs, or the e-mail address of the account is not verified, or the object belongs to " +
			"somebody else."
	case http.StatusNotFound:
		return "AUTX knows no such object. If nothing is found at all, check base_url: it must lead to the API, its version included, as in " +
			client.DefaultBaseURL + "."
	case http.StatusTooManyRequests:
		return "AUTX limits how often it is called. Set requests_per_second in the provider block to stay below the limit, or max_retries to wait longer."
	}
	switch {
	case failure.Status >= http.StatusInternalServerError:
		return "AUTX, or a proxy before it, failed. Try again later; if it lasts, report the request id to AUTX."
	case failure.Status < http.StatusBadRequest:
		return "This is not how AUTX's API answers. Check base_url, and whether a proxy on the way answers in its place."
	}
	return "" // what AUTX says is wrong with the request is all there is to know
}

// nextStepUnanswered is nextStep where there was no answer in time.
func nextStepUnanswered(failure *client.Error) string {
	const check = "Check base_url, the network and any proxy (HTTPS_PROXY), then try again."
	switch {
	case errors.Is(failure, context.Canceled) || (failure.Attempts == 0 && !errors.Is(failure, context.DeadlineExceeded)):
		return "" // interrupted, or not worth sending: the error says it all
	case failure.Outcome == client.Refused:
		return "" // an error came over a WebSocket, which has no statuses: what AUTX says is all there is to know
	case errors.Is(failure, context.DeadlineExceeded) || failure.Status == http.StatusRequestTimeout:
		return "It took too long. If AUTX needs more time, raise timeout in the provider block, or the resource's timeouts. The next plan reads what is " +
			"there now."
	case failure.Outcome == client.NotSent:
		return "The request did not reach AUTX, so nothing was changed. " + check
	case failure.Method == http.MethodGet:
		return "AUTX could not be read. " + check
	}
	return "The connection failed while AUTX may have been working on the request. The next plan reads what is there now."
}

// Capital makes a text begin with a capital letter.
func Capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// sentence makes an error's text readable inside prose.
func sentence(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")) // other text does not travel to the CLI
	if text == "" {
		return "No reason was given."
	}
	text = Capital(text)
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "!") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text
}
