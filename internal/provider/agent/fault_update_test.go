package agent_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// changeFault is something that goes wrong with a request that sets what was asked for, and can therefore be sent again.
type changeFault struct {
	name  string
	rule  string // without the operation
	slow  bool   // it is met with a timeout of 2 seconds
	times int    // how often the request is sent by the apply that meets it
	says  []string
}

// retriedFaults are those that a reader never hears of.
func retriedFaults() []changeFault {
	return []changeFault{
		{name: "connection reset before", rule: "before:reset", times: 2},
		{name: "connection reset after", rule: "after:reset", times: 2},
		{name: "503 before", rule: "before:status=503", times: 2},
		{name: "502 after", rule: "after:status=502,content_type=text/html,body=<html></html>", times: 2},
		{name: "429", rule: "before:status=429,retry_after=1", times: 2},
		{name: "no answer after", rule: "after:hang", slow: true, times: 2},
	}
}

// toldFaults end the apply with an error; the next one mends it.
func toldFaults() []changeFault {
	return []changeFault{
		{
			name: "500 before", rule: "before:status=500,body={\"detail\":\"the disk is full\"}", times: 1,
			says: []string{"500 Internal Server Error: the disk is full", "it may have been carried out all the same"},
		},
		{name: "500 after", rule: "after:status=500", times: 1, says: []string{"500 Internal Server Error"}},
		{name: "reset for ever", rule: "before:reset,times=2", times: 2, says: []string{"2 attempts"}},
		{name: "403", rule: "before:status=403,body={\"detail\":\"not yours\"}", times: 1, says: []string{"403 Forbidden: not yours", "scope"}},
	}
}

// mostTelling leaves out the faults that the client treats like another one, where each costs several runs of the CLI.
func mostTelling(faults []changeFault) []changeFault {
	return slices.DeleteFunc(faults, func(f changeFault) bool {
		return slices.Contains([]string{"502 after", "429", "500 before", "reset for ever", "403"}, f.name)
	})
}

// faultyChange is a kind of request that changes an agent.
type faultyChange struct {
	name, operation, request string // as in agents.update and PATCH
	// step gives the arguments of the n-th change, counted from 1.
	step func(s *scene, n int) string
	// done tells whether AUTX and the state have the n-th change.
	done func(s *scene, n int) bool
	// faults beside those for every change.
	faults []changeFault
}

func faultyChanges() []faultyChange {
	broken := changeFault{name: "answer cut", rule: "body:truncate,bytes=30", times: 2}
	return []faultyChange{
		{
			name: "PATCH", operation: "agents.update", request: "PATCH /agents/",
			step: func(_ *scene, n int) string { return fmt.Sprintf("description = \"version %d\"", n) },
			done: func(s *scene, n int) bool {
				want, now := fmt.Sprintf("version %d", n), s.agent("ONE").Description
				return now != nil && *now == want && s.Stored()[0].Text("description") == want
			},
			faults: []changeFault{broken, {
				name: "422", rule: `before:status=422,body={"detail":[{"loc":["body","description"],"msg":"is too long","type":"value_error"}]}`, times: 1,
				says: []string{"AUTX refused the value of description: Is too long.", `in resource "autx_agent" "a": 11: description = "version`},
			}},
		},
		{
			name: "provider key", operation: "agents.set_provider_key", request: "PUT /agents/",
			step: func(_ *scene, n int) string {
				return fmt.Sprintf("provider_key = {\n provider = \"openai\"\n value_wo = \"sk-secret-%d\"\n value_wo_version = %d\n }", n, n)
			},
			done: func(s *scene, n int) bool {
				key, _ := s.Stored()[0].Attributes["provider_key"].(map[string]any) // nil has no version
				return s.agent("ONE").ProviderKeySHA256 == digestOf(fmt.Sprintf("sk-secret-%d", n)) && key["value_wo_version"] == float64(n)
			},
			faults: []changeFault{broken},
		},
		{
			name: "image", operation: "agents.upload_image", request: "POST /agents/",
			step: func(s *scene, n int) string {
				s.Write("image.png", imageContent(n))
				return "image = { source = \"image.png\" }"
			},
			done: func(s *scene, n int) bool {
				image, _ := s.Stored()[0].Attributes["image"].(map[string]any) // nil has no digest
				url := s.agent("ONE").ImageURL
				return url != nil && strings.Contains(*url, digestOf(imageContent(n))) && image["content_sha256"] == digestOf(imageContent(n))
			},
			faults: []changeFault{broken},
		},
		{
			name: "image removed", operation: "agents.delete_image", request: "DELETE /agents/",
			step: func(s *scene, n int) string {
				s.Write("image.png", imageContent(n))
				s.configure(agentBlock("a", "ONE", "image = { source = \"image.png\" }"))
				s.MustApply()
				return ""
			},
			done: func(s *scene, _ int) bool {
				return s.agent("ONE").ImageURL == nil && s.Stored()[0].Attributes["image"] == nil
			},
		},
	}
}

