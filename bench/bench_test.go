package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestQuickRun runs the benchmark in its smallest form, and holds it to what does not depend on the machine: everything that is asked for is measured,
// and requests are counted.
func TestQuickRun(t *testing.T) {
	t.Parallel()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if cli == "" {
		cli = "terraform"
	}
	if _, err := exec.LookPath(cli); err != nil {
		t.Skip("needs Terraform or OpenTofu: set TF_ACC_TERRAFORM_PATH")
	}
	dir := t.TempDir()
	if err := run(t.Context(), []string{"-quick", "-cli", cli, "-out", dir}, t.Logf); err != nil {
		t.Fatal(err)
	}
	var got report
	content, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	const (
		sizes     = 2 // each of the floor, the bare provider and ours
		workloads = sizes*3 + 2
	)
	if want := workloads * len(steps); len(got.Results) != want {
		t.Errorf("%d results; want %d", len(got.Results), want)
	}
	for _, r := range got.Results {
		what := r.Workload + ", " + r.Step
		switch {
		case r.Seconds <= 0 || r.CLISeconds <= 0:
			t.Errorf("%s took no time: %+v", what, r)
		case r.Workload == floor.Name && (r.total() > 0 || r.Starts > 0):
			t.Errorf("%s made requests: %+v", what, r)
		case r.Workload != floor.Name && (r.Starts < 2 || r.ProviderPeak < 1 || r.ProviderCPU <= 0):
			t.Errorf("%s: the provider's processes were not measured: %+v", what, r)
		case r.Workload == bare.Name && r.total() > 0:
			t.Errorf("%s made requests: %+v", what, r)
		case r.Workload == ours.Name && r.Step == stepApply && r.Requests["agents.create"] != r.Resources:
			t.Errorf("%s: %v", what, r.Requests)
		case r.Workload == ours.Name && r.Step == stepDestroy && r.Requests["agents.delete"] != r.Resources:
			t.Errorf("%s: %v", what, r.Requests)
		case r.Workload == mixed.Name && r.Step == stepApply && (r.Requests["orders.create"] != r.Resources/3 || r.Requests["sessions.open"] != r.Resources/3):
			t.Errorf("%s: %v", what, r.Requests)
		}
	}
	for name, want := range map[string]string{"results.md": "## No-op plan", "results.svg": "terraform_data"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(content), want) {
			t.Errorf("%s has no %q: %v", name, want, err)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for want, of := range map[float64][]float64{2: {3, 1, 2}, 2.5: {4, 1, 3, 2}, 7: {7}} {
		if got := median(of); got != want {
			t.Errorf("the median of %v is %g; want %g", of, got, want)
		}
	}
}
