package checkout

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
)

const defaultTimeout = 2 * time.Minute

// Create implements resource.Resource. A link whose answer is lost is of no use to anybody, as nobody knows it.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(complete(plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	made, err := api.Payments.CreateCheckout(ctx, client.CheckoutCreate{
		Type: plan.Type.ValueString(), SuccessURL: plan.SuccessURL.ValueString(), CancelURL: plan.CancelURL.ValueString(),
		AgentID: plan.AgentID.ValueStringPointer(), AgentName: plan.AgentName.ValueStringPointer(),
	})
	if err != nil {
		resp.Diagnostics.Append(notMade(err)...)
		return
	}
	plan.ID, plan.CheckoutURL = types.StringValue(made.SessionID), types.StringValue(made.URL)
	observed := tfsdk.State{Schema: req.Plan.Schema, Raw: req.Plan.Raw.Copy()}
	resp.Diagnostics.Append(observed.Set(ctx, &plan)...)
	filled, err := planned.Fill(req.Plan.Raw, observed.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Could not record the checkout", err.Error()+". This is a bug in the provider; please report it.")
		return
	}
	resp.State.Raw = filled
}

// notMade tells why there is no link.
func notMade(err error) diag.Diagnostics {
	failure, ok := client.AsError(err)
	if !ok || !failure.MayHaveBeenCarriedOut() {
		return diagnose.Error("Could not make the checkout", err, diagnose.Same)
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Checkout's answer was lost", fmt.Sprintf("AUTX may have made a link, but nobody has got it: "+
		"%v.\n\nNothing was paid: a person pays on the page, and nobody knows its address. Apply again, which makes another link.", err))}
}
