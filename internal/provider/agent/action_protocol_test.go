package agent_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// The actions, which no CLI before Terraform 1.14 knows, driven through the plugin protocol.

const (
	pauseType  = "autx_agent_pause"
	resumeType = "autx_agent_resume"
	rotateType = "autx_provider_key_rotate"
)

// stage is a provider at a mock server with three agents of mine (WORK active, REST paused, SOON reserved) and one of somebody else (ALIEN).
type stage struct {
	*protocol.Driver
	server *mockserver.Server
	config protocol.Values
}

func newStage(t *testing.T) *stage {
	t.Helper()
	agent := func(owner, ticker, status string) mockserver.SeedAgent {
		return mockserver.SeedAgent{Owner: owner, Ticker: ticker, Name: "Agent " + ticker, EndpointURL: "https://a.example.com/run", Status: status}
	}
	server := serve(t, world{agents: []mockserver.SeedAgent{
		agent(me, "WORK", "active"), agent(me, "REST", "paused"), agent(me, "SOON", "pending"), agent(other, "ALIEN", "active"),
	}})
	s := &stage{Driver: protocol.New(t), server: server, config: protocol.ProviderValues(t, server)}
	s.config["max_retries"] = 0
	s.MustConfigure(s.config)
	return s
}

// writes are the operations that changed something or tried to.
func (s *stage) writes() []string {
	var out []string
	for _, entry := range s.server.Requests() {
		if entry.Method != http.MethodGet {
			out = append(out, entry.Operation)
		}
	}
	return out
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	for _, byID := range []bool{false, true} {
		s := newStage(t)
		name := func(ticker string) protocol.Values {
			if byID {
				return protocol.Values{"agent": must(t, s.server, ticker).ID}
			}
			return protocol.Values{"agent": strings.ToLower(ticker)}
		}
		for _, step := range []struct {
			action, ticker, status string
			progress               []string
			writes                 int
		}{
			{pauseType, "WORK", "paused", []string{"To pause agent WORK, its status is changed.", "Agent WORK is paused."}, 1},
			{pauseType, "WORK", "paused", []string{"Agent WORK is paused already. Nothing was changed."}, 1},
			{resumeType, "WORK", "active", []string{"To resume agent WORK, its status is changed.", "Agent WORK is active."}, 2},
			{resumeType, "WORK", "active", []string{"Agent WORK is active already. Nothing was changed."}, 2},
			{resumeType, "REST", "active", []string{"To resume agent REST, its status is changed.", "Agent REST is active."}, 3},
		} {
			out := s.MustInvoke(step.action, name(step.ticker))
			if !slices.Equal(out.Progress, step.progress) || len(out.Diagnostics) > 0 {
				t.Errorf("%s %s: progress %q, want %q:\n%s", step.action, step.ticker, out.Progress, step.progress, out.Diagnostics)
			}
			if got := must(t, s.server, step.ticker).Status; got != step.status {
				t.Errorf("%s %s: it is %s, want %s", step.action, step.ticker, got, step.status)
			}
			if got := s.writes(); len(got) != step.writes {
				t.Errorf("%s %s: writes %v, want %d", step.action, step.ticker, got, step.writes)
			}
		}
	}
}

// TestPauseSeesWhatHappenedSinceThePlan: how the agent is now decides, not what a plan has read.
func TestPauseSeesWhatHappenedSinceThePlan(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	config := protocol.Values{"agent": "WORK"}
	if _, diags := s.PlanAction(pauseType, config); len(diags) > 0 {
		t.Fatalf("plan: %s", diags)
	}
	call(t, s.server, "autx_live_me", http.MethodPatch, "/agents/"+must(t, s.server, "WORK").ID, `{"status": "paused"}`)
	s.server.ClearRequests()
	if out := s.Invoke(pauseType, config); len(out.Progress) != 1 || !strings.Contains(out.Progress[0], "already") || len(s.writes()) != 0 {
		t.Errorf("progress %q, writes %v", out.Progress, s.writes())
	}
}

