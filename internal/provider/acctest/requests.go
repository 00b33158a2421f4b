package acctest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// onlyLooks tells whether a command must not change anything at AUTX.
func onlyLooks(args []string) bool {
	return len(args) > 0 && (slices.Contains([]string{"plan", "validate", "refresh", "show", "import", "state", "output"}, args[0]) || slices.Contains(args, "-refresh-only"))
}

func lastRequest(server *mockserver.Server) int64 {
	entries := server.Requests()
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].Seq
}

// writesAfter describes the requests after one that could change something, whether they did or not.
func writesAfter(server *mockserver.Server, seq int64) []string {
	var out []string
	for _, entry := range server.Requests() {
		if entry.Seq > seq && entry.Method != http.MethodGet {
			out = append(out, describe(entry))
		}
	}
	return out
}

// Writes describes the logged requests that could change something, such as "agents.create POST /api/v1/agents/ 201".
func Writes(server *mockserver.Server) []string { return writesAfter(server, 0) }

// Sent counts the logged requests by operation.
func Sent(server *mockserver.Server) map[string]int {
	out := map[string]int{}
	for _, entry := range server.Requests() {
		out[entry.Operation]++
	}
	return out
}

// During gives the operations that a step requested, in order.
func During(server *mockserver.Server, step func()) []string {
	before := len(server.Requests())
	step()
	var out []string
	for _, entry := range server.Requests()[before:] {
		out = append(out, entry.Operation)
	}
	return out
}

// Traffic describes all logged requests, one a line, for messages.
func Traffic(server *mockserver.Server) string {
	lines := make([]string, 0, len(server.Requests()))
	for _, entry := range server.Requests() {
		lines = append(lines, describe(entry))
	}
	return strings.Join(lines, "\n")
}

func describe(entry mockserver.RequestEntry) string {
	return fmt.Sprintf("%s %s %s %d", entry.Operation, entry.Method, entry.Path, entry.Status)
}
