package gitops_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mock is a running mock server with its built-in world: $100.00 for the user demo, SUMM for $0.50, DOCREAD for $1.00.
type mock struct {
	environment []string
	control     string
}

// startMock starts a mock server for the time of the test. Faults are rules of its command line. At the end its ledger has to balance, and each
// fault has to have struck.
func startMock(t *testing.T, faults ...string) *mock {
	t.Helper()
	arguments := []string{"serve", "-listen", "127.0.0.1:0"}
	for _, fault := range faults {
		arguments = append(arguments, "-fault", fault)
	}
	command := exec.CommandContext(t.Context(), filepath.Join(programs, "autx-mockserver"), arguments...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	var complaints strings.Builder
	command.Stderr = &complaints
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	m := &mock{}
	t.Cleanup(func() {
		_ = command.Wait() // The test's context is done, so it has been interrupted.
		if status := command.ProcessState.ExitCode(); status != 0 {
			t.Errorf("the mock server ended with status %d:\n%s", status, &complaints)
		}
	})
	lines := bufio.NewReader(stdout)
	for range 2 {
		line, err := lines.ReadString('\n')
		variable, found := strings.CutPrefix(strings.TrimSpace(line), "export ")
		if err != nil || !found {
			t.Fatalf("the mock server says %q: %v", line, err)
		}
		m.environment = append(m.environment, variable)
		if url, found := strings.CutPrefix(variable, "AUTX_BASE_URL="); found {
			m.control = strings.TrimSuffix(url, "/api/v1") + "/_mock/v1"
		}
	}
	return m
}

// get reads something of the control interface.
func (m *mock) get(t *testing.T, path string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.control+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d: %v", path, response.StatusCode, err)
	}
}

// writes are the requests so far that were no reads.
func (m *mock) writes(t *testing.T) []string {
	t.Helper()
	var entries []struct{ Operation, Method string }
	m.get(t, "/requests", &entries)
	if len(entries) == 0 {
		t.Error("nothing was asked of AUTX: the test looks at the wrong server")
	}
	var writes []string
	for _, entry := range entries {
		if entry.Method != http.MethodGet {
			writes = append(writes, entry.Method+" "+entry.Operation)
		}
	}
	return writes
}

// bought gives what was paid for each prompt that was ever ordered, and the balance that is left.
func (m *mock) bought(t *testing.T) (paid map[string][]string, balance string) {
	t.Helper()
	var state struct {
		Users []struct {
			ID        string      `json:"id"`
			Available json.Number `json:"available_usdc"`
		} `json:"users"`
		Orders []struct {
			Prompt string      `json:"prompt"`
			Paid   json.Number `json:"amount_paid"`
		} `json:"orders"`
	}
	m.get(t, "/state", &state)
	paid = map[string][]string{}
	for _, order := range state.Orders {
		paid[order.Prompt] = append(paid[order.Prompt], order.Paid.String())
	}
	for _, user := range state.Users {
		if user.ID == "demo" {
			balance = user.Available.String()
		}
	}
	return paid, balance
}