func TestAgentActionsThatFail(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	key := protocol.Values{"value": firstSecret}
	for _, c := range []struct {
		what, action string
		config       protocol.Values
		planned      []string // what the plan warns of; nil for nothing
		failed       []string
	}{
		{"unknown agent", pauseType, protocol.Values{"agent": "NOBODY"}, []string{"Agent is not one of yours"}, []string{"No such agent", "NOBODY"}},
		{"unknown agent", rotateType, protocol.Values{"agent": "NOBODY", "provider_key": key}, []string{"Agent is not one of yours"}, []string{"No such agent"}},
		{"somebody else's", pauseType, protocol.Values{"agent": "ALIEN"}, []string{"Agent is not one of yours"}, []string{"Could not pause agent ALIEN", "403"}},
		{
			"somebody else's", rotateType,
			protocol.Values{"agent": "ALIEN", "provider_key": key},
			[]string{"Agent is not one of yours"},
			[]string{"Could not set the provider key of agent ALIEN", "403"},
		},
		{"reserved", resumeType, protocol.Values{"agent": "SOON"}, []string{"Agent is not activated yet", "SOON"}, []string{"Could not resume agent SOON", "409"}},
		{
			"no variable", rotateType,
			protocol.Values{"agent": "WORK", "provider_key": protocol.Values{"value_env": "AUTX_TEST_NO_SUCH_VARIABLE"}},
			[]string{"Environment variable is not set"},
			[]string{"Environment variable is not set", "Nothing was changed"},
		},
	} {
		s.NextWalk()
		_, diags := s.PlanAction(c.action, c.config)
		if len(diags) != 1 || !diags.Warnings().Say(c.planned...) {
			t.Errorf("%s: the plan of %s: want one warning that says %q:\n%s", c.what, c.action, c.planned, diags)
		}
		out := s.Invoke(c.action, c.config)
		if len(out.Diagnostics) != 1 || !out.Diagnostics.Errors().Say(c.failed...) {
			t.Errorf("%s: %s: want one error that says %q:\n%s", c.what, c.action, c.failed, out.Diagnostics)
		}
	}
	for ticker, status := range map[string]string{"WORK": "active", "REST": "paused", "SOON": "pending", "ALIEN": "active"} {
		if a := must(t, s.server, ticker); !strings.HasPrefix(a.Status, status) || a.ProviderKeyConfigured {
			t.Errorf("%s was changed: %+v", ticker, a)
		}
	}
}

func TestAgentActionsUnderStrictPlan(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.config["spending"].(protocol.Values)["strict_plan"] = true
	s.MustConfigure(s.config)
	if _, diags := s.PlanAction(pauseType, protocol.Values{"agent": "NOBODY"}); !diags.Errors().Say("Agent is not one of yours", "strict_plan") {
		t.Errorf("%s", diags)
	}
}

// TestPlansOfAgentActionsOnlyRead, in one list for all agents, and nothing at all where nothing can be asked.
func TestPlansOfAgentActionsOnlyRead(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.NextWalk()
	key := protocol.Values{"provider": "openai", "value": firstSecret}
	for _, c := range []struct {
		action string
		config protocol.Values
	}{
		{pauseType, protocol.Values{"agent": "WORK"}},
		{resumeType, protocol.Values{"agent": "rest"}},
		{pauseType, protocol.Values{"agent": protocol.Unknown}},
		{rotateType, protocol.Values{"agent": "WORK", "provider_key": key}},
		{rotateType, protocol.Values{"agent": protocol.Unknown, "provider_key": protocol.Unknown}},
		{rotateType, protocol.Values{"agent": "WORK", "provider_key": protocol.Values{"value": protocol.Unknown, "value_env": nil}}},
		{rotateType, protocol.Values{"agent": "WORK", "provider_key": protocol.Values{"value_env": protocol.Unknown}}},
	} {
		if diags := s.ValidateAction(c.action, c.config); len(diags) > 0 {
			t.Errorf("validate %s %v: %s", c.action, c.config, diags)
		}
		if deferred, diags := s.PlanAction(c.action, c.config); len(diags) > 0 || deferred != nil {
			t.Errorf("plan %s %v: %v %s", c.action, c.config, deferred, diags)
		}
	}
	var operations []string
	for _, entry := range s.server.Requests() {
		operations = append(operations, entry.Operation)
	}
	if !slices.Equal(operations, []string{"agents.mine"}) {
		t.Errorf("the plans made the requests %v; want one list", operations)
	}

	s.server.ClearRequests()
	s.config["api_key"] = protocol.Unknown
	s.MustConfigure(s.config)
	if _, diags := s.PlanAction(pauseType, protocol.Values{"agent": "WORK"}); len(diags) > 0 || len(s.server.Requests()) > 0 {
		t.Errorf("without an API key: %d requests, %s", len(s.server.Requests()), diags)
	}
}

