package agent

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

// The generators draw every way a user can write an optional argument: left out, empty, or set.

func drawText(t *rapid.T, label string) types.String {
	return rapid.SampledFrom([]types.String{
		types.StringNull(), types.StringValue(""), types.StringValue("some text"),
		types.StringValue("ünï \"x\" <&>"),
	}).Draw(t, label)
}

func drawList(t *rapid.T, label string) types.List {
	return rapid.SampledFrom([]types.List{types.ListNull(types.StringType), textList(nil), textList([]string{"one"}), textList([]string{
		"b", "a",
		"b",
	})}).Draw(t, label)
}

func drawPrice(t *rapid.T, label string) usd.Value {
	text := rapid.StringMatching(`[0-9]{1,4}(\.[0-9]{1,6})?`).Draw(t, label)
	return usd.Value{StringValue: types.StringValue(text)}
}

func drawManifest(t *rapid.T) types.Object {
	if rapid.Bool().Draw(t, "no manifest") {
		return types.ObjectNull(manifestTypes)
	}
	input, output := defaultInput(), defaultOutput()
	if rapid.Bool().Draw(t, "own input") {
		input = types.ObjectValueMust(inputTypes, map[string]attr.Value{
			"type": types.StringValue("multipart"), "accepts_files": types.BoolValue(rapid.Bool().Draw(t, "files")),
			"file_types":     textList(rapid.SliceOfN(rapid.SampledFrom([]string{"pdf", "png"}), 0, 3).Draw(t, "file types")),
			"max_size_bytes": types.Int64Value(1),
		})
	}
	if rapid.Bool().Draw(t, "own output") {
		output = types.ObjectValueMust(outputTypes, map[string]attr.Value{
			"type": types.StringValue("text"), "produces_files": types.BoolValue(true), "content_types": textList(nil), "max_size_bytes": types.Int64Value(9),
		})
	}
	price := usd.Null()
	if rapid.Bool().Draw(t, "own session price") {
		price = drawPrice(t, "session price")
	}
	return types.ObjectValueMust(manifestTypes, map[string]attr.Value{
		"input": input, "output": output, "supports_sessions": types.BoolValue(rapid.Bool().Draw(t, "sessions")), "session_price_per_message": price,
		"session_minimum_messages": types.Int64Value(rapid.Int64Range(0, 9).Draw(t, "messages")), "session_max_duration_minutes": types.Int64Value(3),
		"chat_response_path": drawText(t, "chat path"),
	})
}

func drawProfile(t *rapid.T) types.Object {
	if rapid.Bool().Draw(t, "no profile") {
		return types.ObjectNull(profileTypes)
	}
	return types.ObjectValueMust(profileTypes, map[string]attr.Value{
		"tagline": types.StringValue("x"), "capabilities": drawList(t, "capabilities"), "use_cases": drawList(t, "use cases"),
		"output_description": drawText(t, "output"), "best_for": drawText(t, "best for"), "limitations": drawText(t, "limitations"),
	})
}

func drawListing(t *rapid.T) listing {
	return listing{
		ID: types.StringValue("id"), OwnerID: types.StringNull(), Name: types.StringValue("name"),
		Ticker:      types.StringValue(rapid.SampledFrom([]string{"SUMM", "summ"}).Draw(t, "ticker")),
		EndpointURL: types.StringValue("https://example.com/a"), Description: drawText(t, "description"), Category: drawText(t, "category"),
		ServicePrice: drawPrice(t, "price"), AuthTier: types.StringValue(tierJWT), Status: types.StringValue(statusActive),
		Manifest: drawManifest(t), Profile: drawProfile(t), ProviderKeyConfigured: types.BoolValue(false), ImageURL: types.StringNull(),
		ContractAddress: types.StringNull(), DividendSplitterAddress: types.StringNull(), AgentTokenAddress: types.StringNull(),
		CreatedAt: types.StringValue("2026-01-01T00:00:00Z"),
	}
}

// service stores a listing as AUTX does and answers with it: nulls where nothing was given, the ticker in upper case, prices as JSON numbers.
func service(t *rapid.T, l listing, showEndpoint bool) *client.Agent {
	manifest, diags := manifestToAPI(t.Context(), l.Manifest)
	profile, more := profileToAPI(t.Context(), l.Profile)
	if diags.HasError() || more.HasError() {
		t.Fatalf("%v %v", diags, more)
	}
	price, _ := l.ServicePrice.Amount()
	body := map[string]any{
		"id": "id", "owner_id": nil, "name": l.Name.ValueString(), "ticker": "SUMM", "description": cleared(l.Description), "category": cleared(l.Category),
		"service_price": price, "auth_tier": tierJWT, "provider": nil, "provider_key_configured": false, "status": statusActive, "manifest": manifest,
		"profile":   profile,
		"image_url": nil, "contract_address": nil, "dividend_splitter_address": nil, "agent_token_address": nil, "created_at": "2026-01-01T00:00:00Z",
		"uptime_pct": 99.5, "something_new": map[string]any{"a": 1},
	}
	if showEndpoint {
		body["endpoint_url"] = l.EndpointURL.ValueString()
	}
	wire, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var a client.Agent
	if err := json.Unmarshal(wire, &a); err != nil {
		t.Fatal(err)
	}
	return &a
}

