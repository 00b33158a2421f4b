//go:build unix

package program

import (
	"os"
	"os/exec"
	"syscall"
	"unsafe"
)

var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// prepare sees to it that each signal reaches the command exactly once: Terraform takes a second SIGINT for the order to stop at once. On a
// terminal, Ctrl-C already goes to the whole foreground process group, so it is not passed on. Elsewhere the command gets a process group of its
// own, so that a signal to ours comes to it only through us.
func prepare(child *exec.Cmd) (forwarded func(os.Signal) bool) {
	if onTerminal() {
		return func(sig os.Signal) bool { return sig != syscall.SIGINT && sig != syscall.SIGQUIT }
	}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func(os.Signal) bool { return true }
}

// onTerminal tells whether our process group is the one in the foreground of a terminal.
func onTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer func() { _ = tty.Close() }()
	var group int32
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, tty.Fd(), syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&group))) //nolint:gosec // no other way
	return errno == 0 && int(group) == syscall.Getpgrp()
}

// exitStatus is a command's exit status as a shell has it: 128 and the signal's number for one that a signal ended.
func exitStatus(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
