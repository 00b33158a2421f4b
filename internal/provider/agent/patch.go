package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// patchFor is the change that brings an agent from one listing to another; changed is false where nothing that AUTX keeps differs. Unknown values in
// want ask for nothing.
func patchFor(ctx context.Context, have, want listing) (patch client.AgentPatch, changed bool, diags diag.Diagnostics) {
	put := func(field *client.Field[string], have, want types.String) {
		if !want.IsUnknown() && have.ValueString() != want.ValueString() {
			*field, changed = cleared(want), true
		}
	}
	put(&patch.Name, have.Name, want.Name)
	put(&patch.EndpointURL, have.EndpointURL, want.EndpointURL)
	put(&patch.Description, have.Description, want.Description)
	put(&patch.Category, have.Category, want.Category)
	put(&patch.AuthTier, have.AuthTier, want.AuthTier)
	put(&patch.Status, have.Status, want.Status)
	if price, ok := want.ServicePrice.Amount(); ok && !have.ServicePrice.Is(price) {
		patch.ServicePrice, changed = client.Of(price), true
	}
	if !want.Manifest.IsUnknown() {
		before, more := manifestToAPI(ctx, have.Manifest)
		diags.Append(more...)
		after, more := manifestToAPI(ctx, want.Manifest)
		diags.Append(more...)
		if !sameOnTheWire(before, after) {
			patch.Manifest, changed = after, true
		}
	}
	if !want.Profile.IsUnknown() {
		before, more := profileToAPI(ctx, have.Profile)
		diags.Append(more...)
		after, more := profileToAPI(ctx, want.Profile)
		diags.Append(more...)
		if !sameOnTheWire(before, after) {
			patch.Profile, changed = after, true
		}
	}
	return patch, changed, diags
}

// sameOnTheWire tells whether two values are one to AUTX: an amount in another spelling is the same number.
func sameOnTheWire(a, b any) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}

// merged is the newer answer, completed by the older one in what the newer does not report: a change answers with the public view, which lacks the
// endpoint that the answer to a launch has.
func merged(older, newer *client.Agent) *client.Agent {
	out := *newer
	if !out.EndpointURL.Reported() {
		out.EndpointURL = older.EndpointURL
	}
	return &out
}

// notTaken tells, by attribute, what AUTX did not take over of a change although it answered that it did: clearing, above all, is documented nowhere.
func notTaken(ctx context.Context, wanted listing, answer *client.Agent) diag.Diagnostics {
	var diags diag.Diagnostics
	got, more := fromAPI(ctx, wanted, answer)
	diags.Append(more...)
	differs := func(name string, got, asked fmt.Stringer) {
		diags.AddAttributeError(path.Root(name), "AUTX did not take over the change",
			fmt.Sprintf("AUTX accepted the change of agent %s, but keeps %s at %s where %s was asked for. State now says what AUTX keeps. "+
				"Where an argument was removed, AUTX may not be able to clear it: set it to another value, or put back the one that AUTX keeps.",
				wanted.Ticker.ValueString(), name, got, asked))
	}
	for name, pair := range map[string][2]types.String{
		"name": {got.Name, wanted.Name}, "description": {got.Description, wanted.Description}, "category": {got.Category, wanted.Category},
		"auth_tier": {got.AuthTier, wanted.AuthTier}, "status": {got.Status, wanted.Status}, "endpoint_url": {got.EndpointURL, wanted.EndpointURL},
	} {
		if !pair[1].IsUnknown() && pair[0].ValueString() != pair[1].ValueString() {
			differs(name, pair[0], pair[1])
		}
	}
	if price, ok := wanted.ServicePrice.Amount(); ok && !got.ServicePrice.Is(price) {
		differs("service_price", got.ServicePrice, wanted.ServicePrice)
	}
	for name, pair := range map[string][2]types.Object{"manifest": {got.Manifest, wanted.Manifest}, "profile": {got.Profile, wanted.Profile}} {
		if !pair[1].IsUnknown() && !pair[0].Equal(pair[1]) && (!pair[1].IsNull() || !pair[0].Equal(defaultManifest())) {
			differs(name, pair[0], pair[1])
		}
	}
	return diags
}
