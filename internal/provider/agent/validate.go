package agent

import (
	"context"
	"fmt"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
)

// ValidateConfig implements resource.ResourceWithValidateConfig: what only two arguments together get wrong.
func (*Resource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var (
		chosen      types.String
		reservation types.Object
		activation  types.Object
	)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("status"), &chosen)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("launch"), &reservation)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("activation"), &activation)...)
	launch, ok, diags := object.Get[launchModel](ctx, reservation)
	resp.Diagnostics.Append(diags...)
	status := chosen.ValueString()
	if ok && launch.Reserve.ValueBool() && activation.IsNull() && status != "" && status != statusPending {
		resp.Diagnostics.AddAttributeError(path.Root("status"), "A reserved agent has no status to choose",
			fmt.Sprintf("With launch.reserve the agent is pending until it is activated, so it can't be %s. Remove status, or add the activation block.",
				status))
	}
}

// pendingChosen refuses the status pending where it can't be: nobody chooses it, and only a reservation that is there already has it.
func pendingChosen(chosen types.String, plan resourceModel, reason string) diag.Diagnostics {
	if chosen.ValueString() != statusPending {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("status"), "Status can't be chosen", fmt.Sprintf(
		"Agent %s can't be made pending: %s. Remove status. (`destroy -refresh=false` gets past this error.)", plan.Ticker.ValueString(), reason))}
}

// httpsValidator refuses, at plan, an endpoint that AUTX would call without encryption.
type httpsValidator struct{}

func (httpsValidator) Description(context.Context) string { return "an absolute https URL" }

func (v httpsValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (httpsValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Endpoint is not an https URL",
			fmt.Sprintf("%q was given. AUTX calls the endpoint over the Internet with a token or key of yours, so it must be an absolute https URL such "+
				"as https://api.example.com/summarize.", text))
	}
}

// keepTickerCase plans the ticker in state where configuration names the same one in another case, so that it is no other agent.
type keepTickerCase struct{}

func (keepTickerCase) Description(context.Context) string {
	return "The same ticker in another case is no change."
}

func (k keepTickerCase) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (keepTickerCase) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if !req.StateValue.IsNull() && !req.PlanValue.IsUnknown() && sameTicker(req.StateValue.ValueString(), req.PlanValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}
