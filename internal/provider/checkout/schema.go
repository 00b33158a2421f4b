package checkout

import (
	"context"
	"fmt"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/deadline"
)

// What a checkout may be for (client 0.4.1).
const (
	forLaunch  = "launch"
	forService = "service"
)

// Schema implements resource.Resource.
func (*Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{
			Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}, MarkdownDescription: description,
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A page of AUTX on which a person pays by card: for the launch of an agent, or for an agent's service. An apply only " +
			"makes the link: it charges nothing, so it needs no `spending` block. Whether somebody has paid, AUTX does not tell.\n\nAUTX can " +
			"neither show a link again nor revoke it, so it can't be imported, and destroying the resource only forgets it: whoever has the link can " +
			"still pay.",
		Attributes: map[string]schema.Attribute{
			"id": computed("The checkout's id. That of a `launch` that was paid for can replace the launch fee, as `launch.stripe_session_id` of an agent."),
			"type": schema.StringAttribute{
				Required: true, PlanModifiers: replace, Validators: []validator.String{stringvalidator.OneOf(forLaunch, forService)},
				MarkdownDescription: "What is paid for: `launch` or `service`. Changing it makes another link.",
			},
			"success_url": schema.StringAttribute{
				Required: true, PlanModifiers: replace, Validators: []validator.String{webAddress{}},
				MarkdownDescription: "Where the person is sent after paying: an `https` or `http` URL. Changing it makes another link.",
			},
			"cancel_url": schema.StringAttribute{
				Required: true, PlanModifiers: replace, Validators: []validator.String{webAddress{}},
				MarkdownDescription: "Where the person is sent who does not pay: an `https` or `http` URL. Changing it makes another link.",
			},
			"agent_id": schema.StringAttribute{
				Optional: true, PlanModifiers: replace, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The id of the agent, a UUID; the data source `autx_agent` finds it by ticker. Has to be given for a " +
					"`service`. Changing it makes another link.",
			},
			"agent_name": schema.StringAttribute{
				Optional: true, PlanModifiers: replace, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The name of the agent, for the person who pays. Changing it makes another link.",
			},
			"checkout_url": computed("The page. Whoever has the link can pay on it."),
			"timeouts": deadline.Attribute(ctx, "How long the operations that call AUTX may take, as durations such as `90s` or `10m`.", map[string]string{
				"create": "How long making the link may take. Defaults to `2m`.",
			}),
		},
	}
}

// webAddress refuses what is no URL of a web page.
type webAddress struct{}

// Description implements validator.Describer.
func (webAddress) Description(context.Context) string { return "an https or http URL" }

// MarkdownDescription implements validator.Describer.
func (v webAddress) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (webAddress) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	address, err := url.Parse(req.ConfigValue.ValueString())
	if err != nil || (address.Scheme != "https" && address.Scheme != "http") || address.Hostname() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Not the address of a web page", fmt.Sprintf("%s is %q. A person is sent there: give the whole "+
			"URL, such as https://example.com/paid.", req.Path, req.ConfigValue.ValueString()))
	}
}
