package schemajson_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// pluginPrefix starts the name of the file by which a CLI recognises a provider.
const pluginPrefix = "terraform-provider-"

// A CLI asks a provider in a process of its own. This test binary is that process when it is started under the name of one.
func TestMain(m *testing.M) {
	name, isPlugin := strings.CutPrefix(filepath.Base(os.Args[0]), pluginPrefix)
	if !isPlugin {
		os.Exit(m.Run())
	}
	err := providerserver.Serve(context.Background(), func() provider.Provider { return providers[name]() }, providerserver.ServeOpts{
		Address: "example.com/autx-ai/" + name, ProtocolVersion: 6,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// providers are those that a CLI is asked about, by name.
var providers = map[string]func() provider.Provider{
	"tiny": func() provider.Provider { return tinyProvider{} },
}

func TestAccSameAsCLI(t *testing.T) {
	t.Parallel()

	cli := acctest.CLIPath(t)
	for name, construct := range providers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ours := normalise(t, write(t, construct()))
			theirs := normalise(t, askCLI(t, cli, name))
			for _, part := range []string{"provider", "resource_schemas", "data_source_schemas"} {
				if theirs[part] == nil {
					t.Errorf("the CLI says nothing about %q", part)
				}
			}
			// Older CLIs do not know these, and leave them out.
			for _, part := range []string{"resource_identity_schemas", "list_resource_schemas", "action_schemas"} {
				if theirs[part] == nil {
					delete(ours, part)
				}
			}
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("the documents differ (-CLI +schemajson):\n%s", diff)
			}
		})
	}
}

// askCLI returns what the CLI prints about the provider of that name.
func askCLI(t *testing.T, cli, name string) []byte {
	t.Helper()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, pluginPrefix+name)); err != nil {
		t.Fatal(err)
	}
	source := "autx-ai/" + name
	writeFile(t, filepath.Join(dir, "main.tf"), fmt.Sprintf("terraform {\n  required_providers {\n    %s = { source = %q }\n  }\n}\n", name, source))
	// With an override the CLI neither installs the provider nor asks for an init.
	settings := writeFile(t, filepath.Join(dir, "cli.tfrc"),
		fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", source, dir))

	run := exec.CommandContext(t.Context(), cli, "providers", "schema", "-json")
	run.Dir = dir
	run.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+settings, "TF_DATA_DIR="+filepath.Join(dir, ".terraform"), "CHECKPOINT_DISABLE=1")
	out, err := run.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			out = append(out, exit.Stderr...)
		}
		t.Fatalf("%s: %v\n%s", run, err, out)
	}

	return out
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}

	return path
}

// normalise returns the description of the one provider in a document, whose key differs as each CLI has a host of its own, without what only
// some CLIs write: empty descriptions and the messages of deprecations.
func normalise(t *testing.T, document []byte) map[string]any {
	t.Helper()

	var typed tfjson.ProviderSchemas
	if err := json.Unmarshal(document, &typed); err != nil {
		t.Fatalf("not a schema document: %v\n%s", err, document)
	}
	if len(typed.Schemas) != 1 {
		t.Fatalf("the document describes %d providers, want one", len(typed.Schemas))
	}
	var decoded map[string]any
	for _, only := range typed.Schemas {
		for _, signature := range only.Functions {
			signature.DeprecationMessage = ""
		}
		encoded, err := json.Marshal(only)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(encoded, &decoded); err != nil {
			t.Fatal(err)
		}
	}

	return decoded
}
