package acctest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/shirou/gopsutil/v4/process"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// CLI is a working directory with a real Terraform or OpenTofu in it that runs a real provider binary against a mock server.
type CLI struct {
	t    *testing.T
	path string
	// Dir is the working directory.
	Dir string
	// Env are further environment variables, as NAME=value.
	Env []string

	server *mockserver.Server
}

// CLIPath finds the command line to test with: TF_ACC_TERRAFORM_PATH, else terraform or tofu on the PATH. As everywhere, acceptance tests run only
// where TF_ACC is set: they take minutes, and without them the tests are a fast loop.
func CLIPath(t *testing.T) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("drives a real CLI: set TF_ACC=1, or run make test")
	}
	for _, candidate := range []string{os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform", "tofu"} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	t.Fatal("TF_ACC is set, but there is neither TF_ACC_TERRAFORM_PATH nor terraform nor tofu on the PATH")
	return ""
}

// providerBinary builds the provider once a test process.
var providerBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "autx-provider-")
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", filepath.Join(dir, "terraform-provider-autx"), "github.com/autx-ai/terraform-provider-autx").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the provider: %w\n%s", err, out)
	}
	return dir, nil
})

// NewCLI lays out a working directory for a mock server. The provider finds the server and its key in the environment.
func NewCLI(t *testing.T, server *mockserver.Server) *CLI {
	t.Helper()
	path := CLIPath(t)
	binary, err := providerBinary()
	if err != nil {
		t.Fatal(err)
	}
	c := &CLI{t: t, path: path, Dir: t.TempDir(), server: server}
	config := filepath.Join(t.TempDir(), "cli.tfrc")
	write(t, config, fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"autx-ai/autx\" = %q\n  }\n  direct {}\n}\n", binary))
	c.Env = []string{
		"TF_CLI_CONFIG_FILE=" + config, "AUTX_BASE_URL=" + server.URL(), "AUTX_API_KEY=" + server.Key(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0",
	}
	c.Write("versions.tf", "terraform {\n  required_providers {\n    autx = { source = \"autx-ai/autx\" }\n  }\n}\n")
	return c
}

// Write puts a file into the working directory.
func (c *CLI) Write(name, content string) {
	c.t.Helper()
	write(c.t, filepath.Join(c.Dir, name), content)
}

// Setenv sets an environment variable for the commands to come.
func (c *CLI) Setenv(name, value string) { c.Env = append(c.Env, name+"="+value) }

// Remove takes a file out of the working directory.
func (c *CLI) Remove(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.Dir, name)); err != nil {
		c.t.Fatal(err)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Result is what a finished command left.
type Result struct {
	// Code is the exit status, or -1 when a signal ended it.
	Code int
	// Output is what it wrote to standard output and error, in the order it came, with line breaks and box drawing folded to single spaces, so that a
	// message can be searched for however the CLI wrapped it.
	Output string
	// Raw is the output as it came.
	Raw string
}

// Run runs a command to its end. The test fails if one that only looks, such as plan, writes anything to the server.
func (c *CLI) Run(args ...string) Result {
	c.t.Helper()
	before := lastRequest(c.server)
	result := c.Start(args...).Wait()
	if onlyLooks(args) {
		for _, write := range writesAfter(c.server, before) {
			c.t.Errorf("%s made a request that writes: %s", strings.Join(args, " "), write)
		}
	}
	return result
}

// MustRun runs a command that has to succeed.
func (c *CLI) MustRun(args ...string) Result {
	c.t.Helper()
	result := c.Run(args...)
	if result.Code != 0 {
		c.t.Fatalf("%s failed with status %d:\n%s", strings.Join(args, " "), result.Code, result.Raw)
	}
	return result
}

// Apply applies without asking.
func (c *CLI) Apply(args ...string) Result {
	c.t.Helper()
	return c.Run(append([]string{"apply", "-auto-approve", "-no-color"}, args...)...)
}

// MustApply is Apply that has to succeed.
func (c *CLI) MustApply(args ...string) Result {
	c.t.Helper()
	return c.MustRun(append([]string{"apply", "-auto-approve", "-no-color"}, args...)...)
}

// MustBeEmpty fails the test unless a plan has nothing to do.
func (c *CLI) MustBeEmpty() {
	c.t.Helper()
	result := c.Run("plan", "-detailed-exitcode", "-no-color")
	if result.Code != 0 {
		c.t.Fatalf("the plan is not empty (status %d):\n%s", result.Code, result.Raw)
	}
}

// Plan makes a plan and reads it as JSON; the plan has to succeed.
func (c *CLI) Plan(args ...string) *tfjson.Plan {
	c.t.Helper()
	c.MustRun(append([]string{"plan", "-no-color", "-out=plan.bin"}, args...)...)
	var plan tfjson.Plan
	c.show(&plan, "plan.bin")
	return &plan
}

// State reads the state as JSON.
func (c *CLI) State() *tfjson.State {
	c.t.Helper()
	var state tfjson.State
	c.show(&state)
	return &state
}

// Attributes are the attributes of a resource in state; nil where it is not there.
func (c *CLI) Attributes(address string) map[string]any {
	c.t.Helper()
	state := c.State()
	if state.Values == nil || state.Values.RootModule == nil {
		return nil
	}
	for _, r := range state.Values.RootModule.Resources {
		if r.Address == address {
			return r.AttributeValues
		}
	}
	return nil
}

func (c *CLI) show(into json.Unmarshaler, args ...string) {
	c.t.Helper()
	cmd := c.command(append([]string{"show", "-json", "-no-color"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("show: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		c.t.Fatalf("read what show printed: %v", err)
	}
}

func (c *CLI) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(c.t.Context(), c.path, args...)
	cmd.Dir = c.Dir
	cmd.Env = append(cleanEnvironment(), c.Env...)
	return cmd
}

// cleanEnvironment is the environment without what a developer may have set for the CLI or the provider.
func cleanEnvironment() []string {
	var out []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "TF_") && !strings.HasPrefix(entry, "AUTX_") && !strings.HasPrefix(entry, "TOFU_") {
			out = append(out, entry)
		}
	}
	return out
}

// Process is a running command, in a process group of its own.
type Process struct {
	t      *testing.T
	cmd    *exec.Cmd
	output *transcript
	noted  []int
}

// Start starts a command.
func (c *CLI) Start(args ...string) *Process {
	c.t.Helper()
	cmd := c.command(args...)
	output := newTranscript()
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	heedHangups()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return &Process{t: c.t, cmd: cmd, output: output}
}

// heedHangups keeps a test run that ignores SIGHUP, as under nohup, from handing that down to the CLI. A signal that is caught is at its default in a
// new process; one that is ignored stays ignored.
var heedHangups = sync.OnceFunc(func() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
})

