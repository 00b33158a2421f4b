// Package provider is the Terraform and OpenTofu provider for AUTX: its configuration, and the list of what it offers.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/agent"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/checkout"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/credit"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/order"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/proxy"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/revenue"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/session"
)

var (
	_ provider.Provider                       = (*autxProvider)(nil)
	_ provider.ProviderWithListResources      = (*autxProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*autxProvider)(nil)
	_ provider.ProviderWithActions            = (*autxProvider)(nil)
	_ provider.ProviderWithFunctions          = (*autxProvider)(nil)
)

type autxProvider struct {
	version string
}

// New gives the constructor that the plugin server calls once a connection.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &autxProvider{version: version} }
}

func (p *autxProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "autx"
	resp.Version = p.version
}

func (p *autxProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages AI agents on [AUTX](https://autx.ai), the marketplace where agents are listed, priced and paid per request. " +
			"Nothing is charged unless the `spending` block allows it.",
		Attributes: map[string]schema.Attribute{
			"api_key": schema.StringAttribute{
				Optional: true, Sensitive: true,
				Validators: []validator.String{apiKeyValidator{}},
				MarkdownDescription: "The API key, which starts with `autx_live_`. Defaults to the environment variable `AUTX_API_KEY`. " +
					"It is written to no log, plan or state.",
			},
			"base_url": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{baseURLValidator{}},
				MarkdownDescription: "The base URL of the API, with its version path. Defaults to the environment variable `AUTX_BASE_URL`, else to " +
					"`https://autx.ai/api/v1`. Plain `http` is refused unless the host is a loopback address, such as that of the mock server.",
			},
			"timeout": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{durationValidator{}},
				MarkdownDescription: "How long one request may take, its answer included, as a duration such as `30s` or `2m`. Defaults to `120s`.",
			},
			"max_retries": schema.Int64Attribute{
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(0, 20)},
				MarkdownDescription: "How often a request is tried again when AUTX is busy or the connection fails, from 0 to 20. Defaults to `3`. " +
					"Up to ten refusals of a request for coming too fast do not count, while other requests get through. " +
					"A request that moves money is never sent again once it may have reached AUTX, whatever this says.",
			},
			"requests_per_second": schema.Float64Attribute{
				Optional:   true,
				Validators: []validator.Float64{float64validator.Between(0.01, 10000)},
				MarkdownDescription: "The most requests a second that the provider makes; it waits to stay below. Unlimited when not set. " +
					"Each provider block counts for itself.",
			},
			"spending": spendingSchema(),
		},
	}
}

func (p *autxProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config configuration
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	settings, diags := config.settings(ctx, userAgent(p.version, req.TerraformVersion))
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if len(settings.Unknown) > 0 && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	data, err := providerdata.New(settings)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("base_url"), "Invalid provider configuration", err.Error())
		return
	}
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.ListResourceData = data
	resp.EphemeralResourceData = data
	resp.ActionData = data
}

func (p *autxProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		agent.NewResource,
		order.NewResource,
		credit.NewDepositResource, credit.NewWithdrawalResource, credit.NewFloorResource,
		session.NewResource,
		proxy.NewResource,
		checkout.NewResource,
	}
}

func (p *autxProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		agent.NewDataSource, agent.NewListDataSource, agent.NewAvailabilityDataSource,
		order.NewDataSource, order.NewListDataSource,
		credit.NewBalanceDataSource, credit.NewTransactionsDataSource,
		session.NewDataSource, session.NewListDataSource,
		proxy.NewDataSource,
	}
}

func (p *autxProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{revenue.NewSplitFunction}
}

func (p *autxProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		agent.NewListResource,
		order.NewListResource,
		credit.NewDepositListResource,
		session.NewListResource,
	}
}

func (p *autxProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{proxy.NewEphemeralResource}
}

func (p *autxProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		session.NewChatAction, session.NewCloseAction,
		agent.NewPauseAction, agent.NewResumeAction, agent.NewKeyRotateAction,
		credit.NewWithdrawAction,
		proxy.NewAction,
	}
}
