package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ticks ticks
		high  float64
		want  string
	}{
		{ticks{least: 1}, 2000, "0 500 1,000 1,500 2,000"},
		{ticks{least: 1}, 500, "0 100 200 300 400 500"},
		{ticks{least: 1}, 20, "0 5 10 15 20"},
		{ticks{least: 1}, 1, "0 1"},
		{ticks{}, 0.27, "0.00 0.05 0.10 0.15 0.20 0.25"},
		{ticks{}, 3.1, "0 1 2 3"},
		{ticks{}, 13.4, "0 5 10"},
		{ticks{}, 168, "0 50 100 150"},
	} {
		var got []string
		for _, tick := range c.ticks.Ticks(0, c.high) {
			got = append(got, tick.Label)
			if value, err := strconv.ParseFloat(strings.ReplaceAll(tick.Label, ",", ""), 64); err != nil || value-tick.Value > 1e-9 || tick.Value-value > 1e-9 {
				t.Errorf("the tick at %g is labelled %q", tick.Value, tick.Label)
			}
		}
		if text := strings.Join(got, " "); text != strings.ReplaceAll(c.want, "  ", " ") {
			t.Errorf("up to %g: %s; want %s", c.high, text, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	r := madeUp()
	r.Results = append(r.Results, // a second floor of the same size, and what is in no panel
		result{Workload: floor.Name, Step: stepApply, setting: setting{Resources: 1, BesideMix: true}, figures: figures{Seconds: 1000}},
		result{Workload: mixed.Name, Step: stepApply, setting: setting{Resources: 1}, figures: figures{Seconds: 1}},
		result{Workload: ours.Name, Step: stepApply, setting: setting{Resources: 1, RequestsPerSecond: limit}, figures: figures{Seconds: 1}})
	want := map[string][]line{
		"seconds": {{floor.Name, 0}, {bare.Name, 0}, {ours.Name, 0}, {ours.Name, 20}, {ours.Name, 50}},
		"MiB":     {{bare.Name, 0}, {ours.Name, 0}, {ours.Name, 20}, {ours.Name, 50}},
	}
	for _, p := range panels() {
		lines := r.lines(p)
		var got []line
		for of, points := range lines {
			got = append(got, of)
			if len(points) != 5 || points[0].X != 1 || points[4].X != 2000 {
				t.Errorf("%s: the points of %s are %v", p.title, of.label(), points)
			}
		}
		slices.SortFunc(got, order)
		if !slices.Equal(got, want[p.unit]) {
			t.Errorf("%s: lines %v; want %v", p.title, got, want[p.unit])
		}
	}
	if got := r.lines(panels()[0])[line{workload: floor.Name}][0].Y; got < 500 || got > 501 {
		t.Errorf("two floors of a size are %g; want their median", got)
	}
}

var textInPlot = regexp.MustCompile(`<text x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)<`)

// TestPlotFrom draws all sizes, and sees that rows of the legends keep apart, and that the axes are labelled with whole numbers.
func TestPlotFrom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content, err := json.Marshal(madeUp())
	if err != nil {
		t.Fatal(err)
	}
	from, out := filepath.Join(dir, "from.json"), filepath.Join(dir, "out")
	if err := os.WriteFile(from, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-plot-from", from, "-out", out}, t.Logf); err != nil {
		t.Fatal(err)
	}
	drawn, err := os.ReadFile(filepath.Join(out, "results.svg"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]float64{} // heights of a legend's rows, by the side of the plot that they are on
	count := map[string]int{}
	for _, found := range textInPlot.FindAllStringSubmatch(string(drawn), -1) {
		count[found[3]]++
		switch label := found[3]; {
		case label == floor.Name || label == bare.Name || strings.HasPrefix(label, ours.Name+", "):
			y, err := strconv.ParseFloat(found[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			rows[found[1]] = append(rows[found[1]], y)
		case strings.Contains(label, ".00"):
			t.Errorf("a label is %q", label)
		}
	}
	for label, want := range map[string]int{
		"500": 6, "1,000": 6, "2,000": 6, floor.Name: 4, bare.Name: 6, "agents, 0 ms": 6, "agents, 20 ms": 6, "agents, 50 ms": 6, "MiB": 2, "seconds": 4,
	} {
		if count[label] < want {
			t.Errorf("%q is written %d times; want %d or more", label, count[label], want)
		}
	}
	for x, heights := range rows {
		slices.Sort(heights)
		const row = 12 // points, for letters of 10
		for i := range heights[1:] {
			if heights[i+1]-heights[i] < row {
				t.Errorf("at %s two rows of a legend are only %g apart", x, heights[i+1]-heights[i])
			}
		}
	}
	if name := os.Getenv("AUTX_BENCH_PLOT"); name != "" { // to look at it
		if err := os.WriteFile(name, drawn, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlotFromNothing(t *testing.T) {
	t.Parallel()
	if err := plotFrom(filepath.Join(t.TempDir(), "none.json"), t.TempDir()); err == nil {
		t.Error("a file that does not exist is drawn")
	}
}

// TestAxes start at 0 whatever the least figure is: half of what is drawn must be half as much.
func TestAxes(t *testing.T) {
	t.Parallel()
	r := &report{}
	for _, n := range []int{1000, 2000} {
		for _, step := range steps {
			r.Results = append(r.Results, result{
				Workload: ours.Name, setting: setting{Resources: n}, Step: step, figures: figures{Seconds: float64(n), ProviderPeak: float64(n)},
			})
		}
	}
	for _, of := range []*report{r, {}} {
		for _, one := range panels() {
			p, err := of.draw(one)
			if err != nil {
				t.Fatal(err)
			}
			if p.X.Min != 0 || p.Y.Min != 0 {
				t.Errorf("%s: the axes start at %g and %g; want 0", one.title, p.X.Min, p.Y.Min)
			}
			if want := float64(len(of.Results)) * 200; p.X.Max < want || p.Y.Max < want || p.Y.Max <= 0 {
				t.Errorf("%s: the axes end at %g and %g; want %g or more", one.title, p.X.Max, p.Y.Max, want)
			}
		}
	}
}
