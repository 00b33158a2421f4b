//go:build !unix

package program

import (
	"os"
	"os/exec"
)

var stopSignals = []os.Signal{os.Interrupt}

func prepare(*exec.Cmd) (forwarded func(os.Signal) bool) {
	return func(os.Signal) bool { return false }
}

func exitStatus(state *os.ProcessState) int { return state.ExitCode() }
