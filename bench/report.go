package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is what a benchmark found.
type report struct {
	CLI     string        `json:"cli"`
	Machine string        `json:"machine"`
	Runs    int           `json:"runs"`
	Took    time.Duration `json:"took_ns"`
	Results []result      `json:"results"`
}

func machine() string {
	text := fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return text
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return text + ", " + strings.TrimSpace(value)
		}
	}
	return text
}

// write writes the table, the figures and the plot into a directory.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the directory for the results: %w", err)
	}
	figures, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	for name, content := range map[string][]byte{"results.json": append(figures, '\n'), "results.md": []byte(r.markdown())} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
	}
	return r.plot(filepath.Join(dir, "results.svg"))
}

func (r *report) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Speed\n\nMeasured with %s on %s: median of %d runs where the table says nothing else, %s in all. Written by `make bench`.\n\n",
		r.CLI, r.Machine, r.Runs, r.Took.Round(time.Second))
	out.WriteString("`terraform_data` is built into the CLI, and needs neither a provider process nor a request: it is the floor. `bare` are agents " +
		"with the schema of `autx_agent` that do nothing: what they take beyond the floor is taken by the CLI and the plugin framework. Processor " +
		"time is that of all provider processes of the command; memory is the peak of the largest one.\n")
	for _, step := range steps {
		fmt.Fprintf(&out, "\n## %s%s\n\n", strings.ToUpper(step[:1]), step[1:])
		out.WriteString("| what | resources | latency | wall | × floor | requests | 429 | connections | CLI CPU | provider CPU | " +
			"provider peak | starts | runs |\n")
		out.WriteString("|---|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|\n")
		for _, one := range r.Results {
			if one.Step == step {
				out.WriteString(one.row())
			}
		}
	}
	out.WriteString(r.memory())
	return out.String()
}

func (r result) row() string {
	latency, over, peak := fmt.Sprintf("%d ms", r.LatencyMS), "", ""
	if r.RequestsPerSecond > 0 {
		latency = fmt.Sprintf("%g req/s", r.RequestsPerSecond)
	}
	if r.OverFloor > 0 {
		over = fmt.Sprintf("%.2f", r.OverFloor)
	}
	if r.ProviderPeak > 0 {
		peak = fmt.Sprintf("%.1f MiB", r.ProviderPeak)
	}
	var requests []string
	for _, operation := range slices.Sorted(maps.Keys(r.Requests)) {
		requests = append(requests, fmt.Sprintf("%d %s", r.Requests[operation], operation))
	}
	return fmt.Sprintf("| %s | %d | %s | %.2f s | %s | %s | %d | %d | %.2f s | %.2f s | %s | %d | %d |\n", r.Workload, r.Resources, latency,
		r.Seconds, over, strings.Join(requests, ", "), r.Refused, r.Connections, r.CLISeconds, r.ProviderCPU, peak, r.Starts, len(r.AllSeconds))
}

// memory tells by how much the provider's peak grows with each agent: the slope of the line through the peaks.
func (r *report) memory() string {
	var out strings.Builder
	for _, step := range steps {
		var n, sumX, sumY, sumXX, sumXY float64
		for _, one := range r.Results {
			if one.Workload == ours.Name && one.Step == step && one.RequestsPerSecond == 0 && one.ProviderPeak > 0 {
				x, y := float64(one.Resources), one.ProviderPeak*1024
				n, sumX, sumY, sumXX, sumXY = n+1, sumX+x, sumY+y, sumXX+x*x, sumXY+x*y
			}
		}
		if spread := n*sumXX - sumX*sumX; spread > 0 {
			slope := (n*sumXY - sumX*sumY) / spread
			fmt.Fprintf(&out, "- %s: %.1f MiB and %.1f KiB for each agent\n", step, (sumY-slope*sumX)/n/1024, slope)
		}
	}
	if out.Len() == 0 {
		return ""
	}
	return "\n## Peak memory of the provider process\n\nThe line of least squares through the peaks above:\n\n" + out.String()
}
