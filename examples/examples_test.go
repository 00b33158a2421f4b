// Package examples_test holds every example, the README's included, against the mock server: what a user copies has to work.
package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// providerFile is in every workspace: the other examples leave it out. Where money is moved it is creditsProviderFile.
const (
	providerFile        = "provider/provider.tf"
	creditsProviderFile = "provider/provider_credits.tf"
)

var (
	agentBlock  = regexp.MustCompile(`(?m)^resource "autx_agent" "(\w+)"`)
	outputBlock = regexp.MustCompile(`(?m)^output "(\w+)"`)
	// hclFence is a block of configuration in a page.
	hclFence = regexp.MustCompile("(?s)`{3}(?:terraform|hcl)\n(.*?\n)`{3}\n")
)

// TestAccExamples applies each example by itself, so that each works by itself.
func TestAccExamples(t *testing.T) {
	t.Parallel()

	for _, example := range exampleFiles(t) {
		t.Run(strings.TrimSuffix(example, ".tf"), func(t *testing.T) {
			t.Parallel()

			w := newWorkspace(t, nil, append(attachments(t, example), providerOf(example), example)...)
			w.set("openai_api_key", "sk-example-0123456789")
			w.apply(t)

			content := read(t, example)
			if want := len(agentBlock.FindAllString(content, -1)); w.requested(t, "agents.create")+w.requested(t, "agents.reserve") != want {
				t.Errorf("the example declares %d agents, and %d were launched", want, w.requested(t, "agents.create")+w.requested(t, "agents.reserve"))
			}
			for _, output := range outputBlock.FindAllStringSubmatch(content, -1) {
				if value := strings.TrimSpace(w.run(t, "output", "-json", output[1])); value == "null" || value == "" {
					t.Errorf("the output %s has no value", output[1])
				}
			}
			w.destroy(t)
		})
	}
}

