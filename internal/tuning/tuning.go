// Package tuning makes a provider process cheap: a CLI starts several of them for each command.
package tuning

import (
	"os"
	"runtime/debug"
	"strings"
)

// gcPercent is how much garbage may pile up, as a percentage of what is in use. A provider lives for seconds and has a few MiB in use, however many
// resources there are (see Server), so collecting less often than usual (100) saves processor time for little memory. More than this saves little.
const gcPercent = 400

// libraryLogs are the variables that set the levels at which the plugin libraries log, and this provider.
var libraryLogs = []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_AUTX"}

// Apply tunes this process. It must come before the provider is served.
//
// Without a level the plugin libraries write every trace line to the CLI, dozens for each call, and the CLI reads and drops them unless it logs: with
// many resources that takes more time than the provider itself. So where no TF_LOG variable asks for logs, none are written. What a user sees of
// warnings and errors are diagnostics, and a crash is no log line.
func Apply() error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if wantsLogs(os.Environ()) {
		return nil
	}
	for _, name := range libraryLogs {
		if err := os.Setenv(name, "off"); err != nil {
			return err
		}
	}
	return nil
}

func wantsLogs(environment []string) bool {
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); value != "" && strings.HasPrefix(name, "TF_LOG") {
			return true
		}
	}
	return false
}
