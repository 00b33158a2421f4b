package agent_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// combination writes, as JSON configuration, one agent for each way to combine how optional arguments can be written: left out, null, empty and set.
func combinations() map[string]map[string]any {
	texts := []any{nil, "", "set"}
	manifests := []any{nil, map[string]any{}, map[string]any{
		"input":             map[string]any{"type": "multipart", "accepts_files": true, "file_types": []any{}, "max_size_bytes": 5},
		"output":            map[string]any{"type": "text", "produces_files": true, "content_types": []any{}, "max_size_bytes": 6},
		"supports_sessions": true, "session_price_per_message": "0.050", "session_minimum_messages": 1, "session_max_duration_minutes": 2, "chat_response_path": "",
	}}
	profiles := []any{nil, map[string]any{"tagline": "t"}, map[string]any{
		"tagline": "", "capabilities": []any{}, "use_cases": []any{"u", ""}, "output_description": "", "best_for": "b", "limitations": "",
	}}
	prices := []any{"5", "5.0", "5.00", 5, 0.5, "0", 0, "0.000001"}
	out := map[string]map[string]any{}
	for _, description := range texts {
		for _, category := range texts {
			for _, manifest := range manifests {
				for _, profile := range profiles {
					for _, status := range []any{nil, "paused"} {
						label := fmt.Sprintf("c%03d", len(out))
						block := map[string]any{
							"name": label, "ticker": tickerOf(label), "endpoint_url": "https://example.com/" + label, "deletion_protection": false,
							"service_price": prices[len(out)%len(prices)], "manifest": manifest, "profile": profile, "status": status,
						}
						// Null and left out are the same to Terraform; both are written.
						if description != nil || len(out)%2 == 0 {
							block["description"] = description
						}
						if category != nil || len(out)%2 == 1 {
							block["category"] = category
						}
						out[label] = block
					}
				}
			}
		}
	}
	return out
}

// TestAccEveryCombinationSettles applies all combinations at once: the plan after it is empty and sees no drift, whether the service shows the
// endpoint of an agent or not, and after an import of them all into an empty state it settles as well.
func TestAccEveryCombinationSettles(t *testing.T) {
	t.Parallel()
	for _, shown := range []string{"false", "true"} {
		t.Run("public_endpoint_url="+shown, func(t *testing.T) {
			t.Parallel()
			server, cli := begin(t, world{}, mockserver.WithAssume("agents.public_endpoint_url", shown))
			agents := combinations()
			if len(agents) != 162 {
				t.Fatalf("%d combinations", len(agents))
			}
			config, err := json.Marshal(map[string]any{"resource": map[string]any{"autx_agent": agents}})
			if err != nil {
				t.Fatal(err)
			}
			cli.Write("agents.tf.json", string(config))
			var labels []string
			for label := range agents {
				labels = append(labels, label)
			}
			cli.Settle(each("create", labels...))

			paused := 0
			for _, a := range server.State().Agents {
				if a.Status == "paused" {
					paused++
				}
			}
			if n := len(server.State().Agents); n != 162 || paused != 81 {
				t.Errorf("the service has %d agents, %d of them paused", n, paused)
			}

			if shown == "false" {
				return // then an import has to send each endpoint, which is shown elsewhere
			}
			// Into an empty state, with nothing but the configuration: what AUTX shows is read, the rest is filled in.
			cli.Remove("terraform.tfstate")
			var imports strings.Builder
			for _, a := range server.State().Agents {
				imports.WriteString(importOf(a.Name, a.ID))
			}
			cli.Write("imports.tf", imports.String())
			server.ClearRequests()
			plan := cli.Look()
			for _, label := range labels {
				if action := plan.Actions[address(label)]; action != "update" && action != "import" {
					t.Errorf("%s: the import plans %q", label, action)
				}
			}
			server.ClearRequests()
			cli.ApplyPlan().MustSucceed()
			cli.MustBeSettled()
			if writes := acctest.Writes(server); len(writes) != 0 {
				t.Errorf("the import wrote %d times: %v", len(writes), writes[:min(3, len(writes))])
			}
		})
	}
}
