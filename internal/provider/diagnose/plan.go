package diagnose

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// LiveFact tells of something that a plan found out from AUTX and that may be otherwise at apply: a warning, or an error where strict_plan asks for
// it.
func LiveFact(limits *purchase.Limits, at path.Path, summary, detail string) diag.Diagnostic {
	if limits != nil && limits.StrictPlan {
		return diag.NewAttributeErrorDiagnostic(at, summary, detail+
			"\n\nThis fails the plan because of strict_plan. (`destroy -refresh=false` gets past this error.)")
	}
	return diag.NewAttributeWarningDiagnostic(at, summary, detail)
}

// Soft turns errors into warnings, for what comes after money has moved: an error would taint what was paid for.
func Soft(diags diag.Diagnostics) diag.Diagnostics {
	var out diag.Diagnostics
	for _, d := range diags {
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			out.AddAttributeWarning(at.Path(), d.Summary(), d.Detail())
			continue
		}
		out.AddWarning(d.Summary(), d.Detail())
	}
	return out
}
