package main

import (
	"strings"
	"testing"
)

// madeUp is a report of all sizes and latencies that nobody measured.
func madeUp() *report {
	r := &report{CLI: "Terraform v0", Machine: "none", RunsAsked: 3, Reference: 50, Settings: 1, Measured: 1}
	add := func(w workload, n, latency int, factor float64) {
		at := setting{Resources: n, LatencyMS: latency, BesideMix: w.Name == mixed.Name}
		for i, step := range steps {
			size := float64(n)
			one := sample{figures: figures{Seconds: factor * (0.05 + size/150 + size*size/40000/float64(1+i%4*2))}}
			if !w.builtin {
				one.ProviderPeak, one.Starts = 60+factor*size*0.05*float64(1+i%3), 3
			}
			if w.Name == ours.Name || w.Name == mixed.Name {
				one.Requests = map[string]int{"agents.mine": 1}
				if step == stepApply {
					one.Requests["agents.create"], one.Writes = n, n
				}
			}
			r.Results = append(r.Results, result{Workload: w.Name, setting: at, Step: step, figures: one.figures, Runs: []sample{one}})
		}
	}
	for _, n := range []int{1, 100, 500, 1000, 2000} {
		for _, latency := range []int{0, 20, 50} {
			add(ours, n, latency, 2.1+float64(latency)/400)
		}
		add(floor, n, 50, 1)
		add(bare, n, 50, 1.8)
	}
	compare(r.Results)
	return r
}

func TestRow(t *testing.T) {
	t.Parallel()
	r := result{
		Workload: ours.Name, setting: setting{Resources: 2000, LatencyMS: 20}, Step: stepApply, OverFloor: 1.255, OverBare: 1.1,
		Runs: []sample{
			{
				figures:  figures{Seconds: 1, CLISeconds: 2, ProviderCPU: 3, ProviderPeak: 100},
				Requests: map[string]int{"agents.create": 2000, "agents.get": 2}, Connections: 2011, Starts: 4,
			},
			{
				figures:  figures{Seconds: 3, CLISeconds: 6, ProviderCPU: 5, ProviderPeak: 300},
				Requests: map[string]int{"agents.create": 2000, "agents.mine": 1}, Connections: 2013, Starts: 4, Refused: 3,
			},
		},
	}
	r.settle()
	const want = "| agents | 2,000 | 20 ms | 2.00 s | 1.25 | 1.10 | 2,000 agents.create, 0–2 agents.get, 0–1 agents.mine | 0–3 | 2,011–2,013 | 4.00 s | 4.00 s | " +
		"200.0 MiB | 4 | 2 |\n"
	if got := r.row(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	r.RequestsPerSecond, r.OverFloor, r.OverBare = limit, 0, 0
	if got, want := r.row(), "| agents | 2,000 | 5 req/s | 2.00 s |  |  |"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s; want %s…", got, want)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	made := func(w workload, step string, n int, perSecond float64, samples ...sample) result {
		return result{Workload: w.Name, setting: setting{Resources: n, RequestsPerSecond: perSecond}, Step: step, Runs: samples}
	}
	of := func(writes int, requests map[string]int) sample { return sample{Writes: writes, Requests: requests} }
	r := &report{Results: []result{
		made(ours, stepApply, 2000, 0, of(2000, map[string]int{"agents.create": 2000, "agents.get": 28})),
		made(ours, stepApply, 1, 0, of(1, map[string]int{"agents.create": 1, "agents.get": 8})),
		made(ours, stepApply, 2000, 0, of(2000, map[string]int{"agents.create": 2000, "agents.get": 26}),
			of(2001, map[string]int{"agents.create": 2001, "agents.get": 27})), // at another latency
		made(ours, stepNoOp, 2000, 0, of(0, map[string]int{"agents.mine": 3})),
		made(ours, stepApply, 100, 5, of(100, map[string]int{"agents.create": 100, "agents.get": 99})), // with a rate limit
		made(floor, stepApply, 1, 0, of(0, nil)),
		made(mixed, stepApply, 9, 0, of(9, map[string]int{"agents.create": 3, "orders.create": 3, "sessions.open": 3, "orders.get": 8}),
			of(9, map[string]int{"agents.create": 3, "orders.create": 3, "sessions.open": 3, "orders.get": 9})),
		made(mixed, stepNoOp, 9, 0, of(0, map[string]int{"agents.mine": 3})),
	}}
	got := r.requests()
	for _, want := range []string{
		"at most 28 others",
		"\n| apply | 1 | 1 | 8 |\n| apply | 2,000 | 2,000–2,001 | 26–28 |\n| no-op plan | 2,000 | 0 | 3 |\n\n",
		"\n| apply | 9 | 9 | 8–9 |\n| no-op plan | 9 | 0 | 3 |\n\n",
		"\n- apply of 9 resources: 8–9 others for 6 orders and sessions, those for its agents included; at most 1.50 for each.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "99") || strings.Contains(got, "no-op plan of") {
		t.Errorf("tells of the run with a rate limit, or of purchases in a step without:\n%s", got)
	}
	if got := (&report{}).requests(); got != "" {
		t.Errorf("without results: %q", got)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	got := madeUp().markdown()
	for _, want := range []string{
		"to the one at 50 ms", "medians over the runs", "## Requests", "## Peak memory", "| agents | 2,000 | 0 ms |",
		"- apply: 60.0 MiB and ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"Incomplete", "Requests of the mix", "NaN", "Inf"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("has %q:\n%s", unwanted, got)
		}
	}
}
