package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// checkAvailability asks AUTX, at plan, whether ticker and name of a new agent are free. What it finds warns, as it may change until the apply; with
// strict_plan it is an error. Only the first few new agents of a plan are looked up.
func (r *Resource) checkAvailability(ctx context.Context, plan listing) diag.Diagnostics {
	var diags diag.Diagnostics
	if !r.data.Reachable() || (plan.Ticker.IsUnknown() && plan.Name.IsUnknown()) {
		return nil
	}
	if ok, firstSkipped := r.walk.mayCheck(); !ok {
		if firstSkipped {
			diags.AddWarning("Not every new agent was looked up", fmt.Sprintf(
				"This plan launches more than %d agents. Whether ticker and name are free was looked up for the first %d only; the apply finds out for the "+
					"others, before anything is charged.", maxChecked, maxChecked))
		}
		return diags
	}
	api, more := r.data.Client()
	if more.HasError() {
		return more
	}
	if !plan.Ticker.IsUnknown() {
		free, err := api.Agents.CheckTicker(ctx, plan.Ticker.ValueString())
		switch {
		case err != nil:
			diags.Append(diagnose.Warning("Could not look up whether the ticker is free", err, nil)...)
		case !free:
			diags.Append(r.tickerTaken(ctx, api, plan.Ticker.ValueString())...)
			return diags // its name is then taken as well, by the same agent most likely
		}
	}
	if !plan.Name.IsUnknown() {
		free, err := api.Agents.CheckName(ctx, plan.Name.ValueString())
		switch {
		case err != nil:
			diags.Append(diagnose.Warning("Could not look up whether the name is free", err, nil)...)
		case !free:
			diags.Append(r.liveFact(path.Root("name"), "Name is taken", fmt.Sprintf(
				"AUTX says that the name %q is not available, so launching this agent will be refused. Choose another name.", plan.Name.ValueString())))
		}
	}
	return diags
}

func (r *Resource) tickerTaken(ctx context.Context, api *client.Client, ticker string) diag.Diagnostics {
	at := path.Root("ticker")
	found, owner, err := r.holderOf(ctx, api, ticker)
	lost := r.data.Desk().Lost(ctx, purchase.AgentLaunch, purchaseKey(ticker))
	switch {
	case err != nil && lost, err == nil && lost && owner == ownerUnknown:
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(at, "An earlier launch will be looked up", fmt.Sprintf(
			"AUTX says that the ticker %s is not available. An earlier apply tried to launch agent %s and ended before the answer could be saved, so it "+
				"may be its own. "+
				"This apply looks first: it adopts the agent if it is yours, and nothing is charged again.", ticker, ticker))}
	case err != nil:
		return diag.Diagnostics{r.liveFact(at, "Ticker is not available", fmt.Sprintf(
			"AUTX says that the ticker %s is not available: it is taken, reserved, or too much like another. Launching this agent will be refused. "+
				"Choose another ticker.", ticker))}
	case owner == ownerUs && lost:
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(at, "An earlier launch will be taken over", fmt.Sprintf(
			"An earlier apply launched agent %s (id %s) but ended before it could be saved. This apply adopts it: nothing is charged again.",
			ticker, found.ID))}
	}
	summary, detail := heldTicker(ticker, found.ID, owner)
	return diag.Diagnostics{r.liveFact(at, summary, detail)}
}

// holderOf finds the agent that has a ticker, and whose it is.
func (r *Resource) holderOf(ctx context.Context, api *client.Client, ticker string) (*client.Agent, ownership, error) {
	found, err := api.Agents.GetByTicker(ctx, ticker)
	if err != nil {
		return nil, ownerUnknown, err
	}
	owner, err := r.walk.owner(ctx, found)
	return found, owner, err
}

// liveFact is something that is so at plan but may be otherwise at apply.
func (r *Resource) liveFact(at path.Path, summary, detail string) diag.Diagnostic {
	return diagnose.LiveFact(r.data.Desk().Limits(), at, summary, detail)
}

// heldTicker says who has a ticker that is wanted, and what to do about it.
func heldTicker(ticker, id string, owner ownership) (summary, detail string) {
	switch owner {
	case ownerUs:
		return "Ticker is already yours", fmt.Sprintf("Agent %s (id %s) belongs to your account. Where no "+
			"state of yours has it, import it to manage it here:\n\n%s\n\n"+
			"If the agent is in this state under another address, use a moved block instead; to have it under two addresses is not possible.",
			ticker, id, importBlock(id))
	case ownerOther:
		return "Ticker is taken", fmt.Sprintf("The ticker %s belongs to an agent of somebody else (id %s), so launching this agent is refused. Choose "+
			"another ticker.", ticker, id)
	case ownerUnknown:
	}
	return "Ticker is taken", fmt.Sprintf("The ticker %s belongs to an agent (id %s) that is not in the list of yours, so launching this agent is "+
		"refused. Choose another ticker. "+
		"Only if you launched it yourself a moment ago, it may be too new to be listed; then import it:\n\n%s", ticker, id, importBlock(id))
}

// importBlock is ready to be pasted but for the address.
func importBlock(id string) string {
	return strings.Join([]string{"import {", "  to = autx_agent.NAME", fmt.Sprintf("  id = %q", id), "}"}, "\n")
}