// TestAccExamplesProviderKeyIsNotKept holds the example with a secret to its word.
func TestAccExamplesProviderKeyIsNotKept(t *testing.T) {
	t.Parallel()

	const secret = "sk-example-0123456789"
	w := newWorkspace(t, nil, providerFile, "resources/autx_agent/resource_provider_key.tf")
	w.set("openai_api_key", secret)
	out := w.apply(t)
	if w.requested(t, "agents.set_provider_key") == 0 && w.attribute(t, "autx_agent.translator", "provider_key_configured") != true {
		t.Error("the key did not reach AUTX")
	}
	if strings.Contains(out, secret) {
		t.Error("the key is in the CLI's output")
	}
	err := filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(read(t, path), secret) {
			t.Errorf("the key is in %s", path)
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAccExamplesReservedLaunch goes through the three phases that the example describes.
func TestAccExamplesReservedLaunch(t *testing.T) {
	t.Parallel()

	w := newWorkspace(t, nil, providerFile, "resources/autx_agent/resource_reserved.tf")
	w.apply(t)
	if status := w.attribute(t, "autx_agent.reserved", "status"); status != "pending" {
		t.Errorf("the status is %v after the first apply, want pending", status)
	}

	w.set("token_launch", `{tx_hash="0x`+strings.Repeat("ab", 32)+`",deployer_address="0x`+strings.Repeat("cd", 20)+`"}`)
	w.apply(t)
	if status := w.attribute(t, "autx_agent.reserved", "status"); status != "active" {
		t.Errorf("the status is %v after the second apply, want active", status)
	}
	if w.requested(t, "agents.reserve") != 1 || w.requested(t, "agents.activate") != 1 || w.requested(t, "agents.create") != 0 {
		t.Error("the launch did not go through exactly one reservation and one activation")
	}
}

// TestAccExamplesImport brings an agent that is already there under management, in each way that the page shows.
func TestAccExamplesImport(t *testing.T) {
	t.Parallel()

	const (
		directory = "resources/autx_agent/"
		address   = "autx_agent.brief"
	)
	seed := mockserver.WithSeedJSON(`{
		"users": [{"id": "demo", "balance_usd": "100.00", "keys": [{"key": "autx_live_demo"}]}],
		"agents": [{"owner": "demo", "id": "4c1f0f3e-8a52-4f0e-9d0a-6f3b1f2a7c11", "ticker": "BRIEF", "name": "An older name",
			"endpoint_url": "https://agents.example.com/older", "service_price": "0.40"}]
	}`)
	imported := func(t *testing.T, w *workspace) {
		t.Helper()
		w.apply(t)
		if name := w.attribute(t, address, "name"); name != "Brief" {
			t.Errorf("the name is %v, want the one of the configuration", name)
		}
		if w.requested(t, "agents.create") != 0 {
			t.Error("an import launched an agent")
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
			if arguments[0] != "terraform" {
				t.Fatalf("%q does not call terraform", command)
			}
			w.run(t, append(arguments[1:len(arguments)-2:len(arguments)-2], append([]string{"-input=false"}, arguments[len(arguments)-2:]...)...)...)
			imported(t, w)
		})
	}
}

// TestAccExamplesLostAnswer shows what the guide says of a launch whose answer is lost.
func TestAccExamplesLostAnswer(t *testing.T) {
	t.Parallel()

	w := newWorkspace(t, []mockserver.Option{mockserver.WithFault("agents.create:after:reset")}, providerFile, "resources/autx_agent/resource.tf")
	w.run(t, "apply", "-auto-approve", "-input=false")
	w.apply(t)
	if launched := w.requested(t, "agents.create"); launched != 1 {
		t.Errorf("%d agents were launched, want one", launched)
	}
	w.destroy(t)
}

// TestAccExamplesModuleTest runs the example of a module's own test with the CLI's test command.
func TestAccExamplesModuleTest(t *testing.T) {
	t.Parallel()

	w := newWorkspace(t, nil, "testing/main.tf")
	if err := os.Mkdir(filepath.Join(w.dir, "tests"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write(t, filepath.Join("tests", "agent.tftest.hcl"), read(t, "testing/tests/agent.tftest.hcl"))
	if out := w.run(t, "test"); !strings.Contains(out, "3 passed, 0 failed") {
		t.Errorf("not every run block passed:\n%s", out)
	}
	if w.requested(t, "agents.create") != 1 || w.requested(t, "agents.delete") != 1 {
		t.Errorf("the test launched %d agents and removed %d, want one each", w.requested(t, "agents.create"), w.requested(t, "agents.delete"))
	}
}

// TestAccExamplesPages applies the configurations that stand in pages rather than in files.
func TestAccExamplesPages(t *testing.T) {
	t.Parallel()

	for _, page := range []string{"../README.md", "../templates/guides/spending.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()

			blocks := hclFence.FindAllStringSubmatch(read(t, page), -1)
			if len(blocks) == 0 {
				t.Fatal("the page has no configuration")
			}
			var config strings.Builder
			for _, block := range blocks {
				config.WriteString(block[1])
			}
			w := newWorkspace(t, nil)
			w.write(t, "main.tf", config.String())
			if !strings.Contains(config.String(), "required_providers") {
				w.write(t, "versions.tf", "terraform {\n  required_providers {\n    autx = { source = \""+source+"\" }\n  }\n}\n")
			}
			w.apply(t)
			w.destroy(t)
		})
	}
}

// providerOf returns the provider block that an example needs.
func providerOf(example string) string {
	if strings.HasPrefix(example, "resources/autx_credit_") {
		return creditsProviderFile
	}

	return providerFile
}

// exampleFiles returns the examples that are configurations of their own, by their paths below this directory.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"resources/*/resource*.tf", "data-sources/*/data-source*.tf"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no example is named like %s: %v", pattern, err)
		}
		found = append(found, files...)
	}
	functions, err := filepath.Glob("functions/*/function*.tf")
	if err != nil {
		t.Fatal(err)
	}

	return append(found, functions...)
}

// attachments returns what lies beside an example and is no configuration: images and texts.
func attachments(t *testing.T, example string) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*.png", "*.txt"} {
		files, err := filepath.Glob(filepath.Join(filepath.Dir(example), pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, files...)
	}

	return found
}

// shellCommands returns the lines of a script that are no comments.
func shellCommands(script string) []string {
	var commands []string
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			commands = append(commands, line)
		}
	}

	return commands
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	return string(content)
}
