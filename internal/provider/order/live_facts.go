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
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
)

// liveFacts looks, at plan, whether AUTX would take an order: one read for each agent of a plan, and one of the balance. What it finds warns, as it
// may be otherwise when the plan is applied; with strict_plan it is an error.
func (r *Resource) liveFacts(ctx context.Context, plan resourceModel, contents []*content) diag.Diagnostics {
	if !r.data.Reachable() {
		return nil
	}
	var diags diag.Diagnostics
	if !plan.AgentID.IsUnknown() {
		agent, found := r.walk.facts.CheckAgent(ctx, wanted(plan))
		diags.Append(found...)
		if agent != nil {
			diags.Append(r.checkPrice(agent, plan)...)
			diags.Append(r.checkFiles(agent, contents)...)
		}
	}
	diags.Append(r.walk.facts.CheckBalance(ctx, tfpath.Root("max_price"), plan.MaxPrice)...)
	return diags
}

// wanted is what an order asks of its agent.
func wanted(plan resourceModel) live.Wanted {
	return live.Wanted{Agent: live.ID(plan.AgentID.ValueString()), AgentAt: tfpath.Root("agent_id"), Noun: "order", Nouns: "orders"}
}

func (r *Resource) checkPrice(agent *client.Agent, plan resourceModel) diag.Diagnostics {
	price, ok := agent.ServicePrice.Value()
	if !ok {
		return nil
	}
	return r.walk.facts.CheckPrice(wanted(plan), agent, price, tfpath.Root("max_price"), plan.MaxPrice)
}

// checkFiles holds files to what the agent's manifest says. Where AUTX does not show a manifest nothing is claimed.
func (r *Resource) checkFiles(agent *client.Agent, contents []*content) diag.Diagnostics {
	if len(contents) == 0 || !agent.Manifest.Reported() {
		return nil
	}
	var diags diag.Diagnostics
	input := agent.Manifest.Or(client.Manifest{}).Input.Or(client.ManifestInput{})
	if !input.AcceptsFiles.Or(false) {
		diags.Append(r.walk.facts.Fact(tfpath.Root("files"), "Agent accepts no files", fmt.Sprintf("The manifest of agent %s does not accept files, so "+
			"this order will be refused. Remove files, or choose an agent that accepts them.", agent.Ticker)))
		return diags
	}
	types := input.FileTypes.Or(nil)
	for i, file := range contents {
		if file == nil {
			continue
		}
		if !accepts(types, file.name) {
			diags.Append(r.walk.facts.Fact(tfpath.Root("files").AtListIndex(i).AtName("name"), "Agent does not take this type of file", fmt.Sprintf(
				"files[%d], %s, is none of the types that agent %s takes: %s. This order will be "+
					"refused.", i, file.name, agent.Ticker, strings.Join(types, ", "))))
		}
		if most, ok := input.MaxSizeBytes.Value(); ok && file.size > most {
			diags.Append(r.walk.facts.Fact(tfpath.Root("files").AtListIndex(i), "File is too large for the agent", fmt.Sprintf(
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
