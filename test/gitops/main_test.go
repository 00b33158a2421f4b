package gitops_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	// root is the provider's module.
	root = "../.."
	// kit is the example.
	kit = root + "/examples/gitops-budget"
)

// programs is the directory of the built provider and mock server.
var programs string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run builds what a user would install. The programs are built in the provider's own module, with the versions that are released.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gitops-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()

	build := exec.CommandContext(context.Background(), "go", "build", "-C", root, "-o", dir+string(filepath.Separator), ".", "./cmd/autx-mockserver")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the provider and the mock server: %v\n%s", err, out)
		return 1
	}
	programs = dir
	return m.Run()
}

// eachCLI runs a test with the CLI that TF_ACC_TERRAFORM_PATH names, else with Terraform and OpenTofu, as far as they are there.
func eachCLI(t *testing.T, test func(t *testing.T, cli string)) {
	t.Helper()
	candidates := []string{"terraform", "tofu", root + "/.tools/bin/tofu"}
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		candidates = []string{path}
	}
	tested := map[string]bool{}
	for _, candidate := range candidates {
		path, err := exec.LookPath(candidate)
		if err != nil || tested[filepath.Base(path)] {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			t.Fatal(err)
		}
		tested[filepath.Base(path)] = true
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			test(t, path)
		})
	}
	if len(tested) == 0 {
		t.Skip("neither terraform nor tofu is here, and TF_ACC_TERRAFORM_PATH is not set")
	}
}
