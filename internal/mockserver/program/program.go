// Package program is what autx-mockserver does: serve a mock of AUTX until it is told to stop, or run a command against one.
package program

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// Streams are the program's input and outputs.
type Streams struct {
	// In is read by the command that run runs.
	In io.Reader
	// Out gets what serve announces, or what the command writes.
	Out io.Writer
	// Err gets errors, and what the command writes there.
	Err io.Writer
}

// The exit statuses of the program itself.
const (
	statusGood    = 0
	statusFailed  = 1 // the server could not start, or not keep its state
	statusUsage   = 2
	statusBroken  = 3   // an invariant broke or a fault rule never struck
	statusNoStart = 127 // the command of run could not be started
)

const usage = `autx-mockserver serves a mock of AUTX.

  autx-mockserver serve [flags]                 serves until SIGINT or SIGTERM
  autx-mockserver run   [flags] -- COMMAND...   serves, runs COMMAND with AUTX_BASE_URL and AUTX_API_KEY set, and returns its exit status,
                                                or 3 when an invariant broke or a fault rule never struck

Flags of both:
`

// Main runs the program with its arguments and gives its exit status.
func Main(args []string, std Streams) int {
	if len(args) == 0 {
		return misused(std, errors.New("serve or run?"))
	}
	f := newFlags()
	switch args[0] {
	case "-h", "-help", "--help", "help":
		f.help(std.Out)
		return statusGood
	case "serve", "run":
	default:
		return misused(std, fmt.Errorf("%q is neither serve nor run", args[0]))
	}
	if err := f.set.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		f.help(std.Out)
		return statusGood
	} else if err != nil {
		return misused(std, err)
	}
	opts, err := f.options()
	if err != nil {
		return misused(std, err)
	}
	command := f.set.Args()
	switch {
	case args[0] == "serve" && len(command) > 0:
		return misused(std, fmt.Errorf("serve takes no command: %s", strings.Join(command, " ")))
	case args[0] == "run" && len(command) == 0:
		return misused(std, errors.New("run needs a command after --"))
	}
	// Signals are caught before the server listens: whoever sees it ready can stop it cleanly.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, stopSignals...)
	defer signal.Stop(signals)
	server, err := mockserver.Start(opts...)
	if err != nil {
		complain(std, err)
		return statusFailed
	}
	if args[0] == "serve" {
		return serve(server, f.readyFile, std, signals)
	}
	return run(server, f.readyFile, command, std, signals)
}

func complain(std Streams, err error) { _, _ = fmt.Fprintf(std.Err, "autx-mockserver: %v\n", err) }

func misused(std Streams, err error) int {
	complain(std, err)
	_, _ = fmt.Fprintln(std.Err, "Try autx-mockserver -help.")
	return statusUsage
}

// environment is what a client needs to find the server.
func environment(s *mockserver.Server) []string {
	return []string{"AUTX_BASE_URL=" + s.URL(), "AUTX_API_KEY=" + s.Key()}
}

// announcement is the environment as a shell takes it.
func announcement(s *mockserver.Server) string {
	var text strings.Builder
	for _, variable := range environment(s) {
		name, value, _ := strings.Cut(variable, "=")
		text.WriteString("export " + name + "=" + quoted(value) + "\n")
	}
	return text.String()
}

// quoted quotes a value for a shell, if it needs to be.
func quoted(value string) string {
	plain := func(r rune) bool {
		return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') || strings.ContainsRune("_-.:/[]", r)
	}
	if strings.IndexFunc(value, func(r rune) bool { return !plain(r) }) < 0 {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
