package order

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// purchased is an order as AUTX tells it: what the resource, the data sources, the list resource and import have in common.
type purchased struct {
	ID          types.String `tfsdk:"id"`
	AgentID     types.String `tfsdk:"agent_id"`
	Status      types.String `tfsdk:"status"`
	AmountPaid  usd.Value    `tfsdk:"amount_paid"`
	PlatformFee usd.Value    `tfsdk:"platform_fee"`
	CreatedAt   types.String `tfsdk:"created_at"`
	CompletedAt types.String `tfsdk:"completed_at"`
}

// answer is what the agent gave for it.
type answer struct {
	OutputText types.String `tfsdk:"output_text"`
	OutputHash types.String `tfsdk:"output_hash"`
}

// resourceModel is the resource: the order and its answer, and what only Terraform knows of it.
type resourceModel struct {
	purchased
	answer
	IdempotencyKey    types.String   `tfsdk:"idempotency_key"`
	Prompt            types.String   `tfsdk:"prompt"`
	MaxPrice          usd.Value      `tfsdk:"max_price"`
	Files             types.List     `tfsdk:"files"`
	PaymentMethod     types.String   `tfsdk:"payment_method"`
	WaitForCompletion types.Bool     `tfsdk:"wait_for_completion"`
	Spend             types.Object   `tfsdk:"spend"`
	Timeouts          timeouts.Value `tfsdk:"timeouts"`
}

// newResourceModel is a resource of which only what AUTX tells is known, as after an import. Nothing was spent on it here.
func newResourceModel(of purchased, result answer) resourceModel {
	return resourceModel{
		purchased: of,
		answer:    result,
		MaxPrice:  usd.Null(),
		Files:     types.ListNull(types.ObjectType{AttrTypes: fileTypes}),
		Spend:     spend.Nothing(),
		Timeouts:  timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{"create": types.StringType, "read": types.StringType})},
	}
}

// unset is an order of which nothing is known yet.
func unset() purchased { return purchased{AmountPaid: usd.Null(), PlatformFee: usd.Null()} }

// fromAPI reads an order. Where AUTX does not report a field the prior value stays, since absence says nothing: no answer has all of them.
func fromAPI(prior purchased, o *client.Order) purchased {
	out := purchased{
		ID:          types.StringValue(o.ID),
		AgentID:     prior.AgentID,
		Status:      reported.Text(prior.Status, o.Status),
		AmountPaid:  reported.Amount(prior.AmountPaid, o.AmountPaid),
		PlatformFee: reported.Amount(prior.PlatformFee, o.PlatformFee),
		CreatedAt:   reported.Text(prior.CreatedAt, o.CreatedAt),
		CompletedAt: reported.Text(prior.CompletedAt, o.CompletedAt),
	}
	// Neither an order's id nor its agent ever changes, and the configuration may spell the agent's in another way than AUTX.
	if !prior.ID.IsNull() && !prior.ID.IsUnknown() {
		out.ID = prior.ID
	}
	if out.AgentID.IsNull() || out.AgentID.IsUnknown() {
		out.AgentID = reported.Text(prior.AgentID, o.AgentID)
	}
	return out
}

// answerFromAPI reads what the agent gave.
func answerFromAPI(prior answer, o *client.Order) answer {
	out := answer{OutputText: reported.Known(prior.OutputText), OutputHash: reported.Text(prior.OutputHash, o.OutputHash)}
	// An answer may be empty: "" is not null here.
	if value, ok := o.OutputText.Value(); ok {
		out.OutputText = types.StringValue(value)
	}
	return out
}

// together joins two views of one order, of which first counts where both report a field.
func together(first, second *client.Order) *client.Order {
	out := *first
	out.AgentID.Complete(second.AgentID)
	out.AgentName.Complete(second.AgentName)
	out.AgentTicker.Complete(second.AgentTicker)
	out.Status.Complete(second.Status)
	out.AmountPaid.Complete(second.AmountPaid)
	out.PlatformFee.Complete(second.PlatformFee)
	out.PaymentMethod.Complete(second.PaymentMethod)
	out.CreatedAt.Complete(second.CreatedAt)
	out.CompletedAt.Complete(second.CompletedAt)
	out.OutputText.Complete(second.OutputText)
	out.OutputHash.Complete(second.OutputHash)
	return &out
}

// finished tells whether an order's status will not change any more. A status that is not known is passed on, and taken for one that may.
func finished(status string) bool { return status == statusCompleted || status == statusFailed }

// fileElements are the elements of files that are known; those that are not are nil. The list itself has to be known.
func fileElements(ctx context.Context, list types.List) ([]*fileModel, diag.Diagnostics) {
	var objects []types.Object
	diags := list.ElementsAs(ctx, &objects, false)
	out := make([]*fileModel, len(objects))
	for i := range objects {
		file, ok, more := object.Get[fileModel](ctx, objects[i])
		diags.Append(more...)
		if ok {
			out[i] = &file
		}
	}
	return out, diags
}
