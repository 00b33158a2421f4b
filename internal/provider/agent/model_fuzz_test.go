package agent //nolint:testpackage // the reading of an agent is not exported

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// fuzzSeeds are agents as AUTX may tell them, from complete to hardly one.
var fuzzSeeds = []string{
	`{"id":"7"}`,
	`{"id":"7","owner_id":null,"name":"n","ticker":"SUMM","endpoint_url":"https://a.example","description":"","category":null,"service_price":0.50,"auth_tier":"jwt_default",
	"status":"active","provider":"openai","provider_key_configured":true,"manifest":{"input":{"type":"text","accepts_files":false,"file_types":[],"max_size_bytes":10485760},
	"output":{"type":"json","produces_files":false,"content_types":["application/json"],"max_size_bytes":52428800},"supports_sessions":false,"session_price_per_message":null,
	"session_minimum_messages":5,"session_max_duration_minutes":240,"chat_response_path":null},"profile":{"tagline":"t","capabilities":["a"],"use_cases":null,
	"output_description":"","best_for":null},"image_url":null,"created_at":"2026-01-01T00:00:00Z","uptime_pct":99.5,"success_rate":"100","total_revenue":"1e3","total_requests":12.0}`,
	`{"id":7,"name":null,"ticker":1,"service_price":"5.00","manifest":{"input":null,"output":{}},"profile":{}}`,
	`{"id":"7","manifest":{"input":[],"session_price_per_message":-1e400,"session_minimum_messages":9223372036854775807},"profile":"x","uptime_pct":1e999999}`,
	`{"id":"7","manifest":{"input":{"file_types":[null,1,"a"]}},"profile":{"capabilities":[[]],"use_cases":{}},"total_requests":1e30,"provider_key_configured":"yes"}`,
}

// priors are states that an answer may meet.
func priors() map[string]listing {
	full := unset()
	full.ID, full.Name, full.Ticker, full.ServicePrice = types.StringValue("7"), types.StringValue("n"), types.StringValue("summ"), usd.Value{StringValue: types.StringValue("00.500")}
	full.Description, full.Category, full.EndpointURL, full.Status = types.StringValue(""), types.StringValue("c"), types.StringValue("https://a.example"), types.StringValue(statusPaused)
	full.Manifest = defaultManifest()
	full.Profile = types.ObjectValueMust(profileTypes, map[string]attr.Value{
		"tagline": types.StringValue("t"), "capabilities": textList(nil), "use_cases": types.ListNull(types.StringType),
		"output_description": types.StringValue(""), "best_for": types.StringNull(), "limitations": types.StringValue("l"),
	})

	planned := full
	planned.ID, planned.OwnerID, planned.CreatedAt, planned.Status = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	planned.ProviderKeyConfigured, planned.ImageURL = types.BoolUnknown(), types.StringUnknown()
	planned.ServicePrice, planned.Manifest, planned.Profile = usd.Unknown(), types.ObjectUnknown(manifestTypes), types.ObjectUnknown(profileTypes)
	return map[string]listing{"nothing": unset(), "a state": full, "a plan": planned}
}

func FuzzFromAPI(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add([]byte(seed))
	}
	var ofResource resource.SchemaResponse
	NewResource().Schema(f.Context(), resource.SchemaRequest{}, &ofResource)
	var ofData datasource.SchemaResponse
	NewDataSource().Schema(f.Context(), datasource.SchemaRequest{}, &ofData)
	f.Fuzz(func(t *testing.T, wire []byte) {
		var a client.Agent
		if json.Unmarshal(wire, &a) != nil {
			t.Skip()
		}
		for name, prior := range priors() {
			got, diags := fromAPI(t.Context(), prior, &a)
			mustBeFine(t, name, diags)

			// It fits into a state, whole and known.
			state := tfsdk.State{Schema: ofResource.Schema, Raw: tftypes.NewValue(ofResource.Schema.Type().TerraformType(t.Context()), nil)}
			model := newResourceModel(got)
			mustBeFine(t, name+" to state", state.Set(t.Context(), &model))
			if !state.Raw.IsFullyKnown() {
				t.Fatalf("%s: not known: %s", name, state.Raw)
			}

			// Reading the same answer again is no drift, and asks for no change.
			again, diags := fromAPI(t.Context(), got, &a)
			mustBeFine(t, name+" again", diags)
			if fmt.Sprint(again) != fmt.Sprint(got) {
				t.Fatalf("%s: the second reading differs:\nfirst  %v\nsecond %v", name, got, again)
			}
			if patch, changed, diags := patchFor(t.Context(), again, got); changed || diags.HasError() {
				t.Fatalf("%s: an update would send %+v (%v)", name, patch, diags)
			}
			if problems := notTaken(t.Context(), got, &a); len(problems) > 0 {
				t.Fatalf("%s: AUTX is said not to keep its own values: %v", name, problems)
			}
		}
		refreshedState, diags := refreshed(t.Context(), newResourceModel(priors()["a state"]), &a)
		mustBeFine(t, "refresh", diags)
		if refreshedState.ID.ValueString() != a.ID {
			t.Fatalf("the refresh of %s gave %s", a.ID, refreshedState.ID)
		}

		one, diags := dataFromAPI(t.Context(), &a)
		mustBeFine(t, "data source", diags)
		data := tfsdk.State{Schema: ofData.Schema, Raw: tftypes.NewValue(ofData.Schema.Type().TerraformType(t.Context()), nil)}
		mustBeFine(t, "data source to state", data.Set(t.Context(), &one))
	})
}

func mustBeFine(t *testing.T, what string, diags diag.Diagnostics) {
	t.Helper()
	if len(diags) > 0 {
		t.Fatalf("%s: %v", what, diags)
	}
}
