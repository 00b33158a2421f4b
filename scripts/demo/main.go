// Command demo shows the provider at work: it drives a real CLI through the life of two agents on the mock server, and checks that each step does
// what its heading says. It needs no account and no network, and leaves nothing behind.
//
// It is started by scripts/demo.sh, which builds what it uses.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	cli := flag.String("cli", "terraform", "path of Terraform or OpenTofu")
	programs := flag.String("programs", "bin", "directory of the built provider and mock server")
	flag.Parse()

	// The first Ctrl-C reaches the CLI as well, which ends in good order; then everything is cleaned up as usual.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *cli, *programs)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo failed: %v\n", err)
		os.Exit(1)
	}
}

// run runs the whole demo in a directory of its own, which is removed in any case.
func run(ctx context.Context, cli, programs string) (err error) {
	started := time.Now()
	programs, err = filepath.Abs(programs)
	if err != nil {
		return fmt.Errorf("find the programs: %w", err)
	}
	dir, err := os.MkdirTemp("", "autx-demo-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	mock, err := startMock(ctx, filepath.Join(programs, "autx-mockserver"+exeSuffix))
	if err != nil {
		return err
	}
	defer mock.stop()

	workspace, err := newWorkspace(ctx, dir, cli, filepath.Join(programs, "terraform-provider-autx"+exeSuffix), mock.environment)
	if err != nil {
		return err
	}
	story := story{cli: workspace, mock: mock}
	if err := story.tell(ctx); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "\nEverything went as told, in %s.\n", time.Since(started).Round(time.Second))

	return nil
}
