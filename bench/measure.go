package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"
)

// setting is what a workload is measured in.
type setting struct {
	Resources         int     `json:"resources"`
	LatencyMS         int     `json:"latency_ms"`
	RequestsPerSecond float64 `json:"requests_per_second,omitempty"` // 0: no limit
}

// The steps of one run, in order.
const (
	stepApply   = "apply"
	stepFirst   = "first plan after the apply" // in which the provider's journal notes that the state has what was bought
	stepNoOp    = "no-op plan"
	stepChange  = "plan after one change"
	stepDestroy = "destroy"
)

var steps = []string{stepApply, stepFirst, stepNoOp, stepChange, stepDestroy}

// result is one step of a workload in a setting, over all runs. What is not said to be a median is of the last run.
type result struct {
	Workload string `json:"workload"`
	setting
	Step           string         `json:"step"`
	Seconds        float64        `json:"seconds"` // wall time, median
	AllSeconds     []float64      `json:"all_seconds"`
	OverFloor      float64        `json:"over_floor,omitempty"` // of the medians
	Requests       map[string]int `json:"requests,omitempty"`
	Refused        int            `json:"refused_429"`
	Connections    int            `json:"connections"`
	CLISeconds     float64        `json:"cli_cpu_seconds"`
	CLIPeakMiB     float64        `json:"largest_peak_mib"` // of the CLI or a provider process
	Starts         int            `json:"provider_starts"`
	ProviderCPU    float64        `json:"provider_cpu_seconds"`
	ProviderPeak   float64        `json:"provider_peak_mib"`
	ProviderMemory float64        `json:"provider_allocated_mib"`
}

func (r result) total() int {
	sum := 0
	for _, n := range r.Requests {
		sum += n
	}
	return sum
}

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
	runs                          int
	say                           func(format string, args ...any)
	results                       []result
	only                          []string // names of workloads; empty: all
}

// side measures workloads side by side in one setting: in each run every one of them, one after the other.
func (b *bench) side(ctx context.Context, at setting, workloads ...workload) error {
	if len(b.only) > 0 {
		workloads = slices.DeleteFunc(workloads, func(w workload) bool { return !slices.Contains(b.only, w.Name) })
	}
	found := map[string]*result{}
	var order []*result
	for run := range b.runs {
		for _, w := range workloads {
			b.say("%s, %d resources, %d ms, limit %g: run %d of %d", w.Name, at.Resources, at.LatencyMS, at.RequestsPerSecond, run+1, b.runs)
			once, err := b.once(ctx, at, w)
			if err != nil {
				return fmt.Errorf("%s, %+v: %w", w.Name, at, err)
			}
			for i := range once {
				name := w.Name + " " + once[i].Step
				if found[name] == nil {
					found[name] = &once[i]
					order = append(order, &once[i])
					continue
				}
				once[i].AllSeconds = append(found[name].AllSeconds, once[i].AllSeconds...)
				*found[name] = once[i]
			}
		}
	}
	for _, r := range order {
		r.Seconds = median(r.AllSeconds)
		if base := found[floor.Name+" "+r.Step]; base != nil && base != r {
			r.OverFloor = r.Seconds / median(base.AllSeconds)
		}
		b.results = append(b.results, *r)
	}
	return nil
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// once goes through the steps with a workload.
func (b *bench) once(ctx context.Context, at setting, w workload) (_ []result, err error) {
	s, err := startService(time.Duration(at.LatencyMS)*time.Millisecond, at.RequestsPerSecond)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	d, err := newDirectory(b.work, b.cli, b.binaries, b.profiles, w, s.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.path)) }()

	var out []result
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
		s.begin()
		took, err := d.run(ctx, statuses, args...)
		if err != nil {
			return nil, err
		}
		r := result{
			Workload: w.Name, setting: at, Step: step, AllSeconds: []float64{took.wall.Seconds()},
			CLISeconds: took.cli.Seconds() - took.provider.CPUSeconds, CLIPeakMiB: float64(took.cliPeak) / mib,
			Starts: took.provider.Starts, ProviderCPU: took.provider.CPUSeconds,
			ProviderPeak: float64(took.provider.PeakBytes) / mib, ProviderMemory: float64(took.provider.Allocated) / mib,
		}
		r.Requests, r.Refused, r.Connections = s.traffic()
		b.say("  %-22s %6.2fs  %d requests", step, took.wall.Seconds(), r.total())
		out = append(out, r)
	}
	return out, nil
}
