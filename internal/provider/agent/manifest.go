package agent

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The defaults of a manifest's parts (client 0.4.1).
const (
	defaultInputType          = "text"
	defaultInputMaxBytes      = 10 * 1024 * 1024
	defaultOutputType         = "json"
	defaultOutputMaxBytes     = 50 * 1024 * 1024
	defaultSessionMessages    = 5
	defaultSessionMaxMinutes  = 240
	defaultOutputContentTypes = "application/json"
)

type manifestModel struct {
	Input                     types.Object `tfsdk:"input"`
	Output                    types.Object `tfsdk:"output"`
	SupportsSessions          types.Bool   `tfsdk:"supports_sessions"`
	SessionPricePerMessage    usd.Value    `tfsdk:"session_price_per_message"`
	SessionMinimumMessages    types.Int64  `tfsdk:"session_minimum_messages"`
	SessionMaxDurationMinutes types.Int64  `tfsdk:"session_max_duration_minutes"`
	ChatResponsePath          types.String `tfsdk:"chat_response_path"`
}

type inputModel struct {
	Type         types.String `tfsdk:"type"`
	AcceptsFiles types.Bool   `tfsdk:"accepts_files"`
	FileTypes    types.List   `tfsdk:"file_types"`
	MaxSizeBytes types.Int64  `tfsdk:"max_size_bytes"`
}

type outputModel struct {
	Type          types.String `tfsdk:"type"`
	ProducesFiles types.Bool   `tfsdk:"produces_files"`
	ContentTypes  types.List   `tfsdk:"content_types"`
	MaxSizeBytes  types.Int64  `tfsdk:"max_size_bytes"`
}

var (
	texts      = types.ListType{ElemType: types.StringType}
	inputTypes = map[string]attr.Type{
		"type": types.StringType, "accepts_files": types.BoolType, "file_types": texts, "max_size_bytes": types.Int64Type,
	}
	outputTypes = map[string]attr.Type{
		"type": types.StringType, "produces_files": types.BoolType, "content_types": texts, "max_size_bytes": types.Int64Type,
	}
	manifestTypes = map[string]attr.Type{
		"input": types.ObjectType{AttrTypes: inputTypes}, "output": types.ObjectType{AttrTypes: outputTypes},
		"supports_sessions": types.BoolType, "session_price_per_message": usd.Type{}, "session_minimum_messages": types.Int64Type,
		"session_max_duration_minutes": types.Int64Type, "chat_response_path": types.StringType,
	}
)

// defaultInput and defaultOutput are what AUTX takes where a manifest says nothing (client 0.4.1).
func defaultInput() types.Object {
	return types.ObjectValueMust(inputTypes, map[string]attr.Value{
		"type": types.StringValue(defaultInputType), "accepts_files": types.BoolValue(false),
		"file_types": textList(nil), "max_size_bytes": types.Int64Value(defaultInputMaxBytes),
	})
}

func defaultOutput() types.Object {
	return types.ObjectValueMust(outputTypes, map[string]attr.Value{
		"type": types.StringValue(defaultOutputType), "produces_files": types.BoolValue(false),
		"content_types": textList([]string{defaultOutputContentTypes}), "max_size_bytes": types.Int64Value(defaultOutputMaxBytes),
	})
}

// defaultManifest is the manifest that AUTX may report for an agent that was listed without one.
func defaultManifest() types.Object {
	return types.ObjectValueMust(manifestTypes, map[string]attr.Value{
		"input": defaultInput(), "output": defaultOutput(), "supports_sessions": types.BoolValue(false), "session_price_per_message": usd.Null(),
		"session_minimum_messages": types.Int64Value(defaultSessionMessages), "session_max_duration_minutes": types.Int64Value(defaultSessionMaxMinutes),
		"chat_response_path": types.StringNull(),
	})
}

func manifestFromAPI(ctx context.Context, prior types.Object, f client.Field[client.Manifest]) (types.Object, diag.Diagnostics) {
	m, ok := f.Value()
	if !ok {
		return absent(prior, f.Reported(), manifestTypes), nil
	}
	before, known, diags := object.Get[manifestModel](ctx, prior)
	if !known {
		before = manifestModel{SessionPricePerMessage: usd.Null()}
	}
	input, more := inputFromAPI(ctx, before.Input, m.Input)
	diags.Append(more...)
	output, more := outputFromAPI(ctx, before.Output, m.Output)
	diags.Append(more...)
	out, more := types.ObjectValueFrom(ctx, manifestTypes, manifestModel{
		Input: input, Output: output,
		SupportsSessions:          booleanOr(before.SupportsSessions, m.SupportsSessions, false),
		SessionPricePerMessage:    reported.Amount(before.SessionPricePerMessage, m.SessionPricePerMessage),
		SessionMinimumMessages:    integerOr(before.SessionMinimumMessages, m.SessionMinimumMessages, defaultSessionMessages),
		SessionMaxDurationMinutes: integerOr(before.SessionMaxDurationMinutes, m.SessionMaxDurationMinutes, defaultSessionMaxMinutes),
		ChatResponsePath:          reported.Text(before.ChatResponsePath, m.ChatResponsePath),
	})
	diags.Append(more...)
	return out, diags
}

