package live

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// StatusActive is the status of an agent that can be bought from (client 0.4.1).
const StatusActive = "active"

// Wanted is what a plan wants to buy from an agent.
type Wanted struct {
	// Agent is the agent, and AgentAt the argument that names it.
	Agent   Ref
	AgentAt path.Path
	// Noun is what is bought, such as order, and Nouns several of it.
	Noun, Nouns string
}

// CheckAgent looks, at plan, whether an agent is there and takes what is wanted. It gives the agent, nil where it could not be read.
func (f *Facts) CheckAgent(ctx context.Context, w Wanted) (*client.Agent, diag.Diagnostics) {
	agent, err := f.Agent(ctx, w.Agent)
	switch {
	case client.IsNotFound(err):
		return nil, diag.Diagnostics{f.Fact(w.AgentAt, "No such agent", NoSuchAgent(w))}
	case err != nil:
		return nil, diagnose.Warning("Could not look up agent "+w.Agent.text, err, nil)
	}
	var diags diag.Diagnostics
	if status := agent.Status.Or(StatusActive); status != StatusActive {
		diags.Append(f.Fact(w.AgentAt, fmt.Sprintf("Agent takes no %s", w.Nouns), fmt.Sprintf("Agent %s (id %s) is %s, so this %s will be refused. "+
			"Nothing is charged then. Wait until it is active, or choose another agent.", agent.Ticker, agent.ID, status, w.Noun)))
	}
	return agent, diags
}

// NoSuchAgent says that AUTX does not know an agent.
func NoSuchAgent(w Wanted) string {
	if w.Agent.byID {
		return fmt.Sprintf("AUTX knows no agent with the id %q, so this %s will be refused. %s is the agent's id, a UUID; the data source "+
			"autx_agent finds it by ticker.", w.Agent.text, w.Noun, w.AgentAt)
	}
	return fmt.Sprintf("AUTX knows no agent with the ticker %q, so this %s will be refused. %s is the agent's ticker or its id, a UUID; the data "+
		"source autx_agents lists them.", w.Agent.text, w.Noun, w.AgentAt)
}

// CheckPrice compares, at plan, what something costs now with the argument that bounds it.
func (f *Facts) CheckPrice(w Wanted, agent *client.Agent, price money.Amount, mostAt path.Path, most usd.Value) diag.Diagnostics {
	authorized, known := most.Amount()
	if !known || !price.GreaterThan(authorized) {
		return nil
	}
	article := "a"
	if w.Noun[0] == 'o' {
		article = "an"
	}
	return diag.Diagnostics{f.Fact(mostAt, fmt.Sprintf("Price is above %s", mostAt), fmt.Sprintf("With agent %s %s %s costs %s now, and %s is %s: "+
		"the apply will buy nothing unless the price falls. Raise %s to at least %s.",
		agent.Ticker, article, w.Noun, price.USD(), mostAt, authorized.USD(), mostAt, price))}
}
