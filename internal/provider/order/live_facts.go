package order

import (
	"context"
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	tfpath "github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
)

// statusActive is the status of an agent that takes orders (client 0.4.1).
const statusActive = "active"

// liveFacts looks, at plan, whether AUTX would take an order: one read for each agent of a plan, and one of the balance. What it finds warns, as it
// may be otherwise when the plan is applied; with strict_plan it is an error.
func (r *Resource) liveFacts(ctx context.Context, plan resourceModel, contents []*content) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	var diags diag.Diagnostics
	diags.Append(r.checkAgent(ctx, plan, contents)...)
	diags.Append(r.checkBalance(ctx, plan)...)
	return diags
}

// liveFact is something that is so at plan but may be otherwise at apply.
func (r *Resource) liveFact(at tfpath.Path, summary, detail string) diag.Diagnostic {
	return diagnose.LiveFact(r.data.Desk().Limits(), at, summary, detail)
}

func (r *Resource) checkAgent(ctx context.Context, plan resourceModel, contents []*content) diag.Diagnostics {
	if plan.AgentID.IsUnknown() {
		return nil
	}
	var diags diag.Diagnostics
	id := plan.AgentID.ValueString()
	agent, err := r.walk.agents.recall(ctx, strings.ToLower(id), func(ctx context.Context) (*client.Agent, error) {
		return r.walk.api.Agents.Get(ctx, id)
	})
	switch {
	case client.IsNotFound(err):
		diags.Append(r.liveFact(tfpath.Root("agent_id"), "No such agent", noSuchAgent(id)))
		return diags
	case err != nil:
		return diagnose.Warning("Could not look up agent "+id, err, nil)
	}
	if status := agent.Status.Or(statusActive); status != statusActive {
		diags.Append(r.liveFact(tfpath.Root("agent_id"), "Agent takes no orders", fmt.Sprintf("Agent %s (id %s) is %s, so this order will be refused. "+
			"Nothing is charged "+
			"then. Wait until it is active, or choose another agent.", agent.Ticker, id, status)))
	}
	if price, ok := agent.ServicePrice.Value(); ok {
		if most, known := plan.MaxPrice.Amount(); known && price.GreaterThan(most) {
			diags.Append(r.liveFact(tfpath.Root("max_price"), "Price is above max_price", fmt.Sprintf("An order of agent %s costs %s now, and max_price is "+
				"%s: the apply will "+
				"buy nothing unless the price falls. Raise max_price to at least %s.", agent.Ticker, price.USD(), most.USD(), price)))
		}
	}
	diags.Append(r.checkFiles(agent, contents)...)
	return diags
}

func noSuchAgent(id string) string {
	return fmt.Sprintf("AUTX knows no agent with the id %q, so this order will be refused. agent_id is the agent's id, a UUID; the data source "+
		"autx_agent finds it by ticker.", id)
}

// checkFiles holds files to what the agent's manifest says. Where AUTX does not show a manifest nothing is claimed.
func (r *Resource) checkFiles(agent *client.Agent, contents []*content) diag.Diagnostics {
	if len(contents) == 0 || !agent.Manifest.Reported() {
		return nil
	}
	var diags diag.Diagnostics
	input := agent.Manifest.Or(client.Manifest{}).Input.Or(client.ManifestInput{})
	if !input.AcceptsFiles.Or(false) {
		diags.Append(r.liveFact(tfpath.Root("files"), "Agent accepts no files", fmt.Sprintf("The manifest of agent %s does not accept files, so this "+
			"order will be refused. "+
			"Remove files, or choose an agent that accepts them.", agent.Ticker)))
		return diags
	}
	types := input.FileTypes.Or(nil)
	for i, file := range contents {
		if file == nil {
			continue
		}
		if !accepts(types, file.name) {
			diags.Append(r.liveFact(tfpath.Root("files").AtListIndex(i).AtName("name"), "Agent does not take this type of file", fmt.Sprintf(
				"files[%d], %s, is none of the types that agent %s takes: %s. This order will be "+
					"refused.", i, file.name, agent.Ticker, strings.Join(types, ", "))))
		}
		if most, ok := input.MaxSizeBytes.Value(); ok && file.size > most {
			diags.Append(r.liveFact(tfpath.Root("files").AtListIndex(i), "File is too large for the agent", fmt.Sprintf(
				"files[%d], %s, has %d bytes, and agent %s takes at most %d. This order will be refused.", i, file.name, file.size, agent.Ticker, most)))
		}
	}
	return diags
}

// accepts tells whether a file's name fits one of an agent's file types: extensions such as pdf or .pdf, or media types. It is true where that can't
// be told.
func accepts(types []string, name string) bool {
	extension := strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	return len(types) == 0 || slices.ContainsFunc(types, func(wanted string) bool {
		wanted = strings.ToLower(strings.TrimSpace(wanted))
		if !strings.Contains(wanted, "/") {
			return wanted == "*" || strings.TrimPrefix(wanted, ".") == extension
		}
		kind, _, _ := strings.Cut(mime.TypeByExtension("."+extension), ";")
		group, isGroup := strings.CutSuffix(wanted, "*")
		return kind == "" || kind == wanted || (isGroup && strings.HasPrefix(kind, group))
	})
}

// checkBalance compares what the orders of this plan authorise together with what there is.
func (r *Resource) checkBalance(ctx context.Context, plan resourceModel) diag.Diagnostics {
	most, ok := plan.MaxPrice.Amount()
	if !ok || most.IsZero() {
		return nil
	}
	total := r.walk.authorizes(most)
	balance, err := r.walk.balance.recall(ctx, "", r.walk.api.Credits.Balance)
	keep := money.Zero()
	if limits := r.data.Desk().Limits(); limits != nil && limits.KeepBalance != nil {
		keep = *limits.KeepBalance
	}
	var diags diag.Diagnostics
	switch {
	case err != nil && r.walk.firstShort():
		return diagnose.Warning("Could not read the balance of credits", err, nil)
	case err == nil && total.GreaterThan(balance.Available.Sub(keep)) && r.walk.firstShort():
		kept := ""
		if !keep.IsZero() {
			kept = fmt.Sprintf(", of which spending.keep_balance keeps %s", keep.USD())
		}
		diags.Append(r.liveFact(tfpath.Root("max_price"), "Balance may not suffice", fmt.Sprintf("The orders of this plan, with this one, authorise %s "+
			"together, and %s is "+
			"available%s. An apply buys nothing that the balance does not cover. Top the credits up, or authorise "+
			"less.", total.USD(), balance.Available.USD(), kept)))
	}
	return diags
}
