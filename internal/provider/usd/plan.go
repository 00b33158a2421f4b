package usd

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
)

// KeepSpelling plans the spelling that is in state where configuration gives the same amount in other words, so that changing "5" to "5.00" is no
// change. The framework's semantic equality acts on what the service answers, not on configuration, hence this. Put it before any RequiresReplace.
func KeepSpelling() planmodifier.String { return keepSpelling{} }

type keepSpelling struct{}

func (keepSpelling) Description(context.Context) string {
	return "The same amount in another spelling is no change."
}

func (k keepSpelling) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (keepSpelling) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	prior, planned := Value{req.StateValue}, Value{req.PlanValue}
	if amount, ok := planned.Amount(); ok && prior.Is(amount) {
		resp.PlanValue = req.StateValue
	}
}
