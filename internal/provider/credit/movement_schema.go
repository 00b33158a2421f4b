package credit

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/deadline"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// notOfFloor refuses the keys under which floors deposit.
type notOfFloor struct{}

// Description implements validator.Describer.
func (notOfFloor) Description(context.Context) string {
	return "does not begin with " + floorKeyPrefix
}

// MarkdownDescription implements validator.Describer.
func (v notOfFloor) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (notOfFloor) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if strings.HasPrefix(req.ConfigValue.ValueString(), floorKeyPrefix) {
		resp.Diagnostics.AddAttributeError(req.Path, "Key of a floor", fmt.Sprintf(
			"%s: keys that begin with %q are those under which the resource autx_credit_floor deposits. Choose another one.", req.Path, floorKeyPrefix))
	}
}

// movementAttributes are the attributes that deposits and withdrawals share.
func movementAttributes(ctx context.Context, noun string, bounds validator.String, amount string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			MarkdownDescription: "The id of the ledger's entry. It begins with `unlisted-` where AUTX confirmed the " + noun + " but its ledger did not " +
				"show which entry it is.",
		},
		"idempotency_key": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1), notOfFloor{}},
			MarkdownDescription: "Names this " + noun + " for ever, among all of this account: it is made at most once under the key. " +
				"Changing it makes another one. Not readable: null after an import, and filled in without a call.",
		},
		"amount": schema.StringAttribute{
			CustomType: usd.Type{}, Required: true, Validators: []validator.String{bounds}, PlanModifiers: []planmodifier.String{usd.KeepSpelling()},
			MarkdownDescription: amount + " Bound to `idempotency_key`. Null after an import, and filled in without a call.",
		},
		"created_at": schema.StringAttribute{
			Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			MarkdownDescription: "When it happened, as AUTX writes it; null where the entry is not known.",
		},
		"timeouts": deadline.Attribute(ctx, "How long the operations that call AUTX may take, as durations such as `90s` or `10m`.", map[string]string{
			"create": "How long the movement may take, until its request is sent and then again until it is answered. Defaults to `5m`.",
		}),
	}
}
