package gitops_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The statuses of a plan with -detailed-exitcode.
const (
	nothingToDo = 0
	refused     = 1
	somethingTo = 2
)

// providerAddress is how a CLI names the provider, with its own host in front.
var providerAddress = regexp.MustCompile(`provider\[(\S+/autx-ai/autx)\]`)

// workspace is a copy of the example, initialised from a local mirror, and a CLI to run in it.
type workspace struct {
	dir, cli    string
	environment []string
	mock        *mock
}

// newWorkspace copies the example and initialises it.
func newWorkspace(t *testing.T, cli string, m *mock) *workspace {
	t.Helper()
	w := &workspace{dir: t.TempDir(), cli: cli, mock: m}
	if err := os.CopyFS(w.dir, os.DirFS(kit)); err != nil {
		t.Fatal(err)
	}
	for _, variable := range os.Environ() {
		// What is set for other configurations must not reach this one.
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "AUTX_") {
			w.environment = append(w.environment, variable)
		}
	}
	mirror := t.TempDir()
	settings := filepath.Join(mirror, "cli.tfrc")
	w.write(t, settings, fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
	w.environment = append(w.environment, "TF_CLI_CONFIG_FILE="+settings, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	if m != nil {
		w.environment = append(w.environment, m.environment...)
	}

	address := providerAddress.FindStringSubmatch(w.run(t, 0, "-chdir=modules/team", "providers"))
	if address == nil {
		t.Fatal("the CLI does not name the provider")
	}
	installed := filepath.Join(mirror, filepath.FromSlash(address[1]), "0.1.0", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(installed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(programs, "terraform-provider-autx"), filepath.Join(installed, "terraform-provider-autx_v0.1.0")); err != nil {
		t.Fatal(err)
	}
	w.run(t, 0, "init")
	return w
}

// write writes a file, below the workspace unless its name is absolute.
func (w *workspace) write(t *testing.T, name, content string) {
	t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(w.dir, name)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace changes a text in a file that has to contain it.
func (w *workspace) replace(t *testing.T, name, old, replacement string) {
	t.Helper()
	content := read(t, filepath.Join(w.dir, name))
	if !strings.Contains(content, old) {
		t.Fatalf("%s does not contain %q", name, old)
	}
	w.write(t, name, strings.ReplaceAll(content, old, replacement))
}

// remove removes files that have to be there.
func (w *workspace) remove(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(w.dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(w.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// spend makes this a workspace that may buy, as the pipeline's apply job does.
func (w *workspace) spend() *workspace {
	w.environment = append(w.environment, "TF_VAR_read_only=false")
	return w
}

// run runs the CLI, expects it to end with the status, and gives all that it said with its lines joined and single spaces.
func (w *workspace) run(t *testing.T, status int, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), w.cli, slices.Insert(arguments, 1, w.noColor(arguments[0])...)...)
	command.Dir, command.Env = w.dir, w.environment
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	out, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	if got := command.ProcessState.ExitCode(); got != status {
		t.Fatalf("%v ended with status %d, want %d:\n%s", arguments, got, status, out)
	}
	return strings.Join(strings.Fields(strings.Map(unframed, string(out))), " ")
}

// noColor keeps colours out of what a CLI says, which runs of other programs and of subcommands without colours do not need.
func (*workspace) noColor(subcommand string) []string {
	if strings.HasPrefix(subcommand, "-") || subcommand == "run" {
		return nil
	}
	return []string{"-no-color"}
}

// unframed drops the lines that CLIs draw beside messages.
func unframed(r rune) rune {
	if strings.ContainsRune("│╷╵", r) {
		return ' '
	}
	return r
}

// plan makes a plan that has something to do and gives its JSON.
func (w *workspace) plan(t *testing.T, arguments ...string) []byte {
	t.Helper()
	w.run(t, somethingTo, append([]string{"plan", "-detailed-exitcode", "-out=plan"}, arguments...)...)
	command := exec.CommandContext(t.Context(), w.cli, "show", "-json", "plan")
	command.Dir, command.Env = w.dir, w.environment
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// planned gives what each created order of a plan authorises, by its prompt.
func planned(t *testing.T, plan []byte) map[string]string {
	t.Helper()
	var decoded struct {
		Changes []struct {
			Type   string `json:"type"`
			Change struct {
				Actions []string `json:"actions"`
				After   struct {
					Prompt string `json:"prompt"`
					Spend  struct {
						Authorized string `json:"authorized_usd"`
					} `json:"spend"`
				} `json:"after"`
			} `json:"change"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(plan, &decoded); err != nil {
		t.Fatal(err)
	}
	orders := map[string]string{}
	for _, c := range decoded.Changes {
		if c.Type == "autx_order" && slices.Contains(c.Change.Actions, "create") {
			orders[c.Change.After.Prompt] = c.Change.After.Spend.Authorized
		}
	}
	return orders
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