func TestAgentActionArguments(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, c := range map[string]struct {
		action string
		config protocol.Values
		at     string
	}{
		"empty agent":       {pauseType, protocol.Values{"agent": ""}, "agent"},
		"no key":            {rotateType, protocol.Values{"agent": "WORK", "provider_key": protocol.Values{}}, "provider_key.value"},
		"two keys":          {rotateType, protocol.Values{"agent": "WORK", "provider_key": protocol.Values{"value": "x", "value_env": "Y"}}, "provider_key.value"},
		"an empty key":      {rotateType, protocol.Values{"agent": "WORK", "provider_key": protocol.Values{"value": ""}}, "provider_key.value"},
		"an empty provider": {rotateType, protocol.Values{"agent": "WORK", "provider_key": protocol.Values{"value": "x", "provider": ""}}, "provider_key.provider"},
	} {
		if diags := s.ValidateAction(c.action, c.config); len(diags.Errors().At(c.at)) != 1 {
			t.Errorf("%s: want an error at %s:\n%s", name, c.at, diags)
		}
	}
}

// TestRotateProviderKey: AUTX has the new key, and nobody else does.
func TestRotateProviderKey(t *testing.T) {
	s := newStage(t)
	t.Setenv("AUTX_TEST_PROVIDER_KEY", secondSecret)
	var log bytes.Buffer
	logged := s.WithContext(tflogtest.RootLogger(t.Context(), &log))
	var said strings.Builder
	for _, c := range []struct {
		key    protocol.Values
		secret string
		from   string // the model provider that AUTX has after it
	}{
		{protocol.Values{"provider": "openai", "value": firstSecret}, firstSecret, "openai"},
		{protocol.Values{"value_env": "AUTX_TEST_PROVIDER_KEY"}, secondSecret, "openai"},
		{protocol.Values{"provider": "anthropic", "value": firstSecret}, firstSecret, "anthropic"},
	} {
		out := logged.Invoke(rotateType, protocol.Values{"agent": "WORK", "provider_key": c.key})
		if want := []string{"The provider key of agent WORK is sent.", "Agent WORK has the new provider key."}; !slices.Equal(out.Progress, want) ||
			len(out.Diagnostics) > 0 {
			t.Errorf("progress %q, want %q:\n%s", out.Progress, want, out.Diagnostics)
		}
		a := must(t, s.server, "WORK")
		if a.ProviderKeySHA256 != digest([]byte(c.secret)) || a.Provider == nil || *a.Provider != c.from {
			t.Errorf("AUTX has another key, or of another provider: %+v", a)
		}
	}
	s.server.AddFault(fmt.Sprintf(`agents.set_provider_key:before:status=422,body=the key %s is bad`, firstSecret))
	out := logged.Invoke(rotateType, protocol.Values{"agent": "WORK", "provider_key": protocol.Values{"value": firstSecret}})
	if !out.Diagnostics.Errors().Say("Could not set the provider key of agent WORK", "422") {
		t.Errorf("%s", out.Diagnostics)
	}
	fmt.Fprint(&said, out.Diagnostics, out.Progress)
	if !strings.Contains(log.String(), "provider-key") {
		t.Fatalf("the log shows no request to set a key, so it proves nothing:\n%s", log.String())
	}
	for where, text := range map[string]string{"log": log.String(), "messages": said.String()} {
		for _, secret := range []string{firstSecret, secondSecret} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s has a secret", where)
			}
		}
	}
}
