package proxy

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// resourceModel is the resource: what is asked, what was answered, and what only Terraform knows of it.
type resourceModel struct {
	question
	answered
	ID             types.String   `tfsdk:"id"`
	IdempotencyKey types.String   `tfsdk:"idempotency_key"`
	MaxPrice       usd.Value      `tfsdk:"max_price"`
	Spend          types.Object   `tfsdk:"spend"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

// readModel is the data source and the ephemeral resource: the question and the answer.
type readModel struct {
	question
	answered
}
