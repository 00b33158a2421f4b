package order_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAccStateAfterOrder compares all that an order leaves in state with what the service has.
func TestAccStateAfterOrder(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.Write("a.txt", "content of a")
	s.main(order("bare"), order("full", args{
		"agent_id": fmt.Sprintf("%q", docs), "max_price": "2.50", "payment_method": `"invoice"`, "wait_for_completion": "true", "timeouts": `{ create = "1m", read = "30s" }`,
		"files": `[{ name = "a.txt", source = "${path.module}/a.txt" }, { name = "b.pdf", content_base64 = base64encode("content of b") }]`,
	}))
	plan, _ := s.Settle(each("create", "bare", "full"))
	plan.MustNotWarn()
	s.mustHaveCharged("$1.75", 2)
	bare, full := s.orders()[0], s.orders()[1]
	if bare.AgentID != summ {
		bare, full = full, bare
	}
	shaA, shaB := sha("content of a"), sha("content of b")
	for label, want := range map[string]map[string]any{
		"bare": {
			"id": bare.ID, "idempotency_key": "bare", "agent_id": summ, "prompt": "Prompt of bare", "max_price": "0.50", "files": nil, "payment_method": "credits",
			"wait_for_completion": true, "timeouts": nil, "status": "completed", "amount_paid": "0.5", "platform_fee": "0.05", "created_at": *bare.CreatedAt,
			"completed_at": *bare.CompletedAt, "output_text": "Echo: Prompt of bare", "output_hash": sha("Echo: Prompt of bare"),
			"spend": map[string]any{"authorized_usd": "0.5", "charged_usd": "0.5"},
		},
		"full": {
			"id": full.ID, "idempotency_key": "full", "agent_id": docs, "prompt": "Prompt of full", "max_price": "2.5", "payment_method": "invoice",
			"files": []any{
				map[string]any{"name": "a.txt", "source": "./a.txt", "content_base64": nil, "sha256": shaA},
				map[string]any{"name": "b.pdf", "source": nil, "content_base64": "Y29udGVudCBvZiBi", "sha256": shaB},
			},
			"wait_for_completion": true, "timeouts": map[string]any{"create": "1m", "read": "30s"}, "status": "completed", "amount_paid": "1.25", "platform_fee": "0.125",
			"created_at": *full.CreatedAt, "completed_at": *full.CompletedAt, "output_text": "Echo: Prompt of full", "output_hash": sha("Echo: Prompt of full"),
			"spend": map[string]any{"authorized_usd": "2.5", "charged_usd": "1.25"},
		},
	} {
		if diff := cmp.Diff(want, s.Attributes(address(label))); diff != "" {
			t.Errorf("%s in state (-want +got):\n%s", label, diff)
		}
	}
	if full.Prompt != "Prompt of full" || *full.PaymentMethod != "invoice" || len(full.Files) != 2 || full.Files[0].SHA256 != shaA || full.Files[1].Name != "b.pdf" || full.Files[1].SHA256 != shaB {
		t.Errorf("the service has %+v", full)
	}
	if len(bare.Files) != 0 || *bare.PaymentMethod != "credits" {
		t.Errorf("the service has %+v", bare)
	}
}
