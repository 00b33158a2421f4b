package provider

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

const (
	envAPIKey  = "AUTX_API_KEY" //nolint:gosec // the name of a variable, not a key
	envBaseURL = "AUTX_BASE_URL"

	defaultTimeout    = 120 * time.Second
	defaultMaxRetries = 3
)

// configuration is the provider block.
type configuration struct {
	APIKey            types.String  `tfsdk:"api_key"`
	BaseURL           types.String  `tfsdk:"base_url"`
	Timeout           types.String  `tfsdk:"timeout"`
	MaxRetries        types.Int64   `tfsdk:"max_retries"`
	RequestsPerSecond types.Float64 `tfsdk:"requests_per_second"`
	Spending          types.Object  `tfsdk:"spending"`
}

// settings applies environment variables and defaults. Arguments that are not known in this walk are named in Unknown and are no error: they come
// from resources that are not applied yet.
func (c configuration) settings(ctx context.Context, agent string) (providerdata.Settings, diag.Diagnostics) {
	settings := providerdata.Settings{Client: client.Config{
		APIKey:     stringOr(c.APIKey, os.Getenv(envAPIKey)),
		BaseURL:    stringOr(c.BaseURL, stringOr(types.StringValue(os.Getenv(envBaseURL)), client.DefaultBaseURL)),
		UserAgent:  agent,
		Timeout:    defaultTimeout,
		MaxRetries: defaultMaxRetries,
	}}
	// What the environment says is not meant where the configuration will say otherwise.
	if c.APIKey.IsUnknown() {
		settings.Unknown, settings.Client.APIKey = append(settings.Unknown, "api_key"), ""
	}
	if c.BaseURL.IsUnknown() {
		settings.Unknown, settings.Client.BaseURL = append(settings.Unknown, "base_url"), ""
	}
	if text := c.Timeout.ValueString(); text != "" {
		timeout, err := time.ParseDuration(text)
		if err != nil {
			return settings, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("timeout"), "Not a duration", notADuration(text))}
		}
		settings.Client.Timeout = timeout
	}
	if !c.MaxRetries.IsNull() && !c.MaxRetries.IsUnknown() {
		settings.Client.MaxRetries = int(c.MaxRetries.ValueInt64())
	}
	settings.Client.RequestsPerSecond = c.RequestsPerSecond.ValueFloat64()

	spending, diags := readSpending(ctx, c.Spending)
	settings.Spending, settings.Journal, settings.Unplaced = spending.limits, spending.journal, spending.unplaced

	if settings.Client.APIKey == "" && !c.APIKey.IsUnknown() {
		diags.AddAttributeError(path.Root("api_key"), "Missing API key",
			"The provider needs an API key to call AUTX. Set api_key in the provider block, or the environment variable "+envAPIKey+
				". Keys are made in AUTX's settings; without an account, the mock server gives one (see the getting started guide).")
	} else if err := client.CheckAPIKey(settings.Client.APIKey); err != nil && !c.APIKey.IsUnknown() {
		diags.AddAttributeError(path.Root("api_key"), "Invalid API key", badAPIKey(err))
	}
	if err := client.CheckBaseURL(settings.Client.BaseURL); err != nil && !c.BaseURL.IsUnknown() {
		diags.AddAttributeError(path.Root("base_url"), "Invalid base URL", badBaseURL(err))
	}
	return settings, diags
}

// stringOr is the configured value, or the fallback where it is null or empty: an empty variable in a pipeline means "not set".
func stringOr(value basetypes.StringValue, fallback string) string {
	if text := strings.TrimSpace(value.ValueString()); text != "" {
		return text
	}
	return strings.TrimSpace(fallback)
}

// userAgent names the provider and the CLI, and appends what TF_APPEND_USER_AGENT holds, as providers commonly do.
func userAgent(version, cli string) string {
	agent := "terraform-provider-autx/" + version
	if cli != "" {
		agent += " terraform/" + cli
	}
	if more := strings.TrimSpace(os.Getenv("TF_APPEND_USER_AGENT")); more != "" {
		agent += " " + more
	}
	return agent
}
