package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// version is under which the provider is installed; the configuration asks for "~> 0.1".
const version = "0.1.0"

// What a plan with -detailed-exitcode says by its exit status.
const (
	nothingToDo = 0
	refused     = 1
	somethingTo = 2
)

//go:embed config/main.tf
var config embed.FS

// The providers command names each provider with the host that this CLI puts in front.
var providerAddress = regexp.MustCompile(`provider\[(\S+/autx-ai/autx)\]`)

var exeSuffix = map[string]string{"windows": ".exe"}[runtime.GOOS]

// workspace is a directory with the configuration, and a CLI to run in it.
type workspace struct {
	cli, dir    string
	environment []string
}

// newWorkspace lays out a directory in which the CLI finds the configuration, and the provider without a network.
func newWorkspace(ctx context.Context, dir, cli, provider string, environment []string) (*workspace, error) {
	w := &workspace{cli: cli, dir: filepath.Join(dir, "config"), environment: environment}
	settings := filepath.Join(dir, "cli.tfrc")
	mirror := filepath.Join(dir, "providers")
	for _, variable := range os.Environ() {
		// What the user has set for other configurations must not reach this one.
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "AUTX_") {
			w.environment = append(w.environment, variable)
		}
	}
	w.environment = append(w.environment, "TF_CLI_CONFIG_FILE="+settings, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")

	content, err := config.ReadFile("config/main.tf")
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), content, 0o600); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	quoted, err := json.Marshal(mirror)
	if err != nil {
		return nil, fmt.Errorf("quote a path: %w", err)
	}
	installation := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %s\n  }\n}\n", quoted)
	if err := os.WriteFile(settings, []byte(installation), 0o600); err != nil {
		return nil, fmt.Errorf("write the CLI's settings: %w", err)
	}
	if err := w.install(ctx, mirror, provider); err != nil {
		return nil, err
	}

	return w, nil
}

// install puts the provider where the CLI looks for it in the mirror. The host in that path is asked of the CLI: each has its own.
func (w *workspace) install(ctx context.Context, mirror, provider string) error {
	listing, err := w.output(ctx, "providers")
	if err != nil {
		return err
	}
	address := providerAddress.FindSubmatch(listing)
	if address == nil {
		return fmt.Errorf("%s does not name the provider it needs:\n%s", w.cli, listing)
	}
	dir := filepath.Join(mirror, filepath.FromSlash(string(address[1])), version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	program, err := os.ReadFile(provider) //nolint:gosec // The program that was just built.
	if err != nil {
		return fmt.Errorf("read the provider: %w", err)
	}
	target := filepath.Join(dir, "terraform-provider-autx_v"+version+exeSuffix)
	if err := os.WriteFile(target, program, 0o700); err != nil { //nolint:gosec // A program has to be executable.
		return fmt.Errorf("install the provider: %w", err)
	}

	return nil
}

// show runs the CLI before the user's eyes and fails unless it ends with the wanted status. It returns what went to stderr.
func (w *workspace) show(ctx context.Context, want int, arguments ...string) (string, error) {
	fmt.Fprintf(os.Stdout, "\n$ %s %s\n", filepath.Base(w.cli), strings.Join(arguments, " "))
	var complaints bytes.Buffer
	if !onTerminal(os.Stdout) {
		arguments = append(slices.Clone(arguments[:1]), append([]string{"-no-color"}, arguments[1:]...)...)
	}
	command := w.command(ctx, arguments...)
	command.Stdout = os.Stdout
	command.Stderr = io.MultiWriter(os.Stderr, &complaints)
	err := command.Run()
	if ctx.Err() != nil {
		return "", fmt.Errorf("interrupted during %s: %w", arguments[0], ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", fmt.Errorf("run %s: %w", command, err)
	}
	if got := command.ProcessState.ExitCode(); got != want {
		return "", fmt.Errorf("%s ended with status %d, and %d was expected", command, got, want)
	}

	return complaints.String(), nil
}

// onTerminal tells whether somebody watches, for whom the CLI may use colours.
func onTerminal(file *os.File) bool {
	info, err := file.Stat()

	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// output runs the CLI unseen and returns what it printed.
func (w *workspace) output(ctx context.Context, arguments ...string) ([]byte, error) {
	var out, complaints bytes.Buffer
	command := w.command(ctx, arguments...)
	command.Stdout, command.Stderr = &out, &complaints
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("run %s: %w\n%s", command, err, &complaints)
	}

	return out.Bytes(), nil
}

func (w *workspace) command(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, w.cli, arguments...) //nolint:gosec // The CLI that the user chose.
	command.Dir = w.dir
	command.Env = w.environment
	// A killed CLI would leave its provider behind; an interrupted one ends it.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute

	return command
}

// change is what a plan does to one resource.
type change struct {
	Address string `json:"address"`
	Change  struct {
		Actions []string       `json:"actions"`
		Before  map[string]any `json:"before"`
		After   map[string]any `json:"after"`
	} `json:"change"`
}

// plan makes a plan before the user's eyes and returns what it would do.
func (w *workspace) plan(ctx context.Context, want int, variables ...string) ([]change, error) {
	arguments := append([]string{"plan", "-out=plan", "-detailed-exitcode"}, variables...)
	if _, err := w.show(ctx, want, arguments...); err != nil {
		return nil, err
	}
	shown, err := w.output(ctx, "show", "-json", "plan")
	if err != nil {
		return nil, err
	}
	var decoded struct {
		Changes []change `json:"resource_changes"`
	}
	if err := json.Unmarshal(shown, &decoded); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	var changes []change
	for _, c := range decoded.Changes {
		if len(c.Change.Actions) != 1 || (c.Change.Actions[0] != "no-op" && c.Change.Actions[0] != "read") {
			changes = append(changes, c)
		}
	}

	return changes, nil
}

// apply carries the last plan out before the user's eyes.
func (w *workspace) apply(ctx context.Context) error {
	_, err := w.show(ctx, 0, "apply", "plan")

	return err
}
