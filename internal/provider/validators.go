package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

type apiKeyValidator struct{}

func (apiKeyValidator) Description(context.Context) string { return "starts with autx_live_" }

func (v apiKeyValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (apiKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	key := stringOr(req.ConfigValue, "")
	if key == "" {
		return
	}
	if err := client.CheckAPIKey(key); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid API key", badAPIKey(err))
	}
}

func badAPIKey(err error) string {
	return fmt.Sprintf("The API key can't be right: %v. Copy the whole key from AUTX's settings.", err)
}

type baseURLValidator struct{}

func (baseURLValidator) Description(context.Context) string {
	return "an https URL, or an http URL of a loopback address"
}

func (v baseURLValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (baseURLValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := stringOr(req.ConfigValue, "")
	if text == "" {
		return
	}
	if err := client.CheckBaseURL(text); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid base URL", badBaseURL(err))
	}
}

func badBaseURL(err error) string {
	return fmt.Sprintf("The API key must not travel to this address: %v. Use an https URL such as %s; plain http is for a mock server on this "+
		"machine only.",
		err, client.DefaultBaseURL)
}

type durationValidator struct{}

func (durationValidator) Description(context.Context) string { return "a duration such as 30s or 2m" }

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (durationValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	duration, err := time.ParseDuration(text)
	switch {
	case err != nil:
		resp.Diagnostics.AddAttributeError(req.Path, "Not a duration", notADuration(text))
	case duration <= 0:
		resp.Diagnostics.AddAttributeError(req.Path, "Duration out of range", fmt.Sprintf("%s was given; it must be more than 0.", text))
	}
}

func notADuration(text string) string {
	return fmt.Sprintf("%q is not a duration. Write a number and a unit, such as \"30s\", \"2m\" or \"1m30s\".", text)
}
