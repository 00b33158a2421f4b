package agent

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
)

// TestAStaleListDoesNotTakeTheProviderBack has a list that shows the model provider as it was before the last apply. It is not among the attributes of a
// listing, and is confirmed like one.
func TestAStaleListDoesNotTakeTheProviderBack(t *testing.T) {
	t.Parallel()
	const agents = 3 // the third is read from a list
	listed, now := make([]*client.Agent, agents), map[string]*client.Agent{}
	for i := range listed {
		before := client.Agent{ID: fmt.Sprint("id-", i), Name: "Agent", Ticker: "AGENT", Provider: client.Of("openai")}
		after := before
		after.Provider = client.Of("anthropic")
		listed[i], now[before.ID] = &before, &after
	}
	gets := 0
	r := &Resource{walk: &walk{mine: inventory.NewShelf(inventory.Source[*client.Agent]{
		Get:  func(_ context.Context, id string) (*client.Agent, error) { gets++; return now[id], nil },
		List: func(context.Context) ([]*client.Agent, error) { return listed, nil },
		ID:   func(a *client.Agent) string { return a.ID },
	})}}
	for i := range agents {
		observed, diags := fromAPI(t.Context(), unset(), now[fmt.Sprint("id-", i)])
		state := newResourceModel(observed)
		key, more := types.ObjectValueFrom(t.Context(), providerKeyTypes, providerKeyModel{Provider: types.StringValue("anthropic")})
		state.ProviderKey = key
		_, next, last, err := r.look(t.Context(), state)
		if diags = append(append(diags, more...), last...); err != nil || diags.HasError() || !next.ProviderKey.Equal(key) {
			t.Errorf("agent %d: read %s; want %s: %v, %v", i, next.ProviderKey, key, err, diags)
		}
	}
	if gets != agents {
		t.Errorf("%d GETs; want two, and one to confirm", gets)
	}
}
