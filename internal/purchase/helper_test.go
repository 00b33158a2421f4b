package purchase_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

// The test binary, started anew in a role, is a provider's process, or a CLI around one.
const (
	helperRole = "AUTX_PURCHASE_TEST_ROLE"
	helperTask = "AUTX_PURCHASE_TEST_TASK"

	roleCLI      = "cli"
	roleProvider = "provider"
)

// task is what a provider's process is to buy, and how it goes.
type task struct {
	Journal     string
	Service     string // directory with a file a charge
	Key         string
	Digest      string
	MaxPerApply string
	// Fate is "plain", "kill before", "kill after" (the process kills itself around the charge), "kill noted" (it kills itself after it has charged and
	// noted that), or "hold" (it says that its request is on its way, waits for a line on its standard input, and charges).
	Fate string
}

// answer is what a provider's process reports.
type answer struct {
	ID      string
	Notes   string
	Adopted bool
	Reason  string
	Error   string
}

const inFlight = "in flight"

func runHelper(role string) int {
	if role == roleCLI {
		cmd := exec.Command(os.Args[0]) //nolint:noctx // it must outlive this process
		cmd.Env = append(os.Environ(), helperRole+"="+roleProvider)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	var t task
	if err := json.Unmarshal([]byte(os.Getenv(helperTask)), &t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	result, err := t.desk(purchase.Hooks{RealProcesses: true, Sleep: func(context.Context, time.Duration) error { return nil }}).Buy(context.Background(), t.purchase())
	out := answer{ID: result.ID, Notes: string(result.Notes), Adopted: result.Adopted}
	if refusal, ok := errors.AsType[*purchase.Refusal](err); ok {
		out.Reason = string(refusal.Reason)
	}
	if err != nil {
		out.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return 1
	}
	return 0
}

func (t task) desk(h purchase.Hooks) *purchase.Desk {
	return purchase.NewDesk(purchase.WithHooks(purchase.Config{
		Limits:     &purchase.Limits{MaxPerApply: money.MustParse(t.MaxPerApply)},
		JournalDir: t.Journal,
		Account:    purchase.Account{BaseURL: "https://service.test", APIKey: "autx_live_processes"},
	}, h))
}

func (t task) purchase() purchase.Purchase {
	p := purchase.Purchase{
		Kind: order, Key: t.Key, Title: "order " + t.Key, Digest: t.Digest, Authorized: money.FromInt(20), Settled: purchase.AdoptIfSameInputs, Scope: t.Key,
		Snapshot: func(context.Context) (json.RawMessage, error) { return json.Marshal(t.ids()) },
		Send:     func(context.Context) (string, error) { return t.send() },
		Find: func(_ context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
			var old []string
			if err := json.Unmarshal(snapshot, &old); err != nil {
				return nil, err
			}
			var found []purchase.Match
			for _, id := range t.ids()[len(old):] {
				found = append(found, purchase.Match{ID: id})
			}
			return found, nil
		},
		Confirm: func(_ context.Context, id string) (bool, error) {
			_, err := os.Stat(filepath.Join(t.Service, id))
			return err == nil, nil
		},
	}
	if t.Fate == "kill noted" {
		p.Send, p.Conduct = nil, func(_ context.Context, note purchase.Note) (string, error) {
			id, err := t.send()
			if err == nil {
				err = note(id, json.RawMessage(`{"Begun":1}`))
			}
			if err != nil {
				return id, err
			}
			kill()
			return id, nil
		}
	}
	return p
}

func kill() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	panic(err)
}

// ids are the charges under the task's key.
func (t task) ids() []string {
	found, err := filepath.Glob(filepath.Join(t.Service, t.Key+"-*"))
	if err != nil {
		panic(err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

func (t task) send() (string, error) {
	switch t.Fate {
	case "kill before":
		kill()
	case "hold":
		fmt.Println(inFlight)
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return "", err
		}
	}
	file, err := os.CreateTemp(t.Service, t.Key+"-*")
	if err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	if t.Fate == "kill after" {
		kill()
	}
	return filepath.Base(file.Name()), nil
}

// helper is a process under test.
type helper struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	input io.Writer
}

// start starts the test binary in a role. Where underCLI, it is told that a CLI, this process, has started it.
func (t task) start(tb *testing.T, role string, underCLI bool) *helper {
	tb.Helper()
	data, err := json.Marshal(t)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperRole+"="+role, helperTask+"="+string(data))
	if underCLI {
		cmd.Env = append(cmd.Env, "TF_PLUGIN_MAGIC_COOKIE=x")
	}
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	return &helper{t: tb, cmd: cmd, lines: bufio.NewScanner(output), input: input}
}

func (h *helper) line() string {
	h.t.Helper()
	if !h.lines.Scan() {
		h.t.Fatalf("the process said nothing: %v", h.lines.Err())
	}
	return h.lines.Text()
}

// proceed lets a request that is held arrive.
func (h *helper) proceed() {
	h.t.Helper()
	if _, err := h.input.Write([]byte("\n")); err != nil {
		h.t.Fatal(err)
	}
}

// answer waits for the report of a process that lives to give one.
func (h *helper) answer() answer {
	h.t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(h.line()), &a); err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *helper) wait() error { return h.cmd.Wait() }
