package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// run runs a command against the server and judges how it went.
func run(s *mockserver.Server, readyFile string, command []string, std Streams, signals <-chan os.Signal) int {
	status := statusFailed
	if err := writeReady(s, readyFile); err != nil {
		complain(std, err)
	} else {
		status = runCommand(s, command, std, signals)
	}
	if err := s.Close(); err != nil {
		complain(std, err)
		status = firstBad(status, statusFailed)
	}
	if err := s.CheckInvariants(); err != nil {
		complain(std, fmt.Errorf("%w (the command ended with %d)", err, status))
		return statusBroken
	}
	if idle := s.UnfiredFaults(); len(idle) > 0 && status != statusNoStart {
		for _, rule := range idle {
			complain(std, fmt.Errorf("the fault rule %s never struck (the command ended with %d)", rule, status))
		}
		return statusBroken
	}
	return status
}

func firstBad(statuses ...int) int {
	for _, status := range statuses {
		if status != statusGood {
			return status
		}
	}
	return statusGood
}

// runCommand runs the command to its end and passes signals on to it.
func runCommand(s *mockserver.Server, command []string, std Streams, signals <-chan os.Signal) int {
	child := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // running the user's command is the purpose, and it ends by itself
	// Deletion protection is off: the server listens on loopback, and module tests must be able to destroy what they made.
	child.Env = append(append(os.Environ(), environment(s)...), "AUTX_DELETION_PROTECTION=off")
	child.Stdin, child.Stdout, child.Stderr = std.In, std.Out, std.Err
	forwarded := prepare(child)
	if err := child.Start(); err != nil {
		complain(std, err)
		return statusNoStart
	}
	done := make(chan error, 1)
	go func() { done <- child.Wait() }()
	for {
		select {
		case sig := <-signals:
			if forwarded(sig) {
				_ = child.Process.Signal(sig) // it may have ended just now
			}
		case err := <-done:
			var ended *exec.ExitError
			if err != nil && !errors.As(err, &ended) {
				complain(std, err)
				return statusFailed
			}
			return exitStatus(child.ProcessState)
		}
	}
}
