package proxy

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
)

// askFree asks an agent where that costs nothing: because its price is $0, or because it is the account's own. It is what the data source and the
// ephemeral resource do, in plans too, where nothing may be charged. The price is read right before, and where it is not known nothing is sent; AUTX
// takes no limit with a request, so a price that rises in that very moment is not noticed.
func (w *walk) askFree(ctx context.Context, q question) (*client.ProxyAnswer, diag.Diagnostics) {
	asked, diags := q.inquiry()
	if diags.HasError() {
		return nil, diags
	}
	agent, price, err := w.cost(ctx, asked)
	switch {
	case client.IsNotFound(err) && agent == nil:
		diags.AddAttributeError(path.Root("agent"), "No such agent", live.NoSuchAgent(wanted(asked)))
		return nil, diags
	case err != nil:
		return nil, notSent(asked, err)
	case !price.IsZero():
		diags.AddAttributeError(path.Root("agent"), "Agent is not free", fmt.Sprintf("A request to agent %s costs %s, and this is read in every "+
			"plan, so it asks only agents at $0 and your own. Nothing was sent and nothing was charged. The resource autx_proxy_request asks once and "+
			"keeps the answer.",
			asked.agent, price.USD()))
		return nil, diags
	}
	answer, err := w.api.Proxy.Call(ctx, agent.ID, asked.body, contentType)
	if err != nil {
		return nil, diagnose.Error("Could not ask agent "+asked.agent, err, fieldPaths)
	}
	return answer, diags
}

// notSent says that a request was not sent since what it would cost could not be read.
func notSent(asked inquiry, err error) diag.Diagnostics {
	const why = "What a request costs has to be known before it is sent. Nothing was sent and nothing was charged."
	title := "Could not look up what agent " + asked.agent + " costs"
	if _, ok := client.AsError(err); !ok {
		return diag.Diagnostics{diag.NewErrorDiagnostic(title, why+" "+err.Error()+".")}
	}
	return diagnose.Error(title, err, nil)
}
