package main

import (
	"fmt"
	"maps"
	"slices"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// setting is what a workload is measured in.
type setting struct {
	Resources         int     `json:"resources"`
	LatencyMS         int     `json:"latency_ms"`
	RequestsPerSecond float64 `json:"requests_per_second,omitempty"` // 0: no limit
	// BesideMix tells the floor that was measured beside the mix from the one beside the agents.
	BesideMix bool `json:"beside_mix,omitempty"`
}

// figures are what varies from run to run.
type figures struct {
	Seconds        float64 `json:"seconds"` // wall time
	CLISeconds     float64 `json:"cli_cpu_seconds"`
	CLIPeakMiB     float64 `json:"largest_peak_mib"`     // of the CLI or a provider process
	ProviderCPU    float64 `json:"provider_cpu_seconds"` // of all provider processes of the command
	ProviderPeak   float64 `json:"provider_peak_mib"`    // of the largest one
	ProviderMemory float64 `json:"provider_allocated_mib"`
}

// sample is one step in one run.
type sample struct {
	figures
	Requests    map[string]int `json:"requests,omitempty"` // by operation, without those that were refused for coming too fast
	Writes      int            `json:"writes"`             // how many of the requests were no plain reads
	Refused     int            `json:"refused_429"`
	Connections int            `json:"connections"`
	Starts      int            `json:"provider_starts"`
}

func (s sample) total() int {
	sum := 0
	for _, n := range s.Requests {
		sum += n
	}
	return sum
}

func (s sample) others() int { return s.total() - s.Writes }

// result is one step of a workload in a setting: the medians of the figures, and what each run was.
type result struct {
	Workload string `json:"workload"`
	setting
	Step string `json:"step"`
	figures
	OverFloor float64  `json:"over_floor,omitempty"` // of the medians of wall time
	OverBare  float64  `json:"over_bare,omitempty"`
	Runs      []sample `json:"runs"`
}

// settle computes the medians.
func (r *result) settle() {
	of := func(figure func(*figures) float64) float64 {
		values := make([]float64, len(r.Runs))
		for i := range r.Runs {
			values[i] = figure(&r.Runs[i].figures)
		}
		return median(values)
	}
	r.figures = figures{
		Seconds:        of(func(f *figures) float64 { return f.Seconds }),
		CLISeconds:     of(func(f *figures) float64 { return f.CLISeconds }),
		CLIPeakMiB:     of(func(f *figures) float64 { return f.CLIPeakMiB }),
		ProviderCPU:    of(func(f *figures) float64 { return f.ProviderCPU }),
		ProviderPeak:   of(func(f *figures) float64 { return f.ProviderPeak }),
		ProviderMemory: of(func(f *figures) float64 { return f.ProviderMemory }),
	}
}

// span is the least and the greatest count of the runs.
func (r *result) span(count func(sample) int) span {
	var s span
	for _, one := range r.Runs {
		n := count(one)
		s = s.join(span{n, n, true})
	}
	return s
}

// operations are those that any run asked for, in alphabetical order.
func (r *result) operations() []string {
	all := map[string]int{}
	for _, one := range r.Runs {
		maps.Copy(all, one.Requests)
	}
	return slices.Sorted(maps.Keys(all))
}

// span is from the least to the greatest of some counts.
type span struct {
	low, high int
	counted   bool
}

// join gives the span of two spans' counts.
func (s span) join(other span) span {
	switch {
	case !s.counted:
		return other
	case !other.counted:
		return s
	}
	return span{min(s.low, other.low), max(s.high, other.high), true}
}

// String is one number where all counts are equal, and a range where they are not.
func (s span) String() string {
	if s.low == s.high {
		return thousands(s.low)
	}
	return thousands(s.low) + "–" + thousands(s.high)
}

// thousands writes a number as "2,000".
func thousands(n int) string { return message.NewPrinter(language.English).Sprintf("%d", n) }

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// compare fills in the ratios to the floor and to the bare provider: of the same step and size, at the same latency where that was measured, and else
// at another, as neither makes a request that would be delayed. A run with a rate limit is compared with nothing: what it takes is up to the limit.
func compare(results []result) {
	for i := range results {
		r := &results[i]
		r.OverFloor, r.OverBare = 0, 0
		if r.RequestsPerSecond > 0 {
			continue
		}
		if r.Workload != floor.Name {
			r.OverFloor = ratio(r, counterpart(results, r, floor.Name))
		}
		if r.Workload == ours.Name {
			r.OverBare = ratio(r, counterpart(results, r, bare.Name))
		}
	}
}

func ratio(r, base *result) float64 {
	if base == nil || base.Seconds <= 0 {
		return 0
	}
	return r.Seconds / base.Seconds
}

// counterpart finds what a result is compared with.
func counterpart(results []result, r *result, workload string) *result {
	var best *result
	score := -1
	for i := range results {
		other := &results[i]
		if other.Workload != workload || other.Step != r.Step || other.Resources != r.Resources || other.RequestsPerSecond > 0 {
			continue
		}
		fits := 0
		if other.LatencyMS == r.LatencyMS {
			fits += 2
		}
		if other.BesideMix == r.BesideMix {
			fits++
		}
		if fits > score {
			best, score = other, fits
		}
	}
	return best
}

// title names a setting and a workload for a reader, and for a file.
func (at setting) title(w workload) string {
	text := fmt.Sprintf("%s-%d-%dms", w.Name, at.Resources, at.LatencyMS)
	if at.RequestsPerSecond > 0 {
		text += fmt.Sprintf("-limit%g", at.RequestsPerSecond)
	}
	return text
}
