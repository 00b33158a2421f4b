package agent

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/object"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
)

type profileModel struct {
	Tagline           types.String `tfsdk:"tagline"`
	Capabilities      types.List   `tfsdk:"capabilities"`
	UseCases          types.List   `tfsdk:"use_cases"`
	OutputDescription types.String `tfsdk:"output_description"`
	BestFor           types.String `tfsdk:"best_for"`
	Limitations       types.String `tfsdk:"limitations"`
}

var profileTypes = map[string]attr.Type{
	"tagline": types.StringType, "capabilities": texts, "use_cases": texts,
	"output_description": types.StringType, "best_for": types.StringType, "limitations": types.StringType,
}

func profileFromAPI(ctx context.Context, prior types.Object, f client.Field[client.Profile]) (types.Object, diag.Diagnostics) {
	p, ok := f.Value()
	if !ok {
		return absent(prior, f.Reported(), profileTypes), nil
	}
	before, known, diags := object.Get[profileModel](ctx, prior)
	if !known {
		before = profileModel{Capabilities: types.ListNull(types.StringType), UseCases: types.ListNull(types.StringType)}
	}
	out, more := types.ObjectValueFrom(ctx, profileTypes, profileModel{
		Tagline:           reported.Text(before.Tagline, p.Tagline),
		Capabilities:      optionalList(before.Capabilities, p.Capabilities),
		UseCases:          optionalList(before.UseCases, p.UseCases),
		OutputDescription: reported.Text(before.OutputDescription, p.OutputDescription),
		BestFor:           reported.Text(before.BestFor, p.BestFor),
		Limitations:       reported.Text(before.Limitations, p.Limitations),
	})
	diags.Append(more...)
	return out, diags
}

// profileToAPI gives the profile for a request, always whole, as AUTX replaces it whole.
func profileToAPI(ctx context.Context, value types.Object) (client.Field[client.Profile], diag.Diagnostics) {
	p, ok, diags := object.Get[profileModel](ctx, value)
	if !ok {
		return client.Null[client.Profile](), diags
	}
	return client.Of(client.Profile{
		Tagline:           client.Of(p.Tagline.ValueString()),
		Capabilities:      client.Of(elements(p.Capabilities)),
		UseCases:          client.Of(elements(p.UseCases)),
		OutputDescription: optional(p.OutputDescription),
		BestFor:           optional(p.BestFor),
		Limitations:       optional(p.Limitations),
	}), diags
}

// optionalList reads a list that may be absent. The empty list and null are one to AUTX, so whichever of them was there before stays; where nothing
// was there before an empty list reads as null.
func optionalList(prior types.List, f client.Field[[]string]) types.List {
	value, _ := f.Value()
	switch {
	case len(value) > 0:
		return textList(value)
	case !f.Reported() && !prior.IsUnknown():
		return prior
	case !prior.IsNull() && !prior.IsUnknown() && len(prior.Elements()) == 0:
		return prior
	}
	return types.ListNull(types.StringType)
}
