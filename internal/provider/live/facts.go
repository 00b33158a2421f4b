// Package live looks at AUTX for what may be otherwise a moment later: the agent that something is to be bought from, its price, and the balance.
// What it finds at plan warns, or is an error with strict_plan; what it finds right before a charge decides.
package live

import (
	"context"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"golang.org/x/sync/singleflight"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/once"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

// Facts are what all purchases of one walk look at, so that a plan of many costs few requests. Nothing may be asked where AUTX is not reachable
// (providerdata.Data.Reachable).
type Facts struct {
	data *providerdata.Data
	api  *client.Client

	// agents and balance are facts for the reader of a plan, never for a purchase.
	agents  once.Memory[*client.Agent]
	balance once.Memory[*client.Balance]
	flights singleflight.Group

	sums sums

	mu   sync.Mutex
	ours map[string]bool // by agent id
}

// Of gives the facts of a walk.
func Of(data *providerdata.Data) *Facts {
	return providerdata.Shared(data, func() *Facts {
		f := &Facts{data: data, ours: map[string]bool{}}
		if api, diags := data.Client(); !diags.HasError() {
			f.api = api
		}
		return f
	})
}

// Ref names an agent as a configuration does.
type Ref struct {
	text string
	byID bool
}

// ID names an agent by its id.
func ID(id string) Ref { return Ref{text: id, byID: true} }

// TickerOrID names an agent by either: what has the form of a UUID is an id.
func TickerOrID(text string) Ref {
	const hyphenated = 36 // the parser takes other forms as well, which AUTX does not use
	_, err := uuid.Parse(text)
	return Ref{text: text, byID: err == nil && len(text) == hyphenated}
}

// String is the id or the ticker.
func (r Ref) String() string { return r.text }

func (r Ref) key() string {
	if r.byID {
		return "id " + strings.ToLower(r.text)
	}
	return "ticker " + strings.ToUpper(r.text)
}

func (f *Facts) read(r Ref) func(context.Context) (*client.Agent, error) {
	return func(ctx context.Context) (*client.Agent, error) {
		if r.byID {
			return f.api.Agents.Get(ctx, r.text)
		}
		return f.api.Agents.GetByTicker(ctx, r.text)
	}
}

// Agent gives an agent as the walk has seen it first.
func (f *Facts) Agent(ctx context.Context, r Ref) (*client.Agent, error) {
	return f.agents.Recall(ctx, r.key(), f.read(r))
}

// Now reads an agent for what it costs now. Those who want it at the same moment share one request; nothing of it is kept.
func (f *Facts) Now(ctx context.Context, r Ref) (*client.Agent, error) {
	return once.Join(ctx, &f.flights, r.key(), f.read(r))
}

// Ours tells whether an agent that was read belongs to the account. It is asked once for each agent, as an agent does not change its owner.
func (f *Facts) Ours(ctx context.Context, agent *client.Agent) (bool, error) {
	id := strings.ToLower(agent.ID)
	f.mu.Lock()
	ours, known := f.ours[id]
	f.mu.Unlock()
	if known {
		return ours, nil
	}
	mine, err := once.Join(ctx, &f.flights, "mine", f.api.Agents.Mine)
	if err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range mine {
		f.ours[strings.ToLower(mine[i].ID)] = true
	}
	if !f.ours[id] {
		f.ours[id] = false
	}
	return f.ours[id], nil
}

// Fact is something that is so at plan but may be otherwise at apply.
func (f *Facts) Fact(at path.Path, summary, detail string) diag.Diagnostic {
	return diagnose.LiveFact(f.data.Desk().Limits(), at, summary, detail)
}
