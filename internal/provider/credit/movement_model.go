package credit

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// movement is what a deposit and a withdrawal have in common in state: money moved once, under a key.
type movement struct {
	ID             types.String   `tfsdk:"id"`
	IdempotencyKey types.String   `tfsdk:"idempotency_key"`
	Amount         usd.Value      `tfsdk:"amount"`
	CreatedAt      types.String   `tfsdk:"created_at"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

func (m *movement) common() *movement { return m }

// model is a movement with what only its own resource has.
type model interface {
	common() *movement
	// moved records the ledger's amount in what is not common.
	moved(amount usd.Value)
}

// getter is a plan, a state or a configuration.
type getter interface {
	Get(ctx context.Context, target any) diag.Diagnostics
}

// read reads a model; its common part is a part of it, not a copy.
func (m *mover) read(ctx context.Context, from getter) (model, *movement, diag.Diagnostics) {
	full := m.newModel()
	diags := from.Get(ctx, full)
	return full, full.common(), diags
}

// imported is the state of an entry of which only the ledger tells.
func (m *mover) imported(entry client.Transaction) model {
	full := m.newModel()
	*full.common() = movement{
		ID: types.StringValue(entry.ID), IdempotencyKey: types.StringNull(), Amount: usd.Null(), CreatedAt: optional(entry.CreatedAt),
		Timeouts: noTimeouts(),
	}
	full.moved(usd.Of(ledger.Magnitude(entry.Amount)))
	return full
}

func noTimeouts() timeouts.Value {
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{"create": types.StringType})}
}

// optional is text that may be missing.
func optional(value string) types.String {
	if strings.TrimSpace(value) == "" {
		return types.StringNull()
	}
	return types.StringValue(value)
}
