package session_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// Shorthands for the tests that drive a CLI.
type (
	// actions are what a plan does, by address.
	actions = acctest.Actions
	// args are arguments of a block as HCL expressions, by name.
	args map[string]string
)

// scene is a CLI and the mock server that it works on.
type scene struct {
	*acctest.CLI
	*desk // without a driver: what the server has
	t     *testing.T
}

// begin starts a mock server, where I have $100, and lays out a directory whose provider may spend.
func begin(t *testing.T, options ...mockserver.Option) *scene {
	t.Helper()
	server := mockserver.New(t, append([]mockserver.Option{mockserver.WithSeed(seed("100"))}, options...)...)
	s := &scene{CLI: acctest.NewCLI(t, server), desk: &desk{t: t, server: server}, t: t}
	s.Write("provider.tf", "provider \"autx\" {\n  spending = { max_per_apply = \"100\" }\n}\n")
	return s
}

// main writes the configuration.
func (s *scene) main(blocks ...string) {
	s.t.Helper()
	s.Write("main.tf", strings.Join(blocks, "\n"))
}

// conversation is a resource block: a session of three messages with CHAT under the label as key, unless overrides replace arguments, or remove those
// that are "". One whose name begins with ! is a nested block.
func conversation(label string, overrides ...args) string {
	all := args{
		"idempotency_key": fmt.Sprintf("%q", label), "agent": `"CHAT"`, "max_cost": `"0.15"`,
		"messages": fmt.Sprintf("[for n in range(3) : \"Message ${n + 1} of %s\"]", label),
	}
	for _, some := range overrides {
		maps.Copy(all, some)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "resource \"autx_session\" %q {\n", label)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case all[name] == "":
		case strings.HasPrefix(name, "!"):
			fmt.Fprintf(&out, "  %s\n", all[name])
		default:
			fmt.Fprintf(&out, "  %s = %s\n", name, all[name])
		}
	}
	return out.String() + "}\n"
}

// address is the address of what conversation wrote.
func address(label string) string { return "autx_session." + label }

// each gives every label the same action.
func each(action string, labels ...string) actions {
	out := actions{}
	for _, label := range labels {
		out[address(label)] = action
	}
	return out
}

// mustHave fails the test unless a session in state has these turns, is closed and not tainted, and nothing is left to do.
func (s *scene) mustHave(label, want string) {
	s.t.Helper()
	v := s.Attributes(address(label))
	turns, _ := v["turns"].([]any)
	if got := statuses(turns); got != want || v["status"] != "closed" {
		s.t.Errorf("%s is %v with the turns %v, want %s", label, v["status"], got, want)
	}
	for _, object := range s.Stored() {
		if object.Tainted || object.Deposed {
			s.t.Errorf("%s is tainted: %t, deposed: %t", object.Address, object.Tainted, object.Deposed)
		}
	}
	s.MustBeSettled()
	s.mustHoldNothing()
}
