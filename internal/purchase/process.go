package purchase

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// processID names a process for as long as the machine runs: its number and when it started, because numbers are used again. The start is counted
// by the system, not by a clock that somebody may set. "" names no process.
type processID string

// identify gives the identity of a running process, false when there is none of that number.
func identify(pid int) (processID, bool) {
	start, ok := startOf(pid)
	if !ok {
		return "", false
	}
	return processID(fmt.Sprintf("%d-%d", pid, start)), true
}

// alive tells whether the very process still runs on this machine.
func (id processID) alive() bool {
	number, _, _ := strings.Cut(string(id), "-")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return false
	}
	now, ok := identify(pid)
	return ok && now == id
}

// hostName names the machine, or the container: process numbers mean nothing elsewhere.
var hostName = sync.OnceValue(func() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
})

// command is the CLI's process that started this one, and whether there is a CLI at all. go-plugin sets the cookie for each provider that a CLI
// starts; a provider under a debugger and a test have none.
func command() (processID, bool) {
	if os.Getenv("TF_PLUGIN_MAGIC_COOKIE") == "" {
		return "", false
	}
	return identify(os.Getppid())
}
