package order

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// TestAStaleListDoesNotReopenAnOrder reads orders that state has as completed and whose price it lacks, beside a list that shows them as pending still.
func TestAStaleListDoesNotReopenAnOrder(t *testing.T) {
	t.Parallel()
	const orders = 3 // the third is read from a list
	var listed []*client.Order
	for i := range orders {
		listed = append(listed, &client.Order{
			ID: fmt.Sprint("id-", i), Status: client.Of("pending"), AgentID: client.Of("agent"), AmountPaid: client.Of(money.MustParse("0.5")),
		})
	}
	gets := 0
	r := &Resource{walk: &walk{orders: inventory.NewShelf(inventory.Source[*client.Order]{
		Get: func(_ context.Context, id string) (*client.Order, error) {
			gets++
			return &client.Order{ID: id, Status: client.Of(statusCompleted), OutputText: client.Of("Done.")}, nil
		},
		List: func(context.Context) ([]*client.Order, error) { return listed, nil },
		ID:   func(o *client.Order) string { return o.ID },
	})}}
	for i := range orders {
		var state resourceModel
		state.ID, state.Status, state.AgentID = types.StringValue(fmt.Sprint("id-", i)), types.StringValue(statusCompleted), types.StringValue("agent")
		found, complete, err := r.look(t.Context(), state)
		if err != nil || !complete || found.Status.Or("") != statusCompleted || found.OutputText.Or("") != "Done." || !found.AmountPaid.Reported() {
			t.Errorf("order %d: %+v, complete %t, %v", i, found, complete, err)
		}
	}
	if gets != orders {
		t.Errorf("%d GETs; want one for each", gets)
	}
}