func imageContent(n int) string { return fmt.Sprintf("\x89PNG\r\n\x1a\nimage %d", n) }

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestAccFaultChange lets every change of an agent go wrong. What can be sent again is, without a word; the rest is told, leaves the state true, and the
// next apply mends it.
func TestAccFaultChange(t *testing.T) {
	t.Parallel()
	results := newTable("change", "fault", "requests", "told")
	t.Cleanup(func() { results.log(t) })
	for _, change := range faultyChanges() {
		t.Run(change.name, func(t *testing.T) {
			t.Parallel()
			s := launched(t)
			faults := append(retriedFaults(), toldFaults()...)
			if change.operation != "agents.update" {
				faults = mostTelling(faults)
			}
			for i, fault := range append(faults, change.faults...) {
				n, provider := i+1, ""
				if fault.slow {
					provider = "\n  timeout = \"2s\""
				}
				s.configureProvider(provider, agentBlock("a", "ONE", change.step(s, n)))
				s.server.AddFault(change.operation + ":" + fault.rule)
				s.server.ClearRequests()
				result := s.Apply()
				s.mustHaveSent(change.operation, fault.times)
				if len(fault.says) == 0 {
					if result.Code != 0 || summaries(result) != "-" {
						t.Errorf("%s: a reader is bothered:\n%s", fault.name, result.Raw)
					}
				} else {
					s.mustFail(result, append([]string{change.request, "/agents/" + s.agent("ONE").ID}, fault.says...)...)
					s.mustHaveStored(map[string]string{"autx_agent.a": "ONE"})
					s.MustApply()
				}
				if !change.done(s, n) {
					t.Errorf("%s: the change is not made, or not saved: %+v", fault.name, s.Stored()[0].Attributes)
				}
				results.add(change.name, fault.name, fault.times, summaries(result))
			}
			s.server.ClearRequests()
			s.mustBeWhole("autx_agent.a", "ONE")
		})
	}
}

// TestAccFaultDestroy lets the end of an agent go wrong: a lost answer is a success, and whatever was told is mended by the next run.
func TestAccFaultDestroy(t *testing.T) {
	t.Parallel()
	results := newTable("destroy", "fault", "requests", "told")
	t.Cleanup(func() { results.log(t) })
	type ending struct {
		name, operation, resource, left string
		options                         []mockserver.Option
	}
	for _, ending := range []ending{
		{name: "agent", operation: "agents.delete", left: "$20.00"},
		{name: "agent that is only delisted", operation: "agents.delete", left: "$20.00", options: []mockserver.Option{mockserver.WithAssume("agents.delete", "delisted")}},
		{name: "reservation", operation: "agents.cancel_reservation", left: "$0.00", resource: "launch = { reserve = true }"},
	} {
		t.Run(ending.name, func(t *testing.T) {
			t.Parallel()
			faults := append(retriedFaults(), toldFaults()...)
			if ending.name != "agent" {
				faults = mostTelling(faults)
			}
			for _, fault := range faults {
				t.Run(fault.name, func(t *testing.T) {
					t.Parallel()
					s := newScene(t, ending.options...)
					s.configure(agentBlock("a", "ONE", ending.resource))
					s.MustApply()
					id := s.agent("ONE").ID
					provider := ""
					if fault.slow {
						provider = "\n  timeout = \"2s\""
					}
					s.configureProvider(provider)
					s.server.AddFault(ending.operation + ":" + fault.rule)
					result := s.Apply()
					s.mustHaveSent(ending.operation, fault.times)
					if len(fault.says) == 0 {
						if result.Code != 0 || strings.Contains(result.Output, "Error") {
							t.Errorf("a reader is bothered:\n%s", result.Raw)
						}
					} else {
						s.mustFail(result, append([]string{"Error: Could not destroy agent ONE", "DELETE /agents/" + id}, fault.says...)...)
						if stored := s.Stored(); len(stored) != 1 || stored[0].Text("id") != id || stored[0].Tainted {
							t.Errorf("the state has %+v", stored)
						}
						s.MustApply()
					}
					s.mustHaveCharged(ending.left)
					s.mustHaveStored(nil)
					for _, a := range s.server.State().Agents {
						if a.ID == id && a.Status != "delisted" {
							t.Errorf("the agent is still %s", a.Status)
						}
					}
					s.MustBeEmpty()
					results.add(ending.name, fault.name, s.requests(ending.operation), summaries(result))
				})
			}
		})
	}
}

const activationBlock = `activation = {
    tx_hash = "0x00000000000000000000000000000000000000000000000000000000000000aa"
    deployer_address = "0x00000000000000000000000000000000000000bb"
  }`

