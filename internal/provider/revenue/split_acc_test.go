package revenue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccRevenueSplit calls the function from a configuration. It needs no request.
func TestAccRevenueSplit(t *testing.T) {
	t.Parallel()
	server := mockserver.New(t)
	cli := acctest.NewCLI(t, server)
	cli.Write("main.tf", `
locals {
  prices = ["0.50", 5, "0.000001", "123456789.123456"]
}
output "splits" {
  value = [for price in local.prices : provider::autx::revenue_split(price)]
}
output "exact" {
  value = alltrue([for price in local.prices : abs(sum(values(provider::autx::revenue_split(price))) - price) < 0.0000001])
}
`)
	cli.MustApply()
	outputs := cli.State().Values.Outputs
	want := []map[string]string{
		{"platform": "0.05", "creator": "0.36", "buyback": "0.09"},
		{"platform": "0.5", "creator": "3.6", "buyback": "0.9"},
		{"platform": "0", "creator": "0.000001", "buyback": "0"},
		{"platform": "12345678.912346", "creator": "88888888.168888", "buyback": "22222222.042222"},
	}
	splits, _ := outputs["splits"].Value.([]any)
	if len(splits) != len(want) || outputs["exact"].Value != true {
		t.Fatalf("the outputs are %v and %v", splits, outputs["exact"].Value)
	}
	for i := range want {
		split, _ := splits[i].(map[string]any)
		for name, share := range want[i] {
			if split[name] != share {
				t.Errorf("%d: %s = %v, want %s", i, name, split[name], share)
			}
		}
	}
	for price, says := range map[string]string{`"-1"`: "must not be negative", `"1e3"`: "plain decimal number", `"1,5"`: "plain decimal number", `null`: "null"} {
		cli.Write("main.tf", fmt.Sprintf("output \"split\" {\n  value = provider::autx::revenue_split(%s)\n}\n", price))
		if result := cli.Run("plan", "-no-color"); result.Code == 0 || !strings.Contains(result.Output, says) || !strings.Contains(result.Output, "revenue_split") {
			t.Errorf("%s: nothing says %q:\n%s", price, says, result.Raw)
		}
	}
	if n := len(server.Requests()); n != 0 {
		t.Errorf("%d requests:\n%s", n, acctest.Traffic(server))
	}
}
