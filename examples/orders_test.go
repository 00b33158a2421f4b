package examples_test

import (
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestAccExamplesImportOrder brings an order that was placed by other means under management, in each way that the page shows. It buys nothing.
func TestAccExamplesImportOrder(t *testing.T) {
	t.Parallel()

	const (
		directory = "resources/autx_order/"
		address   = "autx_order.summary"
		id        = "7d2f1c9a-3b64-4e0d-8a51-2c9f0e7b6d13"
	)
	seed := mockserver.WithSeedJSON(`{
		"users": [{"id": "demo", "balance_usd": "100.00", "keys": [{"key": "autx_live_demo"}]}, {"id": "seller"}],
		"agents": [{"owner": "seller", "id": "4c1f0f3e-8a52-4f0e-9d0a-6f3b1f2a7c11", "ticker": "SUMM", "name": "Summarizer",
			"endpoint_url": "https://agents.example.com/summ", "service_price": "0.50"}],
		"orders": [{"id": "` + id + `", "user": "demo", "agent_id": "4c1f0f3e-8a52-4f0e-9d0a-6f3b1f2a7c11", "prompt": "Summarize.", "output_text": "In short."}]
	}`)
	imported := func(t *testing.T, w *workspace) {
		t.Helper()
		w.apply(t)
		if text := w.attribute(t, address, "output_text"); text != "In short." {
			t.Errorf("the answer is %v", text)
		}
		if key := w.attribute(t, address, "idempotency_key"); key != "summary-2026-10" {
			t.Errorf("the key is %v", key)
		}
		if bought := w.requested(t, "orders.create"); bought != 0 {
			t.Errorf("an import bought %d orders", bought)
		}
	}

	for _, file := range []string{"import-by-string-id.tf", "import-by-identity.tf"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()

			w := newWorkspace(t, []mockserver.Option{seed}, providerFile, directory+"resource.tf", directory+file)
			if status, out := w.try(t, w.cli, "validate", "-no-color"); status != 0 && strings.Contains(out, `"identity" is not expected here`) {
				t.Skip("this CLI does not know resource identities")
			}
			imported(t, w)
		})
	}
	for _, command := range shellCommands(read(t, directory+"import.sh")) {
		t.Run(command, func(t *testing.T) {
			t.Parallel()

			w := newWorkspace(t, []mockserver.Option{seed}, providerFile, directory+"resource.tf")
			arguments := strings.Fields(command)
			w.run(t, append([]string{arguments[1], "-input=false"}, arguments[2:]...)...)
			imported(t, w)
		})
	}
}
