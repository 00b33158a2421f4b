package main

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for want, of := range map[float64][]float64{2: {3, 1, 2}, 2.5: {4, 1, 3, 2}, 7: {7}} {
		if got := median(of); got != want {
			t.Errorf("the median of %v is %g; want %g", of, got, want)
		}
	}
}

// TestMedians tells each figure's own median from the figures of the last run, or of the run whose wall time is the median.
func TestMedians(t *testing.T) {
	t.Parallel()
	var results []result
	at := setting{Resources: 10, LatencyMS: 20}
	for _, all := range []figures{{3, 30, 300, 13, 130, 1300}, {1, 20, 100, 12, 110, 1100}, {2, 10, 200, 11, 120, 1200}} {
		samples := make([]sample, len(steps))
		for i := range samples {
			samples[i].figures = all
		}
		results = gather(results, at, ours, samples)
	}
	if len(results) != len(steps) {
		t.Fatalf("%d results; want one for each of %d steps", len(results), len(steps))
	}
	for i, r := range results {
		r.settle()
		if want := (figures{2, 20, 200, 12, 120, 1200}); r.figures != want || r.Step != steps[i] || r.setting != at || len(r.Runs) != 3 {
			t.Errorf("%s: got %+v; want %+v", steps[i], r, want)
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	r := result{Runs: []sample{
		{Requests: map[string]int{"a": 2000, "b": 1}, Writes: 2000, Connections: 13},
		{Requests: map[string]int{"a": 2000}, Writes: 2000, Connections: 11},
		{Requests: map[string]int{"a": 2000, "b": 2}, Writes: 2000, Connections: 12},
	}}
	for want, got := range map[string]span{
		"2,000": r.span(func(s sample) int { return s.Requests["a"] }),
		"0–2":   r.span(func(s sample) int { return s.Requests["b"] }), // absent in a run is none
		"11–13": r.span(func(s sample) int { return s.Connections }),
		"0":     r.span(func(s sample) int { return s.Refused }),
	} {
		if got.String() != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
	var sum span
	sum = sum.join(span{})
	sum = sum.join(r.span(sample.others))
	if sum.String() != "0–2" {
		t.Errorf("others: got %s; want 0–2", sum)
	}
	sum = sum.join(span{low: 7, high: 9, counted: true})
	if sum.String() != "0–9" {
		t.Errorf("joined: got %s; want 0–9", sum)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	made := func(w workload, n, latency int, seconds float64, mix bool) result {
		return result{
			Workload: w.Name, setting: setting{Resources: n, LatencyMS: latency, BesideMix: mix}, Step: stepApply, figures: figures{Seconds: seconds},
		}
	}
	const none = 0
	cases := []struct {
		result      result
		floor, bare float64
	}{
		{made(ours, 100, 0, 12, false), 12.0 / 2, 12.0 / 4}, // the floor at its own latency, bare at the other
		{made(floor, 100, 0, 2, false), none, none},
		{made(floor, 100, 50, 3, false), none, none},
		{made(bare, 100, 50, 4, false), 4.0 / 3, none},
		{made(ours, 100, 50, 15, false), 15.0 / 3, 15.0 / 4},
		{made(ours, 1000, 0, 40, false), 40.0 / 10, 40.0 / 20}, // both at the other latency, which comes later
		{made(floor, 1000, 50, 10, false), none, none},
		{made(bare, 1000, 50, 20, false), 2, none},
		{made(ours, 1000, 50, 50, false), 5, 2.5},
		{made(floor, 500, 50, 6, false), none, none},
		{made(floor, 500, 50, 8, true), none, none},
		{made(mixed, 500, 50, 24, true), 24.0 / 8, none}, // the floor beside it
		{made(mixed, 1000, 50, 30, true), 30.0 / 10, none},
		{made(ours, 7, 50, 30, false), none, none}, // no floor of the size
	}
	limited := made(ours, 100, 0, 30, false)
	limited.RequestsPerSecond = limit
	cases = append(cases, struct {
		result      result
		floor, bare float64
	}{limited, none, none})
	var results []result
	for _, c := range cases {
		results = append(results, c.result)
	}
	other := made(floor, 1000, 0, 1, false) // another step is none of their business
	other.Step = stepDestroy
	results = append(results, other)
	compare(results)
	for i, c := range cases {
		if got := results[i]; math.Abs(got.OverFloor-c.floor) > 1e-9 || math.Abs(got.OverBare-c.bare) > 1e-9 {
			t.Errorf("%s %+v: %g × floor and %g × bare; want %g and %g", got.Workload, got.setting, got.OverFloor, got.OverBare, c.floor, c.bare)
		}
	}
}
