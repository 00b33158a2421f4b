package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// directory is a working directory of the CLI.
type directory struct {
	cli, path string
	env       []string
	notes     string
}

// spent is what one command took.
type spent struct {
	wall, cli time.Duration // cli is processor time of the CLI's process and of the provider processes that it has waited for
	cliPeak   int64         // bytes, of the largest of them
	provider  processes
}

// processes are the provider processes of one command.
type processes struct {
	Starts     int
	PeakBytes  int64 // of the largest
	CPUSeconds float64
	Allocated  uint64 // bytes, of all
}

// newDirectory lays out a working directory below a parent; binaries holds the provider.
func newDirectory(parent, cli, binaries string, w workload, baseURL string) (*directory, error) {
	path, err := os.MkdirTemp(parent, w.Name+"-")
	if err != nil {
		return nil, fmt.Errorf("make a working directory: %w", err)
	}
	d := &directory{cli: cli, path: path, notes: filepath.Join(path, "notes.json")}
	config := filepath.Join(path, "cli.tfrc")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", "autx-ai/autx", binaries)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write the CLI's settings: %w", err)
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		prefix, _, _ := strings.Cut(name, "_")
		if (prefix != "TF" && prefix != "TOFU" && prefix != "AUTX") || name == "AUTX_BENCH_UNTUNED" {
			d.env = append(d.env, entry)
		}
	}
	d.env = append(d.env, "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"AUTX_BASE_URL="+baseURL, "AUTX_API_KEY=autx_live_bench", "AUTX_BENCH_NOTES="+d.notes)
	if w.bare {
		d.env = append(d.env, "AUTX_BENCH_BARE=1")
	}
	return d, nil
}

func (d *directory) write(config string) error {
	if err := os.WriteFile(filepath.Join(d.path, "main.tf"), []byte(config), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// run runs a command of the CLI, which has to end with one of the statuses. Its provider processes leave profiles in a directory, if one is named.
func (d *directory) run(ctx context.Context, profiles string, statuses []int, args ...string) (spent, error) {
	cmd := exec.CommandContext(ctx, d.cli, args...)
	cmd.Dir, cmd.Env = d.path, append(slices.Clone(d.env), "AUTX_BENCH_PROFILES="+profiles)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	err := cmd.Run()
	took := spent{wall: time.Since(start)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return took, fmt.Errorf("run %s: %w", args[0], err)
	}
	for _, status := range statuses {
		if cmd.ProcessState.ExitCode() == status {
			took.cli = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			took.cliPeak = peakOf(cmd.ProcessState)
			took.provider, err = d.read()
			return took, err
		}
	}
	text := output.String()
	const enough = 4000
	return took, fmt.Errorf("%s ended with status %d:\n%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), text[max(0, len(text)-enough):])
}

// read sums up what the provider processes of a command noted.
func (d *directory) read() (processes, error) {
	var sum processes
	file, err := os.Open(d.notes)
	if errors.Is(err, fs.ErrNotExist) {
		return sum, nil
	}
	if err != nil {
		return sum, fmt.Errorf("read the provider's notes: %w", err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var note struct {
			PeakBytes  int64   `json:"peak_bytes"`
			CPUSeconds float64 `json:"cpu_seconds"`
			Allocated  uint64  `json:"allocated_bytes"`
		}
		if err := json.Unmarshal(lines.Bytes(), &note); err != nil {
			return sum, fmt.Errorf("read the provider's notes: %w", err)
		}
		sum.Starts++
		sum.PeakBytes = max(sum.PeakBytes, note.PeakBytes)
		sum.CPUSeconds += note.CPUSeconds
		sum.Allocated += note.Allocated
	}
	return sum, os.Remove(d.notes)
}
