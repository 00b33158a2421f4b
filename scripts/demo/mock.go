package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// patience is how long the mock server may take to start or to stop, and one of the demo's own requests to be answered.
const patience = 20 * time.Second

// mock is the running mock server.
type mock struct {
	command *exec.Cmd
	exited  chan struct{}
	stderr  *bytes.Buffer

	// environment holds AUTX_BASE_URL and AUTX_API_KEY, as the server announced them.
	environment []string
	baseURL     string
	apiKey      string
}

// startMock starts the server on a free port with its built-in seed, and returns when it has said where it listens.
func startMock(ctx context.Context, program string) (*mock, error) {
	m := &mock{exited: make(chan struct{}), stderr: &bytes.Buffer{}}
	// Not bound to ctx: it is stopped last, after the CLI has ended.
	m.command = exec.CommandContext(context.WithoutCancel(ctx), program, "serve", "-listen", "127.0.0.1:0", "-seed", "demo")
	m.command.Stderr = m.stderr
	stdout, err := m.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("read from the mock server: %w", err)
	}
	if err := m.command.Start(); err != nil {
		return nil, fmt.Errorf("start the mock server: %w", err)
	}

	announced := make(chan error, 1)
	go func() {
		lines := bufio.NewReader(stdout)
		announced <- m.readAnnouncement(lines)
		_, _ = io.Copy(io.Discard, lines)
		_ = m.command.Wait()
		close(m.exited)
	}()
	select {
	case err = <-announced:
	case <-time.After(patience):
		err = errors.New("it does not say where it listens")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		m.stop()

		return nil, fmt.Errorf("start the mock server: %w\n%s", err, m.stderr)
	}

	return m, nil
}

// readAnnouncement reads the two lines that a shell could evaluate.
func (m *mock) readAnnouncement(lines *bufio.Reader) error {
	for _, variable := range []struct {
		name  string
		value *string
	}{{"AUTX_BASE_URL", &m.baseURL}, {"AUTX_API_KEY", &m.apiKey}} {
		line, err := lines.ReadString('\n')
		if err != nil {
			return fmt.Errorf("it ended before it said where it listens: %w", err)
		}
		value, found := strings.CutPrefix(strings.TrimSpace(line), "export "+variable.name+"=")
		if !found {
			return fmt.Errorf("it said %q where %s was expected", line, variable.name)
		}
		*variable.value = value
		m.environment = append(m.environment, variable.name+"="+value)
	}

	return nil
}

// stop ends the server, kindly at first.
func (m *mock) stop() {
	if m.command.Process.Signal(os.Interrupt) != nil {
		_ = m.command.Process.Kill()
	}
	select {
	case <-m.exited:
	case <-time.After(patience):
		_ = m.command.Process.Kill()
		<-m.exited
	}
}

// seller is the user of the built-in seed whose key the server announces.
const seller = "demo"

// agent is what the demo wants to know of an agent.
type agent struct {
	ID           string      `json:"id"`
	User         string      `json:"user"`
	Ticker       string      `json:"ticker"`
	ServicePrice json.Number `json:"service_price"`
}

// account is what the demo wants to know of a user, in US dollars.
type account struct {
	ID        string      `json:"id"`
	Available json.Number `json:"available_usdc"`
	Reserved  json.Number `json:"reserved_usdc"`
}

// request is an entry of the server's log.
type request struct {
	Operation string `json:"operation"`
	Status    int    `json:"status"`
	Committed bool   `json:"committed"`
}

// holdings returns the seller's agents and credits as the server holds them. Asked for beside the API, so that it is not in the log.
func (m *mock) holdings(ctx context.Context) ([]agent, account, error) {
	var state struct {
		Users  []account `json:"users"`
		Agents []agent   `json:"agents"`
	}
	if err := m.control(ctx, "state", &state); err != nil {
		return nil, account{}, err
	}
	user := slices.IndexFunc(state.Users, func(u account) bool { return u.ID == seller })
	if user < 0 {
		return nil, account{}, fmt.Errorf("the server has no user %q", seller)
	}
	others := func(a agent) bool { return a.User != seller }

	return slices.DeleteFunc(state.Agents, others), state.Users[user], nil
}

// setPrice changes an agent's price behind the CLI's back, as another tool would.
func (m *mock) setPrice(ctx context.Context, id, price string) error {
	return m.call(ctx, http.MethodPatch, m.baseURL+"/agents/"+url.PathEscape(id), map[string]any{"service_price": json.Number(price)}, nil)
}

// control calls the mock server's own API, which lies beside the one it imitates and is not logged.
func (m *mock) control(ctx context.Context, name string, answer any) error {
	root, err := url.Parse(m.baseURL)
	if err != nil {
		return fmt.Errorf("the mock server's address: %w", err)
	}

	return m.call(ctx, http.MethodGet, root.JoinPath("/../../_mock/v1", name).String(), nil, answer)
}

// call makes one request and decodes the answer; any status but 2xx is an error.
func (m *mock) call(ctx context.Context, method, address string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, address, err)
		}
		sent = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, sent)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, address, err)
	}
	req.Header.Set("Authorization", "Bearer "+m.apiKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, address, err)
	}
	defer resp.Body.Close()
	received, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, address, err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, address, resp.Status, received)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(received, answer); err != nil {
		return fmt.Errorf("%s %s: %w", method, address, err)
	}

	return nil
}
