package agent

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// listing is an agent as AUTX tells it: what the resource, the data sources, the list resource and import have in common.
type listing struct {
	ID                      types.String `tfsdk:"id"`
	OwnerID                 types.String `tfsdk:"owner_id"`
	Name                    types.String `tfsdk:"name"`
	Ticker                  types.String `tfsdk:"ticker"`
	EndpointURL             types.String `tfsdk:"endpoint_url"`
	Description             types.String `tfsdk:"description"`
	Category                types.String `tfsdk:"category"`
	ServicePrice            usd.Value    `tfsdk:"service_price"`
	AuthTier                types.String `tfsdk:"auth_tier"`
	Status                  types.String `tfsdk:"status"`
	Manifest                types.Object `tfsdk:"manifest"`
	Profile                 types.Object `tfsdk:"profile"`
	ProviderKeyConfigured   types.Bool   `tfsdk:"provider_key_configured"`
	ImageURL                types.String `tfsdk:"image_url"`
	ContractAddress         types.String `tfsdk:"contract_address"`
	DividendSplitterAddress types.String `tfsdk:"dividend_splitter_address"`
	AgentTokenAddress       types.String `tfsdk:"agent_token_address"`
	CreatedAt               types.String `tfsdk:"created_at"`
}

// resourceModel is the resource: the listing, and what only Terraform knows of it.
type resourceModel struct {
	listing
	Image              types.Object   `tfsdk:"image"`
	ProviderKey        types.Object   `tfsdk:"provider_key"`
	Launch             types.Object   `tfsdk:"launch"`
	Activation         types.Object   `tfsdk:"activation"`
	DeletionProtection types.Bool     `tfsdk:"deletion_protection"`
	Spend              types.Object   `tfsdk:"spend"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

type imageModel struct {
	Source        types.String `tfsdk:"source"`
	ContentSHA256 types.String `tfsdk:"content_sha256"`
}

type providerKeyModel struct {
	Provider       types.String `tfsdk:"provider"`
	ValueWO        types.String `tfsdk:"value_wo"`
	ValueWOVersion types.Int64  `tfsdk:"value_wo_version"`
}

type launchModel struct {
	Reserve         types.Bool   `tfsdk:"reserve"`
	StripeSessionID types.String `tfsdk:"stripe_session_id"`
}

type activationModel struct {
	TxHash          types.String `tfsdk:"tx_hash"`
	DeployerAddress types.String `tfsdk:"deployer_address"`
}

var (
	imageTypes       = map[string]attr.Type{"source": types.StringType, "content_sha256": types.StringType}
	providerKeyTypes = map[string]attr.Type{"provider": types.StringType, "value_wo": types.StringType, "value_wo_version": types.Int64Type}
	launchTypes      = map[string]attr.Type{"reserve": types.BoolType, "stripe_session_id": types.StringType}
	activationTypes  = map[string]attr.Type{"tx_hash": types.StringType, "deployer_address": types.StringType}
)

// unset is the listing of an agent of which nothing is known yet, the prior of data sources and imports.
func unset() listing {
	return listing{
		ServicePrice: usd.Null(),
		Manifest:     types.ObjectNull(manifestTypes),
		Profile:      types.ObjectNull(profileTypes),
	}
}

// newResourceModel is a resource of which only the listing is known, as after an import. Deletion protection is on, and nothing was spent on it.
func newResourceModel(of listing) resourceModel {
	return resourceModel{
		listing:            of,
		Image:              types.ObjectNull(imageTypes),
		ProviderKey:        types.ObjectNull(providerKeyTypes),
		Launch:             types.ObjectNull(launchTypes),
		Activation:         types.ObjectNull(activationTypes),
		DeletionProtection: types.BoolValue(true),
		Spend:              spend.Nothing(),
		Timeouts: timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
			"create": types.StringType, "read": types.StringType, "update": types.StringType, "delete": types.StringType,
		})},
	}
}

// fromAPI reads an agent. Where AUTX does not report a field the prior value stays, since absence says nothing; where it reports the same value in
// other words (an amount's spelling, "" for null, a ticker's case) the prior spelling stays, so that it is no drift.
func fromAPI(ctx context.Context, prior listing, a *client.Agent) (listing, diag.Diagnostics) {
	var diags diag.Diagnostics
	out := listing{
		ID:                      types.StringValue(a.ID),
		OwnerID:                 reported.Text(prior.OwnerID, a.OwnerID),
		Name:                    required(prior.Name, a.Name),
		Ticker:                  required(prior.Ticker, a.Ticker),
		EndpointURL:             reported.Text(prior.EndpointURL, a.EndpointURL),
		Description:             reported.Text(prior.Description, a.Description),
		Category:                reported.Text(prior.Category, a.Category),
		ServicePrice:            reported.Amount(prior.ServicePrice, a.ServicePrice),
		AuthTier:                reported.Text(prior.AuthTier, a.AuthTier),
		Status:                  reported.Text(prior.Status, a.Status),
		ProviderKeyConfigured:   boolean(prior.ProviderKeyConfigured, a.ProviderKeyConfigured),
		ImageURL:                reported.Text(prior.ImageURL, a.ImageURL),
		ContractAddress:         reported.Text(prior.ContractAddress, a.ContractAddress),
		DividendSplitterAddress: reported.Text(prior.DividendSplitterAddress, a.DividendSplitterAddress),
		AgentTokenAddress:       reported.Text(prior.AgentTokenAddress, a.AgentTokenAddress),
		CreatedAt:               reported.Text(prior.CreatedAt, a.CreatedAt),
	}
	if sameTicker(prior.Ticker.ValueString(), a.Ticker) {
		out.Ticker = prior.Ticker
	}
	var more diag.Diagnostics
	out.Manifest, more = manifestFromAPI(ctx, prior.Manifest, a.Manifest)
	diags.Append(more...)
	out.Profile, more = profileFromAPI(ctx, prior.Profile, a.Profile)
	diags.Append(more...)
	return out, diags
}

// sameTicker tells whether two tickers name one agent: AUTX looks tickers up without regard to case (assumed).
func sameTicker(a, b string) bool { return strings.EqualFold(a, b) }

// purchaseKey is the key of an agent's launch in the purchase journal.
func purchaseKey(ticker string) string { return strings.ToUpper(ticker) }

// required reads a text that every agent has; an answer without it says nothing.
func required(prior types.String, value string) types.String {
	if value == "" {
		return reported.Known(prior)
	}
	return types.StringValue(value)
}

func boolean(prior types.Bool, f client.Field[bool]) types.Bool {
	value, ok := f.Value()
	switch {
	case ok:
		return types.BoolValue(value)
	case f.Reported() || prior.IsUnknown():
		return types.BoolNull()
	}
	return prior
}

// optional is a text for a request: absent where it is null or "".
func optional(value types.String) client.Field[string] {
	if value.ValueString() == "" {
		return client.Field[string]{}
	}
	return client.Of(value.ValueString())
}

// cleared is a text for a change: null where it is null or "", as AUTX clears a text that it gets null for (assumed).
func cleared(value types.String) client.Field[string] {
	if value.ValueString() == "" {
		return client.Null[string]()
	}
	return client.Of(value.ValueString())
}
