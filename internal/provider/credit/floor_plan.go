package credit

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// ModifyPlan implements resource.ResourceWithModifyPlan. It looks at the live balance, and never plans what it finds as a value: Terraform plans
// twice and compares, and the balance may have changed between. A deposit is planned as a status that only the apply will tell. What is planned as
// known must be so whatever the balance, which it is only where nothing of the floor changes.
func (r *FloorResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil || req.Plan.Raw.IsNull() {
		return
	}
	var plan, state floorModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	creates := req.State.Raw.IsNull()
	if !creates {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if name := plan.Name.ValueString(); name != "" && r.walk.sawFloor(name, creates) {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "Two floors of one name", fmt.Sprintf(
			"Two floors of this plan are named %q, and the name keeps their deposits apart. Give each one of its own.%s", name, bound.PastTheError))
		return
	}
	if unchanged := plan; !creates {
		// The framework takes another spelling of an amount for a change, and plans as unknown what the resource computes.
		unchanged.Status, unchanged.Deposits = state.Status, state.Deposits
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &unchanged)...)
		if resp.Plan.Raw.Equal(req.State.Raw) {
			plan = unchanged
		}
	}
	short, diags := r.look(ctx, plan)
	resp.Diagnostics.Append(diags...)
	if short != nil && plan.OnShortfall.ValueString() == onShortfallDeposit {
		plan.Status, plan.Deposits = types.StringUnknown(), types.Int64Unknown()
		resp.Diagnostics.Append(r.planDeposit(ctx, plan, short, state.Deposits.ValueInt64()+1)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
}

// look compares the live balance with the floor and tells what it finds; short is nil where the balance suffices or can't be judged.
func (r *FloorResource) look(ctx context.Context, plan floorModel) (short *shortfall, diags diag.Diagnostics) {
	if !r.data.Reachable() {
		return nil, nil
	}
	balance, err := r.walk.balance(ctx)
	if err != nil {
		return nil, diagnose.Warning("Could not read the balance for the floor "+plan.Name.ValueString(), err, nil)
	}
	if !plan.ExpiryWarningDays.IsUnknown() {
		diags.Append(expiryWarning(balance, plan, r.walk.api.ServiceTime())...)
	}
	if plan.Target.IsUnknown() || plan.OnShortfall.IsUnknown() || plan.MaxDepositPerApply.IsUnknown() {
		return nil, diags
	}
	if short = shortOf(balance, plan); short != nil {
		diags.Append(short.told(plan))
	}
	return short, diags
}

// planDeposit tells what stands against the n-th deposit. The key is not given to the desk: its words on keys are for resources that have one as an
// argument.
func (r *FloorResource) planDeposit(ctx context.Context, plan floorModel, short *shortfall, n int64) diag.Diagnostics {
	diags := diagnose.Problems(r.data.Desk().PlanCreate(ctx, purchase.Planned{
		Kind: purchase.Deposit, Title: floorTitle(plan, short), Authorized: short.deposit,
	}))
	if r.data.Desk().Lost(ctx, purchase.Deposit, depositKey(plan.Name.ValueString(), n)) {
		diags.AddWarning("Earlier deposit of the floor is not in the state", fmt.Sprintf(
			"An earlier run made, or may have made, deposit number %d for the floor %q, and the state does not have it. The apply looks it up first, "+
				"counts it where it was made, "+
				"and deposits only what the balance lacks then.", n, plan.Name.ValueString()))
	}
	return diags
}

// floorTitle names a floor's deposit for a reader.
func floorTitle(plan floorModel, short *shortfall) string {
	return fmt.Sprintf("deposit of %s for the floor %q", short.deposit.USD(), plan.Name.ValueString())
}
