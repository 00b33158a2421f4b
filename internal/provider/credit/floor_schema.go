package credit

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/deadline"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// defaultExpiryWarningDays is how long before its end a balance is warned of.
const defaultExpiryWarningDays = 14

// Schema implements resource.Resource.
func (*FloorResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	amount := func(description string, bounds validator.String) schema.StringAttribute {
		return schema.StringAttribute{
			CustomType: usd.Type{}, Required: true, Validators: []validator.String{bounds}, PlanModifiers: []planmodifier.String{usd.KeepSpelling()},
			MarkdownDescription: description,
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The balance that the account is to have. Each plan looks at the live balance; while it is below `floor`, the plan warns, " +
			"fails, or plans a deposit. It has no object at AUTX: it can't be imported, and destroying it changes nothing.\n\nA deposit is planned as an " +
			"update whose `status` is known only after the apply, as the balance may change until then: the apply reads it again, and deposits once at " +
			"most, `target` less the balance, from $5 to $10,000. What a policy can hold on to is `on_shortfall`, `target` and `max_deposit_per_apply`.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Names the floor in messages and in the purchase journal. Give each floor of an account a name of its own.",
			},
			"floor": amount("The balance that is to be available at least, in US dollars.", usd.AtLeast(money.Zero())),
			"target": amount("The balance that a deposit brings the account to, in US dollars, at least `floor`. One deposit is from $5 to $10,000.",
				usd.AtLeast(money.Zero())),
			"on_shortfall": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(onShortfallWarn),
				Validators: []validator.String{stringvalidator.OneOf(onShortfallWarn, onShortfallError, onShortfallDeposit)},
				MarkdownDescription: "What to do while the balance is below the floor: `warn`, `error` (the plan fails), or `deposit` (test " +
					"credits, which AUTX offers on development " +
					"instances only; the `spending` block has to allow it with `allow_deposits`). Defaults to `warn`.",
			},
			"max_deposit_per_apply": schema.StringAttribute{
				CustomType: usd.Type{}, Optional: true, Validators: []validator.String{usd.AtLeast(minDeposit)},
				PlanModifiers:       []planmodifier.String{usd.KeepSpelling()},
				MarkdownDescription: "The most that one apply deposits for this floor, in US dollars, at least `5`. Not limited when not set.",
			},
			"expiry_warning_days": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(defaultExpiryWarningDays),
				Validators: []validator.Int64{int64validator.Between(0, 90)},
				MarkdownDescription: "For how many days before the balance expires for lack of activity plans warn of it, from 0 to 90; 0 is never. Defaults " +
					"to `14`.",
			},
			"status": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "How the live balance stood when it was last read: `ok`, or `short` while it is below the floor.",
			},
			"deposits": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "How many deposits were made for this floor. The next one is made at most once under the name and the next number.",
			},
			"timeouts": deadline.Attribute(ctx, "How long the operations that call AUTX may take, as durations such as `90s` or `10m`.", map[string]string{
				"create": "How long reading the balance and a deposit may take when the floor is created. Defaults to `5m`.",
				"update": "The same for later applies. Defaults to `5m`.",
			}),
		},
	}
}
