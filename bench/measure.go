package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The steps of one run, in order.
const (
	stepApply   = "apply"
	stepFirst   = "first plan after the apply" // in which the provider's journal notes that the state has what was bought
	stepNoOp    = "no-op plan"
	stepChange  = "plan after one change"
	stepDestroy = "destroy"
)

var steps = []string{stepApply, stepFirst, stepNoOp, stepChange, stepDestroy}

const mib = 1 << 20

func peakOf(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss * 1024
	}
	return 0
}

// bench measures.
type bench struct {
	cli, binaries, profiles, work string
	say                           func(format string, args ...any)
}

// side measures workloads side by side in one setting: in each run every one of them, one after the other.
func (b *bench) side(ctx context.Context, s side) ([]result, error) {
	var out []result
	for run := range s.runs {
		for _, w := range s.workloads {
			b.say("%s: run %d of %d", s.at.title(w), run+1, s.runs)
			samples, err := b.once(ctx, s.at, w, run)
			if err != nil {
				return nil, fmt.Errorf("%s, %+v: %w", w.Name, s.at, err)
			}
			out = gather(out, s.at, w, samples)
		}
	}
	for i := range out {
		out[i].settle()
	}
	return out, nil
}

// gather adds a run, one sample for each step, to the results.
func gather(results []result, at setting, w workload, samples []sample) []result {
	for i, step := range steps {
		known := slices.IndexFunc(results, func(r result) bool { return r.Workload == w.Name && r.Step == step })
		if known < 0 {
			known = len(results)
			results = append(results, result{Workload: w.Name, setting: at, Step: step})
		}
		results[known].Runs = append(results[known].Runs, samples[i])
	}
	return results
}

// once goes through the steps with a workload.
func (b *bench) once(ctx context.Context, at setting, w workload, run int) (_ []sample, err error) {
	s, err := startService(time.Duration(at.LatencyMS)*time.Millisecond, at.RequestsPerSecond)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	d, err := newDirectory(b.work, b.cli, b.binaries, w, s.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.path)) }()

	var out []sample
	for _, step := range steps {
		if err := d.write(w.config(at.Resources, step == stepChange)); err != nil {
			return nil, err
		}
		args, statuses := []string{"plan", "-input=false", "-no-color", "-detailed-exitcode"}, []int{0}
		switch step {
		case stepApply:
			args = []string{"apply", "-input=false", "-no-color", "-auto-approve"}
		case stepDestroy:
			args = []string{"destroy", "-input=false", "-no-color", "-auto-approve"}
		case stepChange:
			statuses = []int{2}
		}
		profiles, err := b.profilesOf(at, w, run, step)
		if err != nil {
			return nil, err
		}
		s.begin()
		took, err := d.run(ctx, profiles, statuses, args...)
		if err != nil {
			return nil, err
		}
		one := s.traffic()
		one.Starts = took.provider.Starts
		one.figures = figures{
			Seconds: took.wall.Seconds(), CLISeconds: took.cli.Seconds() - took.provider.CPUSeconds, CLIPeakMiB: float64(took.cliPeak) / mib,
			ProviderCPU: took.provider.CPUSeconds, ProviderPeak: float64(took.provider.PeakBytes) / mib,
			ProviderMemory: float64(took.provider.Allocated) / mib,
		}
		b.say("  %-26s %7.2fs  %d requests", step, one.Seconds, one.total())
		out = append(out, one)
	}
	return out, nil
}

// profilesOf makes the directory for the profiles of one command: of its workload, setting, run and step.
func (b *bench) profilesOf(at setting, w workload, run int, step string) (string, error) {
	if b.profiles == "" || w.builtin {
		return "", nil
	}
	dir := filepath.Join(b.profiles, fmt.Sprintf("%s-run%d", at.title(w), run+1), strings.ReplaceAll(step, " ", "-"))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("make a directory for profiles: %w", err)
	}
	return dir, nil
}
