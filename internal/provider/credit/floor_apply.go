package credit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// settle reads the balance again and deposits what is missing, if that is what the floor is for: once at most. Made is how many deposits were made
// before; those that earlier runs made and could not save are counted up, and the balance is read again after each. It fills in what the plan left
// open, and gives the new count. Where there is an error, this run has moved no money.
func (r *FloorResource) settle(ctx context.Context, plan *floorModel, made int64, timeout time.Duration) (int64, diag.Diagnostics) {
	api, diags := r.data.Client()
	if diags.HasError() {
		return made, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	release := r.walk.alone(ctx, in)
	defer release()

	var earlier []string
	for {
		balance, err := api.Credits.Balance(ctx)
		if err != nil {
			diags.Append(diagnose.Error("Could not read the balance for the floor "+plan.Name.ValueString(), err, nil)...)
			return made, diags
		}
		short := shortOf(balance, *plan)
		if short == nil || plan.OnShortfall.ValueString() != onShortfallDeposit {
			plan.settled(statusOf(short), made)
			break
		}
		result, _, err := r.walk.move(ctx, in, request{
			key: depositKey(plan.Name.ValueString(), made+1), title: floorTitle(*plan, short), amount: short.deposit, anyAmount: true, deadline: timeout,
		})
		if err != nil {
			diags.Append(explainFloor(ctx, *plan, err)...)
			return made, diags
		}
		made++
		if result.Adopted {
			earlier = append(earlier, result.ID)
			continue
		}
		diags.Append(diagnose.Problems(result.Problems)...)
		status, more := r.statusAfter(ctx, *plan)
		diags.Append(more...)
		plan.settled(status, made)
		break
	}
	if len(earlier) > 0 {
		diags.AddWarning("Deposits of earlier runs counted", fmt.Sprintf(
			"Earlier runs made deposits for the floor %q that the state did not have: %s. They are counted, the balance was read again after them, and no "+
				"money was moved for "+
				"them now.", plan.Name.ValueString(), strings.Join(earlier, ", ")))
	}
	return made, diags
}

// settled fills in what the plan left open; what it knows stays.
func (m *floorModel) settled(status string, deposits int64) {
	if m.Status.IsUnknown() {
		m.Status = types.StringValue(status)
	}
	if m.Deposits.IsUnknown() {
		m.Deposits = types.Int64Value(deposits)
	}
}

// statusAfter reads whether a deposit sufficed: AUTX takes up to $10,000 at once, and max_deposit_per_apply may allow less.
func (r *FloorResource) statusAfter(ctx context.Context, plan floorModel) (string, diag.Diagnostics) {
	balance, err := r.walk.api.Credits.Balance(context.WithoutCancel(ctx))
	if err != nil {
		return statusShort, diagnose.Warning("Deposited, but could not read the balance after it", err, nil)
	}
	return statusOf(shortOf(balance, plan)), nil
}

// explainFloor tells why a floor's deposit was not made.
func explainFloor(ctx context.Context, plan floorModel, err error) diag.Diagnostics {
	title := fmt.Sprintf("Could not deposit for the floor %q", plan.Name.ValueString())
	refusal, ok := errors.AsType[*purchase.Refusal](err)
	if !ok || refusal.Reason != purchase.ReasonAmbiguous {
		return explainDeposit(ctx, nil, title, err)
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic(refusal.Summary, refusal.Detail+fmt.Sprintf(
		"\n\nThis deposit is one of a floor: its key comes from the floor's name. Settle the other deposits first; or, if the one in question was not "+
			"made, give the floor another "+
			"name than %q, under which it deposits anew.", plan.Name.ValueString()))}
}
