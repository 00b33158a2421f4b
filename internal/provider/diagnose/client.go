// Package diagnose turns the errors of the API client and the problems of the purchase desk into Terraform diagnostics: a short title, then what
// happened, why, and what to do next. It is the only place that does.
package diagnose

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

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
		// The CLI shows the place of an argument at the top level only, so the text names it as well.
		name, report := "the field "+strings.Join(field.Path, "."), func(detail string) diag.Diagnostic { return newWhole(title, detail) }
		if paths != nil {
			if at, ok := paths(field.Path); ok {
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

// nextStep says what a user can do about a failure.
func nextStep(failure *client.Error) string {
	switch failure.Status {
	case http.StatusUnauthorized:
		return "AUTX does not accept the API key. Check api_key in the provider block, or AUTX_API_KEY."
	case http.StatusPaymentRequired:
		return "The credits do not suffice. Top them up on AUTX's credits page, then apply again; nothing was charged."
	case http.StatusForbidden:
		return "The API key may lack the scope that this call needs, or the e-mail address of the account is not verified, or the object belongs to " +
			"somebody else."
	case http.StatusTooManyRequests:
		return "AUTX limits how often it is called. Set requests_per_second in the provider block to stay below the limit, or max_retries to wait longer."
	case http.StatusConflict, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusBadRequest:
		return ""
	case 0:
		if failure.Outcome == client.NotSent {
			return "The request did not reach AUTX, so nothing was changed. Check base_url, the network and any proxy (HTTPS_PROXY), then try again."
		}
		return "The connection failed while AUTX may have been working on the request. The next plan reads what is there now."
	}
	if failure.Status >= http.StatusInternalServerError {
		return "AUTX, or a proxy before it, failed. Try again later; if it lasts, report the request id to AUTX."
	}
	return ""
}

// sentence makes an error's text readable inside prose.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return "No reason was given."
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "!") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text
}
