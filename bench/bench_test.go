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
	dir := t.TempDir()
	if err := run(t.Context(), []string{"-quick", "-cli", cli(t), "-out", dir}, t.Logf); err != nil {
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
	if got.Measured != got.Settings || got.Settings != sizes+1 {
		t.Errorf("%d of %d settings; want %d of both", got.Measured, got.Settings, sizes+1)
	}
	for i := range got.Results {
		checkQuick(t, &got.Results[i])
	}
	for name, want := range map[string]string{"results.md": "## No-op plan", "results.svg": "terraform_data"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(content), want) {
			t.Errorf("%s has no %q: %v", name, want, err)
		}
	}
}

// TestProfiles profiles the bare provider: what is compared with it must be measured alike.
func TestProfiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{
		"-only", bare.Name, "-sizes", "1", "-latencies", "0", "-compare", "0", "-runs", "1", "-mix", "", "-limited", "0", "-cli", cli(t), "-out", t.TempDir(),
		"-profiles", dir,
	}
	if err := run(t.Context(), args, t.Logf); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"apply", "first-plan-after-the-apply", "no-op-plan", "plan-after-one-change", "destroy"} {
		for _, kind := range []string{"cpu", "allocs", "goroutines"} {
			checkProfiles(t, filepath.Join(dir, "bare-1-0ms-run1", step, kind+"-*.pprof"))
		}
	}
}

func cli(t *testing.T) string {
	t.Helper()
	name := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if name == "" {
		name = "terraform"
	}
	if _, err := exec.LookPath(name); err != nil {
		t.Skip("needs Terraform or OpenTofu: set TF_ACC_TERRAFORM_PATH")
	}
	return name
}

func checkQuick(t *testing.T, r *result) {
	t.Helper()
	what := r.Workload + ", " + r.Step
	if len(r.Runs) != 1 {
		t.Fatalf("%s: %d runs; want 1", what, len(r.Runs))
	}
	one := r.Runs[0]
	switch {
	case r.Seconds <= 0 || r.CLISeconds <= 0:
		t.Errorf("%s took no time: %+v", what, r)
	case r.Workload == floor.Name && (one.total() > 0 || one.Starts > 0):
		t.Errorf("%s made requests: %+v", what, r)
	case r.Workload != floor.Name && (one.Starts < 2 || r.ProviderPeak < 1 || r.ProviderCPU <= 0 || r.OverFloor <= 0):
		t.Errorf("%s: the provider's processes were not measured: %+v", what, r)
	case r.Workload == bare.Name && (one.total() > 0 || one.Connections > 0):
		t.Errorf("%s made requests: %+v", what, r)
	case r.Workload == ours.Name && r.OverBare <= 0:
		t.Errorf("%s is not compared with the bare provider: %+v", what, r)
	case r.Workload == ours.Name && one.Writes != agentWrites(r):
		t.Errorf("%s: %d writes, of %v", what, one.Writes, one.Requests)
	case r.Workload == ours.Name && r.Step == stepApply && (one.Requests["agents.create"] != r.Resources || one.Connections < r.Resources):
		t.Errorf("%s: %d connections, %v", what, one.Connections, one.Requests)
	case r.Workload == ours.Name && r.Step == stepDestroy && one.Requests["agents.delete"] != r.Resources:
		t.Errorf("%s: %v", what, one.Requests)
	case r.Workload == mixed.Name && r.Step == stepApply && (one.Requests["orders.create"] != r.Resources/3 || one.Requests["sessions.open"] != r.Resources/3):
		t.Errorf("%s: %v", what, one.Requests)
	}
}

// agentWrites is how many requests of a step of ours change something.
func agentWrites(r *result) int {
	if r.Step == stepApply || r.Step == stepDestroy {
		return r.Resources
	}
	return 0
}

func checkProfiles(t *testing.T, pattern string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 2 {
		t.Errorf("%d profiles %s; want one for each start of the provider", len(names), pattern)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s is empty: %v", name, err)
		}
	}
}
