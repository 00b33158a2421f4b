package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// text is a side in one line.
func (s side) text() string {
	names := make([]string, len(s.workloads))
	for i, w := range s.workloads {
		names[i] = w.Name
	}
	return fmt.Sprintf("%d at %d ms, limit %g, %d times: %s", s.at.Resources, s.at.LatencyMS, s.at.RequestsPerSecond, s.runs, strings.Join(names, " "))
}

func TestSides(t *testing.T) {
	t.Parallel()
	for args, want := range map[string][]string{
		"": {
			"1 at 0 ms, limit 0, 3 times: terraform_data agents",
			"1 at 20 ms, limit 0, 3 times: terraform_data agents",
			"1 at 50 ms, limit 0, 3 times: terraform_data bare agents",
			"100 at 0 ms, limit 0, 3 times: terraform_data agents",
			"100 at 20 ms, limit 0, 3 times: terraform_data agents",
			"100 at 50 ms, limit 0, 3 times: terraform_data bare agents",
			"500 at 0 ms, limit 0, 1 times: agents",
			"500 at 20 ms, limit 0, 1 times: agents",
			"500 at 50 ms, limit 0, 3 times: terraform_data bare agents",
			"500 at 50 ms, limit 0, 3 times: terraform_data mix",
			"100 at 0 ms, limit 5, 1 times: agents",
		},
		"-full -sizes 500,1000,2000 -limited 0": {
			"500 at 0 ms, limit 0, 3 times: terraform_data agents",
			"500 at 20 ms, limit 0, 3 times: terraform_data agents",
			"500 at 50 ms, limit 0, 3 times: terraform_data bare agents",
			"1000 at 0 ms, limit 0, 1 times: agents",
			"1000 at 20 ms, limit 0, 1 times: agents",
			"1000 at 50 ms, limit 0, 3 times: terraform_data bare agents",
			"2000 at 0 ms, limit 0, 1 times: agents",
			"2000 at 20 ms, limit 0, 1 times: agents",
			"2000 at 50 ms, limit 0, 1 times: terraform_data bare agents",
			"500 at 50 ms, limit 0, 3 times: terraform_data mix",
			"1000 at 50 ms, limit 0, 1 times: mix",
		},
		"-full -sizes 2000 -latencies 0,20 -mix 1000 -limited 0": { // the latency to compare at is not measured, and neither is a floor for the mix
			"2000 at 0 ms, limit 0, 1 times: terraform_data bare agents",
			"2000 at 20 ms, limit 0, 1 times: agents",
			"1000 at 50 ms, limit 0, 1 times: terraform_data mix",
		},
		"-only bare -sizes 1,2000": {
			"1 at 50 ms, limit 0, 3 times: bare",
			"2000 at 50 ms, limit 0, 1 times: bare",
		},
	} {
		o, err := parse(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range o.sides() {
			got = append(got, s.text())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", args, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestFullFitsInAnHour adds up what was measured on two cores for all steps of one run.
func TestFullFitsInAnHour(t *testing.T) {
	t.Parallel()
	cost := map[string]map[int]float64{ // seconds, by size
		floor.Name: {1: 0.3, 100: 1.5, 500: 15.3, 1000: 46, 2000: 216},
		bare.Name:  {1: 1.1, 100: 4.2, 500: 31.2, 1000: 80, 2000: 290}, // 2,000: estimated
		ours.Name:  {1: 1.9, 100: 6.5, 500: 36.3, 1000: 102, 2000: 336},
		mixed.Name: {500: 37.5, 1000: 105}, // 1,000: estimated
	}
	const limited = 54.0
	o, err := parse([]string{"-full"})
	if err != nil {
		t.Fatal(err)
	}
	total, sizes := 0.0, map[string]bool{}
	for _, s := range o.sides() {
		for _, w := range s.workloads {
			seconds, ok := cost[w.Name][s.at.Resources]
			if !ok {
				t.Fatalf("the cost of %s is not known", s.text())
			}
			if s.at.RequestsPerSecond > 0 {
				seconds = limited
			}
			total += seconds * float64(s.runs)
			sizes[fmt.Sprintf("%s %d %d", w.Name, s.at.Resources, s.at.LatencyMS)] = true
		}
	}
	t.Logf("%.1f minutes", total/60)
	const most = 65 * 60
	if total > most {
		t.Errorf("it takes %.0f minutes", total/60)
	}
	for _, n := range []int{1, 100, 500, 1000, 2000} {
		for _, latency := range []int{0, 20, 50} {
			if !sizes[fmt.Sprintf("%s %d %d", ours.Name, n, latency)] {
				t.Errorf("%d agents are not measured at %d ms", n, latency)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-sizes 1,x", "-runs 0", "-nosuch"} {
		if _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%s is taken", args)
		}
	}
}

// TestInterruptedRun keeps what was measured before.
func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, err := parse([]string{"-sizes", "1,100", "-latencies", "50", "-mix", "", "-limited", "0", "-out", dir})
	if err != nil {
		t.Fatal(err)
	}
	interrupted := errors.New("interrupted")
	err = o.measure(t.Context(), &report{CLI: "A CLI", RunsAsked: 3, Reference: 50}, func(_ context.Context, s side) ([]result, error) {
		if s.at.Resources == 100 {
			return nil, interrupted
		}
		var out []result
		for _, w := range s.workloads {
			samples := make([]sample, len(steps))
			for i := range samples {
				samples[i].Seconds = time.Second.Seconds()
			}
			out = gather(out, s.at, w, samples)
		}
		for i := range out {
			out[i].settle()
		}
		return out, nil
	})
	if !errors.Is(err, interrupted) {
		t.Fatalf("got %v; want %v", err, interrupted)
	}
	content, err := os.ReadFile(filepath.Join(dir, "results.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Incomplete: 1 of 2 settings", "| agents | 1 | 50 ms | 1.00 s | 1.00 | 1.00 |"} {
		if !strings.Contains(string(content), want) {
			t.Errorf("the report lacks %q:\n%s", want, content)
		}
	}
}
