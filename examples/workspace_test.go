package examples_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// pluginName is the file name by which a CLI recognises the provider.
const pluginName = "terraform-provider-autx"

// source is how the examples name the provider.
const source = "autx-ai/autx"

// A CLI starts a provider as a process of its own. This test binary is that process when it is started under the provider's name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != pluginName {
		os.Exit(m.Run())
	}
	construct := func() frameworkprovider.Provider { return provider.New("test")() }
	options := providerserver.ServeOpts{Address: "example.com/" + source, ProtocolVersion: 6}
	if err := providerserver.Serve(context.Background(), construct, options); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// workspace is a directory with an example in it, as a user would have it, and a CLI that works against a mock server.
type workspace struct {
	dir, cli    string
	environment []string
	server      *mockserver.Server
}

// newWorkspace starts a mock server and copies the files, given by their paths below this directory, into an empty directory.
func newWorkspace(t *testing.T, options []mockserver.Option, files ...string) *workspace {
	t.Helper()

	cli := acctest.CLIPath(t) // first, as it may skip the test, and a server whose faults never struck fails it
	server := mockserver.New(t, options...)
	w := &workspace{dir: t.TempDir(), cli: cli, server: server}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w.write(t, filepath.Base(file), string(content))
	}

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugins := t.TempDir()
	if err := os.Symlink(self, filepath.Join(plugins, pluginName)); err != nil {
		t.Fatal(err)
	}
	// With an override the CLI neither installs the provider nor asks for an init.
	settings := filepath.Join(plugins, "cli.tfrc")
	content := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", source, plugins)
	if err := os.WriteFile(settings, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, variable := range os.Environ() {
		// What is set for other configurations must not reach this one.
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "AUTX_") {
			w.environment = append(w.environment, variable)
		}
	}
	w.environment = append(w.environment, "TF_CLI_CONFIG_FILE="+settings, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"AUTX_BASE_URL="+server.URL(), "AUTX_API_KEY="+server.Key(), "AUTX_DELETION_PROTECTION=off")

	return w
}

func (w *workspace) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// set gives the configuration's variable a value.
func (w *workspace) set(name, value string) {
	w.environment = append(w.environment, "TF_VAR_"+name+"="+value)
}

// try runs a program in the workspace and returns its exit status and everything it printed.
func (w *workspace) try(t *testing.T, program string, arguments ...string) (status int, output string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir, command.Env = w.dir, w.environment
	out, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatalf("%s: %v", command, err)
	}

	return command.ProcessState.ExitCode(), string(out)
}

// run runs the CLI and fails the test unless it ends with status 0.
func (w *workspace) run(t *testing.T, arguments ...string) string {
	t.Helper()
	status, out := w.try(t, w.cli, append(arguments, "-no-color")...)
	if status != 0 {
		t.Fatalf("%v ended with status %d:\n%s", arguments, status, out)
	}

	return out
}

// apply applies the configuration and fails the test unless nothing is left to do after it.
func (w *workspace) apply(t *testing.T) string {
	t.Helper()
	out := w.run(t, "apply", "-auto-approve", "-input=false")
	if strings.Contains(out, "Warning: ") && strings.Count(out, "Warning: ") != strings.Count(out, "Warning: Provider development overrides") {
		t.Errorf("an example must not warn:\n%s", out)
	}
	if status, plan := w.try(t, w.cli, "plan", "-detailed-exitcode", "-input=false", "-no-color"); status != 0 {
		t.Fatalf("after the apply a plan ends with status %d, and nothing to do was expected:\n%s", status, plan)
	}

	return out
}

// destroy removes everything, and fails the test when the user has agents left.
func (w *workspace) destroy(t *testing.T) {
	t.Helper()
	w.run(t, "destroy", "-auto-approve", "-input=false")
	if left := w.requested(t, "agents.create") + w.requested(t, "agents.reserve") - w.requested(t, "agents.delete") -
		w.requested(t, "agents.cancel_reservation"); left != 0 {
		t.Errorf("%d agents are left after a destroy", left)
	}
}

// requested counts the requests that changed something on the server.
func (w *workspace) requested(t *testing.T, operation string) int {
	t.Helper()
	count := 0
	for _, entry := range w.server.Requests() {
		if entry.Operation == operation && entry.Committed {
			count++
		}
	}

	return count
}

// attribute returns an attribute of a managed resource as it is in state.
func (w *workspace) attribute(t *testing.T, address, name string) any {
	t.Helper()
	_, out := w.try(t, w.cli, "show", "-json")
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string         `json:"address"`
					Values  map[string]any `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	// Warnings about the override may come before the document.
	_, document, _ := strings.Cut(out, "{")
	if err := json.Unmarshal([]byte("{"+document), &state); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, r := range state.Values.Root.Resources {
		if r.Address == address {
			return r.Values[name]
		}
	}
	t.Fatalf("%s is not in state", address)

	return nil
}