func inputFromAPI(ctx context.Context, prior types.Object, f client.Field[client.ManifestInput]) (types.Object, diag.Diagnostics) {
	in, ok := f.Value()
	if !ok && (f.Reported() || prior.IsNull() || prior.IsUnknown()) {
		return defaultInput(), nil
	}
	if !ok {
		return prior, nil
	}
	before, _, diags := object.Get[inputModel](ctx, prior)
	out, more := types.ObjectValueFrom(ctx, inputTypes, inputModel{
		Type:         textOr(before.Type, in.Type, defaultInputType),
		AcceptsFiles: booleanOr(before.AcceptsFiles, in.AcceptsFiles, false),
		FileTypes:    listOr(before.FileTypes, in.FileTypes, nil),
		MaxSizeBytes: integerOr(before.MaxSizeBytes, in.MaxSizeBytes, defaultInputMaxBytes),
	})
	diags.Append(more...)
	return out, diags
}

func outputFromAPI(ctx context.Context, prior types.Object, f client.Field[client.ManifestOutput]) (types.Object, diag.Diagnostics) {
	o, ok := f.Value()
	if !ok && (f.Reported() || prior.IsNull() || prior.IsUnknown()) {
		return defaultOutput(), nil
	}
	if !ok {
		return prior, nil
	}
	before, _, diags := object.Get[outputModel](ctx, prior)
	out, more := types.ObjectValueFrom(ctx, outputTypes, outputModel{
		Type:          textOr(before.Type, o.Type, defaultOutputType),
		ProducesFiles: booleanOr(before.ProducesFiles, o.ProducesFiles, false),
		ContentTypes:  listOr(before.ContentTypes, o.ContentTypes, []string{defaultOutputContentTypes}),
		MaxSizeBytes:  integerOr(before.MaxSizeBytes, o.MaxSizeBytes, defaultOutputMaxBytes),
	})
	diags.Append(more...)
	return out, diags
}

// manifestToAPI gives the manifest for a request, always whole, as AUTX replaces it whole.
func manifestToAPI(ctx context.Context, value types.Object) (client.Field[client.Manifest], diag.Diagnostics) {
	m, ok, diags := object.Get[manifestModel](ctx, value)
	if !ok {
		return client.Null[client.Manifest](), diags
	}
	out := client.Manifest{
		SupportsSessions:          client.Of(m.SupportsSessions.ValueBool()),
		SessionMinimumMessages:    client.Of(m.SessionMinimumMessages.ValueInt64()),
		SessionMaxDurationMinutes: client.Of(m.SessionMaxDurationMinutes.ValueInt64()),
		ChatResponsePath:          optional(m.ChatResponsePath),
	}
	if price, ok := m.SessionPricePerMessage.Amount(); ok {
		out.SessionPricePerMessage = client.Of(price)
	}
	if in, ok, more := object.Get[inputModel](ctx, m.Input); ok {
		out.Input = client.Of(client.ManifestInput{
			Type: client.Of(in.Type.ValueString()), AcceptsFiles: client.Of(in.AcceptsFiles.ValueBool()),
			FileTypes: client.Of(elements(in.FileTypes)), MaxSizeBytes: client.Of(in.MaxSizeBytes.ValueInt64()),
		})
	} else {
		diags.Append(more...)
	}
	if o, ok, more := object.Get[outputModel](ctx, m.Output); ok {
		out.Output = client.Of(client.ManifestOutput{
			Type: client.Of(o.Type.ValueString()), ProducesFiles: client.Of(o.ProducesFiles.ValueBool()),
			ContentTypes: client.Of(elements(o.ContentTypes)), MaxSizeBytes: client.Of(o.MaxSizeBytes.ValueInt64()),
		})
	} else {
		diags.Append(more...)
	}
	return client.Of(out), diags
}

// absent is an object that an answer has no value for: null where AUTX says null, as before where it says nothing.
func absent(prior types.Object, told bool, of map[string]attr.Type) types.Object {
	if told || prior.IsUnknown() {
		return types.ObjectNull(of)
	}
	return prior
}

func textOr(prior types.String, f client.Field[string], fallback string) types.String {
	if out := reported.Text(prior, f); !out.IsNull() {
		return out
	}
	return types.StringValue(fallback)
}

func booleanOr(prior types.Bool, f client.Field[bool], fallback bool) types.Bool {
	if out := boolean(prior, f); !out.IsNull() {
		return out
	}
	return types.BoolValue(fallback)
}

func integerOr(prior types.Int64, f client.Field[int64], fallback int64) types.Int64 {
	value, ok := f.Value()
	switch {
	case ok:
		return types.Int64Value(value)
	case !f.Reported() && !prior.IsNull() && !prior.IsUnknown():
		return prior
	}
	return types.Int64Value(fallback)
}

func listOr(prior types.List, f client.Field[[]string], fallback []string) types.List {
	value, ok := f.Value()
	switch {
	case ok:
		return textList(value)
	case !f.Reported() && !prior.IsNull() && !prior.IsUnknown():
		return prior
	}
	return textList(fallback)
}

// textList is a list of texts; nil is the empty list, not null.
func textList(values []string) types.List {
	elements := make([]attr.Value, len(values))
	for i, value := range values {
		elements[i] = types.StringValue(value)
	}
	return types.ListValueMust(types.StringType, elements)
}

// elements are the texts of a list; null and the empty list are one.
func elements(value types.List) []string {
	out := make([]string, 0, len(value.Elements()))
	for element := range slices.Values(value.Elements()) {
		if s, ok := element.(types.String); ok {
			out = append(out, s.ValueString())
		}
	}
	return out
}
