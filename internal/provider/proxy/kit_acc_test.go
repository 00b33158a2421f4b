package proxy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// The kit of the tests that drive a real CLI.

type (
	// actions are what a plan does, by address.
	actions = acctest.Actions
	// args are arguments of a block as HCL expressions, by name.
	args map[string]string
)

// scene is a CLI and the account that it works on.
type scene struct {
	*acctest.CLI
	account
}

// begin starts a mock server, where I have $100, and lays out a directory whose provider may spend.
func begin(t *testing.T, options ...mockserver.Option) *scene {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed("100"))}, options...)...)
	s := &scene{CLI: acctest.NewCLI(t, server), account: account{t, server}}
	s.Write("provider.tf", "provider \"autx\" {\n  spending = { max_per_apply = \"1000\" }\n}\n")
	return s
}

// main writes the configuration.
func (s *scene) main(blocks ...string) {
	s.t.Helper()
	s.Write("main.tf", strings.Join(blocks, "\n"))
}

// request is a resource block: a request to SUMM under the label as key, unless overrides replace arguments, or remove those that are "".
func request(label string, overrides ...args) string {
	all := args{"idempotency_key": fmt.Sprintf("%q", label), "agent": `"SUMM"`, "prompt": fmt.Sprintf("%q", "Prompt of "+label), "max_price": `"0.50"`}
	for _, some := range overrides {
		maps.Copy(all, some)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "resource \"autx_proxy_request\" %q {\n", label)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case all[name] == "":
		case strings.HasPrefix(name, "!"):
			fmt.Fprintf(&out, "  %s\n", all[name]) // a nested block
		default:
			fmt.Fprintf(&out, "  %s = %s\n", name, all[name])
		}
	}
	return out.String() + "}\n"
}

func address(label string) string { return "autx_proxy_request." + label }

// mustHold fails the test unless the state has exactly these requests, by address, with these answers ("" where it is lost), none tainted, what was
// charged is as given, and nothing is left to do.
func (s *scene) mustHold(answers map[string]string, charged ...string) {
	s.t.Helper()
	seen := map[string]string{}
	for _, object := range s.Stored() {
		if strings.HasPrefix(object.Address, "autx_proxy_request.") {
			seen[object.Address] = object.Text("response_text")
			if object.Tainted || object.Deposed {
				s.t.Errorf("%s is tainted: %t, deposed: %t", object.Address, object.Tainted, object.Deposed)
			}
		}
	}
	if !maps.Equal(seen, answers) {
		s.t.Errorf("the state has %q, want %q", seen, answers)
	}
	s.mustHaveCharged(charged...)
	s.MustBeSettled()
}
