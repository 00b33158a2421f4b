package diagnose

import (
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
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
		return diag.Diagnostics{diag.NewErrorDiagnostic(refusal.Summary, Detail(refusal))}
	}
	return Error(title, err, paths)
}

// Detail is what a refusal of the desk tells, with what to do about a key that AUTX does not accept: the desk knows only that something could not be
// read, and to apply again, as it says, does not help.
func Detail(refusal *purchase.Refusal) string {
	failure, ok := client.AsError(refusal.Err)
	if !ok || !client.IsStatus(failure, http.StatusUnauthorized, http.StatusForbidden) {
		return refusal.Detail
	}
	return refusal.Detail + "\n\n" + nextStep(failure)
}
