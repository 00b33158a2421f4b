package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// report is what a benchmark found.
type report struct {
	CLI       string        `json:"cli"`
	Machine   string        `json:"machine"`
	RunsAsked int           `json:"runs"`
	Reference int           `json:"reference_latency_ms"` // at which the floor and the bare provider are measured at each size
	Settings  int           `json:"settings"`             // how many were to be measured
	Measured  int           `json:"measured"`             // how many of them are in the results
	Took      time.Duration `json:"took_ns"`
	Results   []result      `json:"results"`
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
	fmt.Fprintf(&out, "# Speed\n\nMeasured with %s on %s, in %s. Written by `make bench`.\n", r.CLI, r.Machine, r.Took.Round(time.Second))
	if r.Measured < r.Settings {
		fmt.Fprintf(&out, "\n**Incomplete: %d of %d settings are measured.**\n", r.Measured, r.Settings)
	}
	out.WriteString(r.legend())
	for _, step := range steps {
		fmt.Fprintf(&out, "\n## %s%s\n\n", strings.ToUpper(step[:1]), step[1:])
		out.WriteString("| what | resources | latency | wall | × floor | × bare | requests | 429 | connections | CLI CPU | provider CPU | " +
			"provider peak | starts | runs |\n")
		out.WriteString("|---|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|\n")
		for i := range r.Results {
			if r.Results[i].Step == step {
				out.WriteString(r.Results[i].row())
			}
		}
	}
	out.WriteString(r.requests())
	out.WriteString(r.memory())
	return out.String()
}

// legend says how the tables are to be read.
func (r *report) legend() string {
	return fmt.Sprintf(`
- **terraform_data** is built into the CLI, and needs neither a provider process nor a request: it is the floor. **bare** are agents with the schema
  of `+"`autx_agent`"+` that do nothing: what they take beyond the floor is taken by the CLI and the plugin framework. **agents** and **mix** are this
  provider.
- Wall time, processor time and peak memory are medians over the runs. Requests, 429s, connections and starts are counts: one number where they are
  the same in all runs, and a range where they are not.
- **× floor** and **× bare** are ratios of median wall times at the same step and number of resources. The floor and bare make no requests, so no
  latency delays them: where a size has none at a row's latency, the ratio is to the one at %d ms.
- Processor time is that of all provider processes of the command, which the CLI's does not include; the peak is that of the largest of them.
- **429** are refusals for coming too fast, which the requests do not include.
- **Connections** are about as many as purchases, on purpose: whatever spends money (the launch of an agent, an order, the conversation of a session)
  gets a connection of its own, as a request on a kept one that the server is just closing is lost without anybody knowing whether it was carried
  out. All other requests share a few connections.
`, r.Reference)
}

func (r *result) row() string {
	latency, peak := fmt.Sprintf("%d ms", r.LatencyMS), ""
	if r.RequestsPerSecond > 0 {
		latency = fmt.Sprintf("%g req/s", r.RequestsPerSecond)
	}
	if r.ProviderPeak > 0 {
		peak = fmt.Sprintf("%.1f MiB", r.ProviderPeak)
	}
	var requests []string
	for _, operation := range r.operations() {
		requests = append(requests, fmt.Sprintf("%s %s", r.span(func(s sample) int { return s.Requests[operation] }), operation))
	}
	return fmt.Sprintf("| %s | %s | %s | %.2f s | %s | %s | %s | %s | %s | %.2f s | %.2f s | %s | %s | %d |\n", r.Workload, thousands(r.Resources),
		latency, r.Seconds, times(r.OverFloor), times(r.OverBare), strings.Join(requests, ", "), r.span(func(s sample) int { return s.Refused }),
		r.span(func(s sample) int { return s.Connections }), r.CLISeconds, r.ProviderCPU, peak, r.span(func(s sample) int { return s.Starts }), len(r.Runs))
}

// times writes a ratio, and nothing where there is none.
func times(ratio float64) string {
	if ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", ratio)
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
	return "\n## Peak memory of the provider process\n\nThe line of least squares through the peaks of agents above:\n\n" + out.String()
}
