//go:build unix

package program_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver/program"
)

// asProgram makes the test binary be the program.
const asProgram = "AUTX_MOCKSERVER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(program.Main(os.Args[1:], program.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// command prepares the program in a process (and a process group) of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "AUTX_API_KEY=autx_live_from_outside")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// finished runs the program to its end.
func finished(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	return statusOf(t, cmd.Run()), out.String(), errs.String()
}

func statusOf(t *testing.T, err error) int {
	t.Helper()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

// serving starts serve on a free port and gives what it announces.
func serving(t *testing.T, args ...string) (cmd *exec.Cmd, url, key string, rest io.Reader) {
	t.Helper()
	cmd = command(t, append([]string{"serve", "-listen", "127.0.0.1:0"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewReader(stdout)
	read := func(prefix string) string {
		line, err := lines.ReadString('\n')
		value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), prefix)
		if err != nil || !ok {
			t.Fatalf("%q, %v; want %s…", line, err, prefix)
		}
		return value
	}
	return cmd, read("export AUTX_BASE_URL="), read("export AUTX_API_KEY="), lines
}

func get(t *testing.T, url, key string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func TestServe(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		ready := filepath.Join(t.TempDir(), "ready")
		cmd, url, key, rest := serving(t, "-ready-file", ready, "-clock", "2026-11-23T12:00:00Z", "-assume", "credits.shape=balance_usd", "-latency", "1ms",
			"-rate-limit", "1000", "-fault", "agents.list:before:status=418")
		want := "export AUTX_BASE_URL=" + url + "\nexport AUTX_API_KEY=" + key + "\n"
		if text, err := os.ReadFile(ready); err != nil || string(text) != want {
			t.Errorf("the ready file has %q, %v; want %q", text, err, want)
		}
		if !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasSuffix(url, "/api/v1") || key != "autx_live_demo" {
			t.Errorf("%s, %s", url, key)
		}
		if _, body := get(t, url+"/credits/balance", key); !strings.Contains(body, `"balance_usd":"100.00"`) || !strings.Contains(body, "2026-11-23T12:00:00") {
			t.Errorf("%s", body)
		}
		if status, _ := get(t, url+"/agents/", key); status != http.StatusTeapot {
			t.Errorf("%d", status)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if more, _ := io.ReadAll(rest); len(more) > 0 {
			t.Errorf("it also printed %q", more)
		}
		if status := statusOf(t, cmd.Wait()); status != 0 {
			t.Errorf("%v: status %d", sig, status)
		}
	}
}

func TestServeKeepsItsState(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.json")
	for i, want := range []string{`"available_usdc":100`, `"available_usdc":110`} {
		cmd, url, key, _ := serving(t, "-state", file)
		if _, body := get(t, url+"/credits/balance", key); !strings.Contains(body, want) {
			t.Errorf("start %d: %s; want %s", i+1, body, want)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/credits/deposit-test", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		_ = cmd.Process.Kill() // no clean end: the change is in the file already
		_ = cmd.Wait()
	}
}

func TestRunGivesTheCommandWhatItNeeds(t *testing.T) {
	t.Parallel()
	seed := filepath.Join(t.TempDir(), "seed.json")
	text := `{"users":[{"id":"u","keys":[{"key":"autx_live_it's"}]}]}`
	if err := os.WriteFile(seed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := finished(t, "run", "-listen", "127.0.0.1:0", "-seed", seed, "--", "sh", "-c",
		`echo "$AUTX_BASE_URL|$AUTX_API_KEY|$AUTX_DELETION_PROTECTION"; echo oops >&2`)
	parts := strings.Split(strings.TrimSpace(stdout), "|")
	if status != 0 || stderr != "oops\n" || len(parts) != 3 || !strings.HasPrefix(parts[0], "http://127.0.0.1:") || parts[1] != "autx_live_it's" || parts[2] != "off" {
		t.Errorf("%d, %q, %q", status, stdout, stderr)
	}
	_, url, key, _ := serving(t, "-seed", seed)
	if key != `'autx_live_it'\''s'` || url == "" {
		t.Errorf("%s is not quoted for a shell", key)
	}
}

func TestRunPassesItsInputOn(t *testing.T) {
	t.Parallel()
	cmd := command(t, "run", "-listen", "127.0.0.1:0", "cat")
	cmd.Stdin = strings.NewReader("hello")
	if out, err := cmd.Output(); err != nil || string(out) != "hello" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestExitStatuses(t *testing.T) {
	t.Parallel()
	fault := []string{"-fault", "agents.list:before:status=503"}
	run := func(flags []string, script string) []string {
		return slices.Concat([]string{"run", "-listen", "127.0.0.1:0"}, flags, []string{"--", "sh", "-c", script})
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{run(nil, "exit 0"), 0, ""},
		{run(nil, "exit 7"), 7, ""},
		{run(nil, "kill -KILL $$"), 128 + 9, ""},
		{run(fault, "exit 0"), 3, "agents.list:before:status=503"},
		{run(fault, "exit 7"), 3, "ended with 7"},
		{[]string{"run", "-listen", "127.0.0.1:0", "--", "/no/such/command"}, 127, "/no/such/command"},
		{slices.Concat([]string{"run", "-listen", "127.0.0.1:0"}, fault, []string{"--", "/no/such/command"}), 127, "/no/such/command"},
		{[]string{"run", "-listen", "127.0.0.1:0", "-ready-file", "/no/such/dir/file", "--", "true"}, 1, "ready file"},
		{[]string{"run", "-listen", "127.0.0.1:0", "-state", "/no/such/dir/file", "--", "true"}, 1, "save the state"},
		{[]string{"serve", "-listen", "nowhere:x"}, 1, "listen"},
		{[]string{"serve", "-listen", "127.0.0.1:0", "-ready-file", "/no/such/dir/file"}, 1, "ready file"},
		{nil, 2, "serve or run"},
		{[]string{"sing"}, 2, "sing"},
		{[]string{"serve", "extra"}, 2, "extra"},
		{[]string{"run"}, 2, "--"},
		{[]string{"run", "--"}, 2, "needs a command"},
		{[]string{"serve", "-nope"}, 2, "nope"},
		{[]string{"serve", "-seed", "/no/such"}, 2, "/no/such"},
		{[]string{"serve", "-clock", "yesterday"}, 2, "yesterday"},
		{[]string{"serve", "-latency", "x"}, 2, "latency"},
		{[]string{"serve", "-latency", "-1s"}, 2, "latency"},
		{[]string{"serve", "-rate-limit", "0"}, 2, "rate-limit"},
		{[]string{"serve", "-rate-limit", "x"}, 2, "rate-limit"},
		{[]string{"serve", "-fault", "x"}, 2, "fault"},
		{[]string{"serve", "-assume", "x"}, 2, "x"},
		{[]string{"serve", "-assume", "lists.lag=x"}, 2, "lists.lag"},
		{[]string{"serve", "-seed", os.Args[0]}, 2, "seed"},
		{[]string{"-help"}, 0, ""},
		{[]string{"serve", "-h"}, 0, ""},
	} {
		status, stdout, stderr := finished(t, c.args...)
		if status != c.status || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: status %d, %q; want %d, …%s…", c.args, status, stderr, c.status, c.says)
		}
		if help := strings.Contains(stdout, "-ready-file"); help != (c.status == 0 && len(c.args) <= 2) {
			t.Errorf("%v printed %q", c.args, stdout)
		}
	}
}

// TestSignalsReachTheCommandOnce stops run as a shell, a service manager and a terminal would. Terraform takes a second interrupt for the order to
// stop at once, so one must not become two.
func TestSignalsReachTheCommandOnce(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(pid int, sig syscall.Signal) error{
		"process":       syscall.Kill,
		"process group": func(pid int, sig syscall.Signal) error { return syscall.Kill(-pid, sig) },
	} {
		for sig, shell := range map[syscall.Signal]string{syscall.SIGINT: "INT", syscall.SIGTERM: "TERM", syscall.SIGHUP: "HUP"} {
			// The script tells that it is ready, counts signals, and ends when its input does.
			cmd := command(t, "run", "-listen", "127.0.0.1:0", "--", "sh", "-c",
				`trap 'echo caught' `+shell+`; echo ready; while ! read line; do :; done; echo "$line"; exit 9`)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stdout)
			if line, err := lines.ReadString('\n'); line != "ready\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if err := send(cmd.Process.Pid, sig); err != nil {
				t.Fatal(err)
			}
			line, err := lines.ReadString('\n')
			if line != "caught\n" {
				t.Fatalf("%s %s: %q, %v", name, sig, line, err)
			}
			if _, err := io.WriteString(stdin, "bye\n"); err != nil {
				t.Fatal(err)
			}
			more, err := io.ReadAll(lines)
			if string(more) != "bye\n" {
				t.Errorf("%s %s: %q, %v; want one signal only", name, sig, more, err)
			}
			if status := statusOf(t, cmd.Wait()); status != 9 {
				t.Errorf("%s %s: status %d", name, sig, status)
			}
		}
	}
}

func TestRunServesUntilTheCommandEnds(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready")
	cmd := command(t, "run", "-listen", "127.0.0.1:0", "-ready-file", ready, "-fault", "orders.list:before:status=503", "--", "sh", "-c",
		`echo "$AUTX_BASE_URL"; read line; exit 4`)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(line)
	if text, err := os.ReadFile(ready); err != nil || !strings.Contains(string(text), url+"\n") {
		t.Errorf("the ready file has %q, %v", text, err)
	}
	if status, _ := get(t, url+"/orders/", "autx_live_demo"); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
	_, body := get(t, strings.Replace(url, "/api/v1", "/_mock/v1/faults", 1), "")
	var rules []struct{ Hits int }
	if err := json.Unmarshal([]byte(body), &rules); err != nil || len(rules) != 1 || rules[0].Hits != 1 {
		t.Errorf("%s, %v", body, err)
	}
	if _, err := io.WriteString(stdin, "go\n"); err != nil {
		t.Fatal(err)
	}
	if status := statusOf(t, cmd.Wait()); status != 4 {
		t.Errorf("status %d", status)
	}
}
