package agent

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// acting is what the actions on one agent of the account have in common: they name it by id or ticker.
type acting struct {
	data *providerdata.Data
	walk *walk
}

// Configure implements action.ActionWithConfigure.
func (a *acting) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		a.data, a.walk = data, walkOf(data)
	}
}

// agentArgument names the agent that an action is about.
func agentArgument() schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: "The agent, by its id (a UUID) or by its ticker in any case. It must be one of the account's own.",
	}
}

// named reads which agent a configuration names.
func named(ctx context.Context, config tfsdk.Config) (types.String, diag.Diagnostics) {
	var wanted types.String
	diags := config.GetAttribute(ctx, path.Root("agent"), &wanted)
	return wanted, diags
}

// get reads the agent from AUTX, past what this walk has read before: an action is about how it is now.
func (a *acting) get(ctx context.Context, wanted string) (*client.Agent, diag.Diagnostics) {
	api, diags := a.data.Client()
	if diags.HasError() {
		return nil, diags
	}
	get := api.Agents.GetByTicker
	if uuid.Validate(wanted) == nil {
		get = api.Agents.Get
	}
	found, err := get(ctx, wanted)
	switch {
	case client.IsNotFound(err):
		diags.Append(noSuchAgent(wanted))
	case err != nil:
		diags.Append(diagnose.Error("Could not look up agent "+wanted, err, nil)...)
	}
	return found, diags
}

func noSuchAgent(wanted string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("agent"), "No such agent",
		fmt.Sprintf("AUTX knows no agent %q. Nothing was changed. Give the id or the ticker of one of your agents.", wanted))
}

// facts tells, at plan, what an apply would stumble over, from the account's own agents, which a walk reads once. It gives the agent where it is
// there.
func (a *acting) facts(ctx context.Context, wanted types.String) (*client.Agent, diag.Diagnostics) {
	if a.data == nil || !a.data.Reachable() || wanted.IsUnknown() {
		return nil, nil
	}
	mine, err := a.walk.mine.All(ctx)
	if err != nil {
		return nil, diagnose.Warning("Could not look up agent "+wanted.ValueString(), err, nil)
	}
	for _, own := range mine {
		if own.ID == wanted.ValueString() || sameTicker(own.Ticker, wanted.ValueString()) && !delisted(own) {
			return own, nil
		}
	}
	return nil, diag.Diagnostics{diagnose.LiveFact(a.data.Desk().Limits(), path.Root("agent"), "Agent is not one of yours", fmt.Sprintf(
		"%q is neither the id nor the ticker of one of this account's agents. If it is not launched before, the action fails.", wanted.ValueString()))}
}
