package planned

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Steps plan what a resource of the model M goes through. They may change the plan that they are given, but not what its fields point to: the state
// may share that.
type Steps[M any] struct {
	Create  func(ctx context.Context, plan *M) diag.Diagnostics
	Update  func(ctx context.Context, state M, plan *M) diag.Diagnostics
	Destroy func(ctx context.Context, state M) diag.Diagnostics
}

// Modify plans by the step that is due, and writes the plan back unless something is wrong with it. A plan without a change, which most are, costs
// little: converting between the framework's values and a model takes longer than everything else.
func Modify[M any](ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, steps Steps[M]) {
	var plan, state M
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	switch {
	case req.Plan.Raw.IsNull():
	case req.Plan.Raw.Equal(req.State.Raw):
		plan = state
	default:
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	proposed := plan
	switch {
	case req.Plan.Raw.IsNull():
		resp.Diagnostics.Append(steps.Destroy(ctx, state)...)
		return
	case req.State.Raw.IsNull():
		resp.Diagnostics.Append(steps.Create(ctx, &plan)...)
	default:
		resp.Diagnostics.Append(steps.Update(ctx, state, &plan)...)
	}
	if !resp.Diagnostics.HasError() && !reflect.DeepEqual(plan, proposed) {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
}
