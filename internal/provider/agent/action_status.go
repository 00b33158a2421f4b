package agent

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/progress"
)

var (
	_ action.ActionWithConfigure  = (*StatusAction)(nil)
	_ action.ActionWithModifyPlan = (*StatusAction)(nil)
)

// StatusAction is the action autx_agent_pause or autx_agent_resume.
type StatusAction struct {
	acting

	name        string // of the action, after the provider's
	status      string // that it leads to
	verb, done  string
	description string
}

// NewPauseAction builds autx_agent_pause.
func NewPauseAction() action.Action {
	return &StatusAction{
		name: "agent_pause", status: statusPaused, verb: "pause", done: "paused",
		description: "Pauses an agent of the account: it stays listed and takes no more work. Nothing happens to one that is paused already.",
	}
}

// NewResumeAction builds autx_agent_resume.
func NewResumeAction() action.Action {
	return &StatusAction{
		name: "agent_resume", status: statusActive, verb: "resume", done: "active",
		description: "Lets a paused agent of the account take work again. Nothing happens to one that is active already.",
	}
}

// Metadata implements action.Action.
func (a *StatusAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + a.name
}

// Schema implements action.Action.
func (a *StatusAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: a.description + "\n\nAn `autx_agent` resource that manages the same agent has a `status` of its own: its next plan " +
			"shows the difference, and its next apply puts it back. Use the action where no resource manages the agent, or with " +
			"`ignore_changes = [status]`.\n\nActions need Terraform 1.14 or newer.",
		Attributes: map[string]schema.Attribute{"agent": agentArgument()},
	}
}

// ModifyPlan implements action.ActionWithModifyPlan. It reads only.
func (a *StatusAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	wanted, diags := named(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := a.facts(ctx, wanted)
	resp.Diagnostics.Append(diags...)
	if found != nil && found.Status.Or("") == statusPending {
		resp.Diagnostics.Append(diagnose.LiveFact(a.data.Desk().Limits(), path.Root("agent"), "Agent is not activated yet", fmt.Sprintf(
			"Agent %s is a reservation, which has to be activated before its status can change. Until then the action fails.", found.Ticker)))
	}
}

// Invoke implements action.Action.
func (a *StatusAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer a.data.Paced(&resp.Diagnostics)
	say := progress.New(ctx, resp)
	defer say.Close()
	wanted, diags := named(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := a.get(ctx, wanted.ValueString())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if found.Status.Or("") == a.status {
		say.Say(fmt.Sprintf("Agent %s is %s already. Nothing was changed.", found.Ticker, a.done))
		return
	}
	api, diags := a.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	say.Say(fmt.Sprintf("To %s agent %s, its status is changed.", a.verb, found.Ticker))
	after, err := api.Agents.Update(ctx, found.ID, client.AgentPatch{Status: client.Of(a.status)})
	a.walk.mine.Wrote(found.ID)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error(fmt.Sprintf("Could not %s agent %s", a.verb, found.Ticker), err, nil)...)
		return
	}
	if now := after.Status.Or(a.status); now != a.status {
		resp.Diagnostics.AddError(fmt.Sprintf("Could not %s agent %s", a.verb, found.Ticker),
			fmt.Sprintf("AUTX took the change, and says that the agent's status is %q.", now))
		return
	}
	say.Say(fmt.Sprintf("Agent %s is %s.", found.Ticker, a.done))
}
