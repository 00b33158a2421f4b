// Package acctest is the kit of the acceptance tests: the provider in the test's own process, a real command line with a real provider binary, and the
// mock server that both talk to.
package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/tuning"
)

// Factories serves the provider from the test's own process to the CLI that the testing framework starts.
func Factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"autx": func() (tfprotov6.ProviderServer, error) { return tuning.Server(provider.New("test")()), nil },
	}
}

// ProviderBlock configures the provider for a mock server: its address and key, a journal of the test's own, and spending of up to $1,000. More lines
// for the provider block may follow.
func ProviderBlock(t *testing.T, server *mockserver.Server, more ...string) string {
	t.Helper()
	return fmt.Sprintf(`
provider "autx" {
  base_url = %q
  api_key  = %q
  spending = { max_per_apply = "1000", journal = %q }
  %s
}
`, server.URL(), server.Key(), t.TempDir(), strings.Join(more, "\n  "))
}

// BareProviderBlock is ProviderBlock without spending.
func BareProviderBlock(server *mockserver.Server, more ...string) string {
	return fmt.Sprintf(`
provider "autx" {
  base_url = %q
  api_key  = %q
  %s
}
`, server.URL(), server.Key(), strings.Join(more, "\n  "))
}