// Signal sends a signal to the CLI alone.
func (p *Process) Signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// SignalGroup sends a signal to the CLI and its providers, as a terminal or a CI runner does.
func (p *Process) SignalGroup(sig syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, sig); err != nil {
		p.t.Fatal(err)
	}
}

// Providers are the processes of the provider that the CLI has started and that still run.
func (p *Process) Providers() []int {
	p.t.Helper()
	children, err := childrenOf(p.cmd.Process.Pid)
	if err != nil {
		p.t.Fatal(err)
	}
	return children
}

// KillProviders kills the provider processes that the CLI started, and tells how many.
func (p *Process) KillProviders() int {
	p.t.Helper()
	return p.SignalProviders(syscall.SIGKILL)
}

// SignalProviders sends a signal to the provider processes that the CLI started, and tells how many there were.
func (p *Process) SignalProviders(sig syscall.Signal) int {
	p.t.Helper()
	children := p.Providers()
	for _, pid := range children {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			p.t.Fatal(err)
		}
	}
	return len(children)
}

// EndProvidersWithTest notes the providers that run now, and ends them when the test is over: one that outlives its CLI ends by nothing else.
func (p *Process) EndProvidersWithTest() {
	p.t.Helper()
	p.noted = p.Providers()
	if len(p.noted) == 0 {
		p.t.Fatal("the CLI runs no provider")
	}
	p.t.Cleanup(func() {
		for _, pid := range p.noted {
			if isProvider(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended by itself
			}
		}
	})
}

// ProvidersRun tells whether one of the noted providers still runs.
func (p *Process) ProvidersRun() bool { return slices.ContainsFunc(p.noted, isProvider) }

// AwaitProviders waits until none of the noted providers runs any more.
func (p *Process) AwaitProviders() {
	p.t.Helper()
	Eventually(p.t, "the providers ended", func() bool { return !p.ProvidersRun() })
}

// Await waits until the command has written a text. It fails the test when the text does not come within a minute.
func (p *Process) Await(text string) {
	p.t.Helper()
	if !p.output.await(text, patience) {
		p.t.Fatalf("the command did not write %q within %s:\n%s", text, patience, p.output.String())
	}
}

// Wait waits for the end of the command.
func (p *Process) Wait() Result {
	p.t.Helper()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("wait: %v\n%s", err, p.output.String())
	}
	raw := p.output.String()
	state := p.cmd.ProcessState
	p.t.Logf("%s: status %d, %s of processor time", strings.Join(p.cmd.Args[1:], " "), state.ExitCode(), (state.UserTime() + state.SystemTime()).Round(time.Millisecond))
	return Result{Code: p.cmd.ProcessState.ExitCode(), Output: fold(raw), Raw: raw}
}

func fold(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n│╷╵", r) }), " ")
}

// childrenOf lists the child processes of a process that run the provider.
func childrenOf(parent int) ([]int, error) {
	p, err := process.NewProcess(int32(parent))
	if err != nil {
		return nil, err
	}
	children, err := p.Children()
	if err != nil && !errors.Is(err, process.ErrorNoChildren) {
		return nil, err
	}
	var out []int
	for _, child := range children {
		if isProvider(int(child.Pid)) {
			out = append(out, int(child.Pid))
		}
	}
	return out, nil
}

// isProvider tells whether a process is a provider that runs.
func isProvider(pid int) bool {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return false
	}
	name, err := p.Name()
	if err != nil || !strings.HasPrefix(name, "terraform-provi") {
		return false
	}
	status, err := p.Status()
	return err == nil && !slices.Contains(status, process.Zombie)
}
