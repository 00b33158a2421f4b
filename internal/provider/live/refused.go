package live

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// Refused tells why the desk did not buy something of an agent, at the argument that is to blame. AgentErr is why the agent could not be read, nil
// where it was.
func Refused(refusal *purchase.Refusal, kind purchase.Kind, w Wanted, agentErr error) diag.Diagnostics {
	at, detail := path.Empty(), diagnose.Detail(refusal)
	switch refusal.Reason {
	case purchase.ReasonPrice:
		at = path.Root(kind.LimitArgument())
	case purchase.ReasonBound, purchase.ReasonDuplicate:
		at = path.Root("idempotency_key")
	case purchase.ReasonCheck:
		if client.IsNotFound(agentErr) {
			at, detail = w.AgentAt, detail+"\n\n"+NoSuchAgent(w)
		}
	default:
	}
	if at.Equal(path.Empty()) {
		return diag.Diagnostics{diag.NewErrorDiagnostic(refusal.Summary, detail)}
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, refusal.Summary, detail)}
}
