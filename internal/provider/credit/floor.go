package credit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// What a floor does while the balance is below it.
const (
	onShortfallWarn    = "warn"
	onShortfallError   = "error"
	onShortfallDeposit = "deposit"
)

// What a floor's status tells.
const (
	statusOK    = "ok"
	statusShort = "short"
)

var (
	_ resource.ResourceWithConfigure      = (*FloorResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*FloorResource)(nil)
	_ resource.ResourceWithValidateConfig = (*FloorResource)(nil)
)

// FloorResource is the resource autx_credit_floor: the balance that the account is to have. It has no object at AUTX.
type FloorResource struct {
	data *providerdata.Data
	walk *walk
}

// NewFloorResource builds the resource.
func NewFloorResource() resource.Resource { return &FloorResource{} }

type floorModel struct {
	Name               types.String   `tfsdk:"name"`
	Floor              usd.Value      `tfsdk:"floor"`
	Target             usd.Value      `tfsdk:"target"`
	OnShortfall        types.String   `tfsdk:"on_shortfall"`
	MaxDepositPerApply usd.Value      `tfsdk:"max_deposit_per_apply"`
	ExpiryWarningDays  types.Int64    `tfsdk:"expiry_warning_days"`
	Status             types.String   `tfsdk:"status"`
	Deposits           types.Int64    `tfsdk:"deposits"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

// Metadata implements resource.Resource.
func (*FloorResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_credit_floor"
}

// Configure implements resource.ResourceWithConfigure.
func (r *FloorResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		r.data, r.walk = data, walkOf(data)
	}
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (*FloorResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config floorModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	floor, okFloor := config.Floor.Amount()
	target, okTarget := config.Target.Amount()
	if okFloor && okTarget && target.LessThan(floor) {
		resp.Diagnostics.AddAttributeError(path.Root("target"), "Target is below the floor", fmt.Sprintf(
			"A deposit brings the balance up to target, %s, which must be at least floor, %s.", target.USD(), floor.USD()))
	}
}

// ModifyPlan implements resource.ResourceWithModifyPlan. It looks at the live balance; what it finds is never planned as a value, since Terraform
// plans twice and compares: a deposit is planned as a status that only the apply will tell.
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
	short, diags := r.look(ctx, plan)
	resp.Diagnostics.Append(diags...)
	deposits := short != nil && plan.OnShortfall.ValueString() == onShortfallDeposit
	switch {
	case creates:
		plan.Status, plan.Deposits = types.StringUnknown(), types.Int64Unknown()
	case deposits:
		plan.Status, plan.Deposits = types.StringUnknown(), types.Int64Unknown()
	default:
		plan.Status, plan.Deposits = state.Status, state.Deposits
	}
	if deposits {
		resp.Diagnostics.Append(diagnose.Problems(r.data.Desk().PlanCreate(ctx, purchase.Planned{
			Kind: purchase.Deposit, Key: depositKey(plan.Name.ValueString(), state.Deposits.ValueInt64()+1),
			Title: fmt.Sprintf("deposit of %s for the floor %s", short.deposit.USD(), plan.Name.ValueString()), Authorized: short.deposit,
		}))...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
}

// shortfall is a balance below the floor, and the deposit that mends it.
type shortfall struct {
	available, deposit money.Amount
}

// look compares the live balance with the floor and tells what it finds; short is nil where the balance suffices or can't be judged.
func (r *FloorResource) look(ctx context.Context, plan floorModel) (short *shortfall, diags diag.Diagnostics) {
	if !r.data.Reachable() || plan.Floor.IsUnknown() || plan.Target.IsUnknown() || plan.OnShortfall.IsUnknown() || plan.MaxDepositPerApply.IsUnknown() {
		return nil, nil
	}
	api, diags := r.data.Client()
	if diags.HasError() {
		return nil, diags
	}
	balance, err := r.walk.balance(ctx, api)
	if err != nil {
		return nil, diagnose.Warning("Could not read the balance for the floor "+plan.Name.ValueString(), err, nil)
	}
	diags.Append(expiryWarning(balance, plan, api.ServiceTime())...)
	short = shortOf(balance, plan)
	if short == nil {
		return nil, diags
	}
	detail := fmt.Sprintf("%s is available, which is below the floor %s of %s.", short.available.USD(), plan.Name.ValueString(), floorOf(plan).USD())
	switch plan.OnShortfall.ValueString() {
	case onShortfallError:
		diags.AddAttributeError(path.Root("floor"), "Balance is below the floor", detail+
			" Top the credits up on AUTX's credits page, or lower the floor. (`destroy -refresh=false` gets past this error.)")
	case onShortfallDeposit:
		diags.AddAttributeWarning(path.Root("floor"), "Balance is below the floor", detail+fmt.Sprintf(
			" The apply reads it again and deposits up to %s.", short.deposit.USD()))
	default:
		diags.AddAttributeWarning(path.Root("floor"), "Balance is below the floor", detail+" Top the credits up on AUTX's credits page, or set "+
			"on_shortfall to deposit.")
	}
	return short, diags
}

func floorOf(plan floorModel) money.Amount {
	floor, _ := plan.Floor.Amount()
	return floor
}

// shortOf is the shortfall of a balance; nil where it suffices. The deposit brings the balance to target, within what AUTX takes at once and what the
// configuration allows an apply.
func shortOf(balance *client.Balance, plan floorModel) *shortfall {
	if !balance.Available.LessThan(floorOf(plan)) {
		return nil
	}
	target, _ := plan.Target.Amount()
	deposit := money.Min(money.Max(target.Sub(balance.Available), minDeposit), maxDeposit)
	if most, ok := plan.MaxDepositPerApply.Amount(); ok {
		deposit = money.Min(deposit, most)
	}
	return &shortfall{available: balance.Available, deposit: deposit}
}

// expiryWarning warns of a balance that is about to expire for lack of activity. Nothing is ever spent to keep it alive.
func expiryWarning(balance *client.Balance, plan floorModel, now time.Time) diag.Diagnostics {
	expires, ok := instant(balance.ExpiresAt)
	days := plan.ExpiryWarningDays.ValueInt64()
	if !ok || days == 0 || balance.Available.IsZero() || expires.Sub(now) > time.Duration(days)*24*time.Hour {
		return nil
	}
	var diags diag.Diagnostics
	diags.AddAttributeWarning(path.Root("expiry_warning_days"), "Credits are about to expire", fmt.Sprintf(
		"%s expires at %s unless something happens on the account before: AUTX lets a balance expire after 90 days without activity. "+
			"An order, a call, a deposit or a withdrawal counts as activity.", balance.Available.USD(), expires.UTC().Format(time.RFC3339)))
	return diags
}

// Create implements resource.Resource.
func (r *FloorResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan floorModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	diags := r.settle(ctx, &plan, 0)
	resp.Diagnostics.Append(diags...)
	if plan.Status.IsUnknown() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Update implements resource.Resource.
func (r *FloorResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state floorModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Status.IsUnknown() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		return
	}
	resp.Diagnostics.Append(r.settle(ctx, &plan, state.Deposits.ValueInt64())...)
	if plan.Status.IsUnknown() {
		plan = state
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// settle reads the balance again and deposits what is missing, if that is what the floor is for. made is how many deposits were made before. The
// status stays unknown where nothing could be found out or done.
func (r *FloorResource) settle(ctx context.Context, plan *floorModel, made int64) diag.Diagnostics {
	api, diags := r.data.Client()
	timeout, more := plan.Timeouts.Create(ctx, defaultCreateTimeout)
	diags.Append(more...)
	if diags.HasError() {
		return diags
	}
	for {
		balance, err := api.Credits.Balance(ctx)
		if err != nil && made == 0 {
			diags.Append(diagnose.Error("Could not read the balance for the floor "+plan.Name.ValueString(), err, nil)...)
			return diags
		}
		if err != nil {
			diags.Append(diagnose.Warning("Could not read the balance for the floor "+plan.Name.ValueString(), err, nil)...)
			plan.Status, plan.Deposits = types.StringValue(statusShort), types.Int64Value(made)
			return diags
		}
		short := shortOf(balance, *plan)
		plan.Status, plan.Deposits = types.StringValue(statusOf(short)), types.Int64Value(made)
		if short == nil || plan.OnShortfall.ValueString() != onShortfallDeposit {
			return diags
		}
		result, _, err := in.move(ctx, r.data.Desk(), r.walk, api, request{
			key: depositKey(plan.Name.ValueString(), made+1), amount: short.deposit, deadline: timeout,
		})
		if err != nil {
			plan.Status, plan.Deposits = types.StringUnknown(), types.Int64Unknown()
			diags.Append(explainDeposit(ctx, nil, "Could not deposit for the floor "+plan.Name.ValueString(), err)...)
			return diags
		}
		diags.Append(diagnose.Problems(result.Problems)...)
		made++
		// A deposit that an earlier run made counts, and the balance decides anew; one that was just made ends this apply.
		if !result.Adopted {
			after, err := api.Credits.Balance(context.WithoutCancel(ctx))
			if err == nil {
				plan.Status = types.StringValue(statusOf(shortOf(after, *plan)))
			}
			plan.Deposits = types.Int64Value(made)
			return diags
		}
	}
}

func statusOf(short *shortfall) string {
	if short != nil {
		return statusShort
	}
	return statusOK
}

// depositKey is the key of a floor's n-th deposit.
func depositKey(name string, n int64) string { return "floor/" + name + "/" + strconv.FormatInt(n, 10) }

// Read implements resource.Resource: the status is that of the live balance.
func (r *FloorResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state floorModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.data.Reachable() {
		resp.Diagnostics.Append(r.data.KeptWarning()...)
		return
	}
	api, _ := r.data.Client()
	balance, err := r.walk.balance(ctx, api)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read the balance for the floor "+state.Name.ValueString(), err, nil)...)
		return
	}
	state.Status = types.StringValue(statusOf(shortOf(balance, state)))
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Delete implements resource.Resource: a floor has no object at AUTX, and nothing is called.
func (*FloorResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