// TestNoDriftAfterAWrite is the promise behind every empty plan: whatever was written, and however it was spelled, reading it back changes nothing.
func TestNoDriftAfterAWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := drawListing(t)
		got, diags := fromAPI(t.Context(), state, service(t, state, rapid.Bool().Draw(t, "endpoint is shown")))
		if diags.HasError() {
			t.Fatal(diags)
		}
		if fmt.Sprint(got) != fmt.Sprint(state) {
			t.Fatalf("drift:\nstate %v\nread  %v", state, got)
		}
		if patch, changed, _ := patchFor(t.Context(), got, state); changed {
			t.Fatalf("an update without a change would send %+v", patch)
		}
	})
}

// TestEveryChangeIsSent draws two configurations: an update from one to the other, then a read, must arrive at the other.
func TestEveryChangeIsSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawListing(t), drawListing(t)
		to.Ticker = from.Ticker
		patch, changed, diags := patchFor(t.Context(), from, to)
		if diags.HasError() {
			t.Fatal(diags)
		}
		// What differs after the patch was applied to what the service has must be nothing.
		after := from
		if patch.Description.Reported() {
			after.Description = types.StringPointerValue(pointer(patch.Description))
		}
		if patch.Category.Reported() {
			after.Category = types.StringPointerValue(pointer(patch.Category))
		}
		if price, ok := patch.ServicePrice.Value(); ok {
			after.ServicePrice = usd.Of(price)
		}
		if patch.Manifest.Reported() {
			after.Manifest, _ = manifestFromAPI(t.Context(), types.ObjectNull(manifestTypes), patch.Manifest)
		}
		if patch.Profile.Reported() {
			after.Profile, _ = profileFromAPI(t.Context(), types.ObjectNull(profileTypes), patch.Profile)
		}
		if again, left, _ := patchFor(t.Context(), after, to); left {
			t.Fatalf("the update (%v) leaves %+v to be changed", changed, again)
		}
	})
}

func pointer(f client.Field[string]) *string {
	if value, ok := f.Value(); ok {
		return &value
	}
	return nil
}

func TestAbsentFieldsSayNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := drawListing(t)
		got, diags := fromAPI(t.Context(), state, &client.Agent{ID: "id"})
		if diags.HasError() || fmt.Sprint(got) != fmt.Sprint(state) {
			t.Fatalf("an answer with an id alone changed the state (%v):\nstate %v\nread  %v", diags, state, got)
		}
	})
}

func TestDriftIsSeen(t *testing.T) {
	t.Parallel()
	state := unset()
	state.ID, state.Name, state.Ticker = types.StringValue("id"), types.StringValue("name"), types.StringValue("SUMM")
	state.EndpointURL, state.Description, state.Category = types.StringValue("https://a.example"), types.StringValue("d"), types.StringValue("c")
	state.ServicePrice, state.AuthTier, state.Status = usd.Of(money.MustParse("1")), types.StringValue(tierJWT), types.StringValue(statusActive)
	state.Manifest = defaultManifest()
	for name, c := range map[string]struct {
		agent client.Agent
		seen  func(listing) bool
	}{
		"name": {client.Agent{Name: "other"}, func(l listing) bool { return l.Name.ValueString() == "other" }},
		"endpoint": {
			client.Agent{EndpointURL: client.Of("https://b.example")},
			func(l listing) bool { return l.EndpointURL.ValueString() == "https://b.example" },
		},
		"description cleared": {client.Agent{Description: client.Null[string]()}, func(l listing) bool { return l.Description.IsNull() }},
		"description emptied": {client.Agent{Description: client.Of("")}, func(l listing) bool { return l.Description.IsNull() }},
		"category":            {client.Agent{Category: client.Of("x")}, func(l listing) bool { return l.Category.ValueString() == "x" }},
		"price": {
			client.Agent{ServicePrice: client.Of(money.MustParse("1.000001"))},
			func(l listing) bool { return l.ServicePrice.ValueString() == "1.000001" },
		},
		"tier":             {client.Agent{AuthTier: client.Of(tierBuyerKey)}, func(l listing) bool { return l.AuthTier.ValueString() == tierBuyerKey }},
		"status":           {client.Agent{Status: client.Of(statusPaused)}, func(l listing) bool { return l.Status.ValueString() == statusPaused }},
		"manifest cleared": {client.Agent{Manifest: client.Null[client.Manifest]()}, func(l listing) bool { return l.Manifest.IsNull() }},
		"manifest": {
			client.Agent{Manifest: client.Of(client.Manifest{SupportsSessions: client.Of(true)})},
			func(l listing) bool { return !l.Manifest.Equal(defaultManifest()) },
		},
		"profile": {
			client.Agent{Profile: client.Of(client.Profile{Tagline: client.Of("t")})},
			func(l listing) bool { return !l.Profile.IsNull() },
		},
	} {
		c.agent.ID = "id"
		got, diags := fromAPI(t.Context(), state, &c.agent)
		if diags.HasError() || !c.seen(got) {
			t.Errorf("%s: the drift is not seen (%v): %v", name, diags, got)
		}
	}
}

func TestImageReplaced(t *testing.T) {
	t.Parallel()
	s := types.StringValue
	for _, c := range []struct {
		before, after types.String
		want          bool
	}{
		{s("https://x/a.png"), s("https://x/a.png"), false},
		{s("https://x/a.png?sig=1"), s("https://x/a.png?sig=2"), false},
		{s("https://x/a.png"), s("https://x/b.png"), true},
		{s("https://x/a.png"), types.StringNull(), true},
		{types.StringNull(), s("https://x/a.png"), true},
		{types.StringNull(), types.StringNull(), false},
	} {
		if got := imageReplaced(c.before, c.after); got != c.want {
			t.Errorf("%s, then %s: replaced = %v", c.before, c.after, got)
		}
	}
}
