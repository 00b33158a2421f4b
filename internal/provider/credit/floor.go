package credit

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
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

// floorKeyPrefix begins the keys under which floors deposit; other resources may not use such keys.
const floorKeyPrefix = "autx_credit_floor/"

// depositKey is the key of a floor's n-th deposit.
func depositKey(name string, n int64) string {
	return floorKeyPrefix + name + "/" + strconv.FormatInt(n, 10)
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

// Read implements resource.Resource: the status is that of the live balance.
func (r *FloorResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var state floorModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.data.Reachable() {
		resp.Diagnostics.Append(r.data.KeptWarning()...)
		return
	}
	balance, err := r.walk.balance(ctx)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not read the balance for the floor "+state.Name.ValueString(), err, nil)...)
		return
	}
	state.Status = types.StringValue(statusOf(shortOf(balance, state)))
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Create implements resource.Resource.
func (r *FloorResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan floorModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultCreateTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags = r.settle(ctx, &plan, 0, timeout)
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() { // a floor that could not be looked at is not there; what an earlier run has deposited is in the journal
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// Update implements resource.Resource.
func (r *FloorResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan, state floorModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultCreateTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	made, diags := r.settle(ctx, &plan, state.Deposits.ValueInt64(), timeout)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() { // nothing of the plan has happened, but deposits of an earlier run may have been found
		plan = state
		plan.Deposits = types.Int64Value(made)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Delete implements resource.Resource: a floor has no object at AUTX, and nothing is called.
func (*FloorResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