// TestAccFaultActivate lets the activation of a reserved agent go wrong. It is never sent a second time once it may have been carried out.
func TestAccFaultActivate(t *testing.T) {
	t.Parallel()
	results := newTable("activation", "requests", "told")
	t.Cleanup(func() { results.log(t) })
	const reserve = "launch = { reserve = true }"
	for _, fault := range []struct {
		name, rule string
		slow       bool
		times      int // all in all
		says       []string
	}{
		{name: "connection reset before", rule: "before:reset", times: 2, says: []string{"it may have been carried out all the same"}},
		{name: "503 before", rule: "before:status=503", times: 2, says: []string{"503 Service Unavailable"}},
		{name: "connection reset after", rule: "after:reset", times: 1},
		{name: "500 after", rule: "after:status=500", times: 1},
		{name: "no answer after", rule: "after:hang", slow: true, times: 1},
		{name: "answer cut", rule: "body:truncate,bytes=20", times: 1},
		{name: "answer cut and unreadable afterwards", rule: "body:truncate,bytes=20", times: 1, says: []string{"Could not activate agent ONE"}},
		{name: "429", rule: "before:status=429,retry_after=1", times: 2},
		{
			name: "422", rule: `before:status=422,body={"detail":[{"loc":["body","tx_hash"],"msg":"is of another chain","type":"value_error"}]}`, times: 2,
			says: []string{"AUTX refused the value of activation.tx_hash: Is of another chain."},
		},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.configure(agentBlock("a", "ONE", reserve))
			s.MustApply()
			if status := s.agent("ONE").Status; status != "pending" {
				t.Fatalf("the reserved agent is %s", status)
			}
			provider := ""
			if fault.slow {
				provider = "\n  timeout = \"2s\""
			}
			s.configureProvider(provider, agentBlock("a", "ONE", reserve, activationBlock))
			s.server.AddFault("agents.activate:" + fault.rule)
			blind := strings.Contains(fault.name, "unreadable")
			if blind {
				gate := s.gate()
				gate.HoldAnswer(http.MethodPost, "/agents/*/activate/").Release()
				activated := false
				gate.Answer(http.MethodGet, "/agents/*", func(w http.ResponseWriter, _ *http.Request) {
					activated = true
					http.Error(w, "gone fishing", http.StatusForbidden)
				})
				s.server.ClearRequests()
				result := s.Apply("-refresh=false")
				s.mustFail(result, append([]string{"POST /agents/" + s.agent("ONE").ID + "/activate/"}, fault.says...)...)
				if !activated {
					t.Error("nobody looked whether it was activated")
				}
				gate.Clear()
				s.MustApply()
				results.add(fault.name, s.requests("agents.activate"), summaries(result))
			} else {
				result := s.Apply()
				if len(fault.says) == 0 {
					if result.Code != 0 || summaries(result) != "-" {
						t.Errorf("a reader is bothered:\n%s", result.Raw)
					}
				} else {
					s.mustFail(result, append([]string{"POST /agents/" + s.agent("ONE").ID + "/activate/"}, fault.says...)...)
					s.mustHaveStored(map[string]string{"autx_agent.a": "ONE"})
					s.MustApply()
				}
				results.add(fault.name, s.requests("agents.activate"), summaries(result))
			}
			s.mustHaveSent("agents.activate", fault.times)
			if status := s.agent("ONE").Status; status != "active" {
				t.Errorf("the agent is %s", status)
			}
			if stored := s.Stored()[0]; stored.Text("status") != "active" || stored.Attributes["activation"] == nil || stored.Text("contract_address") == "" {
				t.Errorf("the state has %+v", stored.Attributes)
			}
			s.mustBeWhole("autx_agent.a", "ONE")
		})
	}
}

// TestAccFaultKilledChange kills the provider in the middle of a change and of a destroy, and applies again.
func TestAccFaultKilledChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ method, pattern, wanted string }{
		"change": {http.MethodPatch, "/agents/*", agentBlock("a", "ONE", `description = "changed"`)}, "destroy": {http.MethodDelete, "/agents/*", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := launched(t)
			gate := s.gate()
			s.configure(c.wanted)
			held := gate.HoldAnswer(c.method, c.pattern)
			process := s.Start("apply", "-auto-approve", "-no-color")
			held.Arrived()
			process.KillProviders()
			if result := process.Wait(); result.Code == 0 {
				t.Errorf("it did not fail:\n%s", result.Raw)
			}
			if stored := s.Stored(); len(stored) != 1 || stored[0].Tainted {
				t.Errorf("the state has %+v", stored)
			}
			s.MustApply()
			s.mustHaveCharged("$20.00")
			if c.wanted == "" {
				s.mustHaveAgents()
				s.mustHaveStored(nil)
				return
			}
			if got := s.Stored()[0].Text("description"); got != "changed" {
				t.Errorf("the description in state is %q", got)
			}
			s.mustBeWhole("autx_agent.a", "ONE")
		})
	}
}
