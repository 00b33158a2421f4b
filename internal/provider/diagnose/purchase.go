package diagnose

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Problems tells of what the purchase desk found, as errors and warnings.
func Problems(problems []purchase.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		if p.Severity == purchase.SeverityError {
			diags.AddError(p.Summary, p.Detail)
			continue
		}
		diags.AddWarning(p.Summary, p.Detail)
	}
	return diags
}

// Refused tells why a purchase was not made: the desk's refusal in its own words, or AUTX's answer.
func Refused(title string, err error, paths Paths) diag.Diagnostics {
	if refusal, ok := errors.AsType[*purchase.Refusal](err); ok {
		return diag.Diagnostics{diag.NewErrorDiagnostic(refusal.Summary, refusal.Detail)}
	}
	return Error(title, err, paths)
}
