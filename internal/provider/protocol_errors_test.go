package provider_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// invalid is AUTX's answer to a request with an invalid field.
func invalid(operation string, location ...any) string {
	body, err := json.Marshal(map[string]any{"detail": []any{map[string]any{"loc": location, "msg": "not like this", "type": "value_error"}}})
	if err != nil {
		panic(err)
	}
	return operation + ":before:status=422,times=0,body=" + string(body)
}

// TestInvalidFieldsLandOnArguments, nested ones and those that the request names otherwise.
func TestInvalidFieldsLandOnArguments(t *testing.T) {
	t.Parallel()
	for at, location := range map[string][]any{
		"":                                   {"body"},
		"name":                               {"body", "name"},
		"service_price":                      {"body", "service_price"},
		"manifest.input.type":                {"body", "manifest", "input", "type"},
		"manifest.input.file_types.0":        {"body", "manifest", "input", "file_types", 0},
		"manifest.session_price_per_message": {"body", "manifest", "session_price_per_message"},
		"profile.use_cases.0":                {"body", "profile", "use_cases", 0},
		"provider_key.provider":              {"body", "provider"},
		"provider_key.value_wo":              {"body", "provider_api_key"},
		"launch.stripe_session_id":           {"body", "stripe_session_id"},
		"activation.tx_hash":                 {"body", "tx_hash"},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			server := market(t, nil, mockserver.WithFault(invalid("agents.create", location...)))
			d := protocol.NewConfigured(t, server)
			made, diags := d.PlanAndApply(agentType, nil, everything(t, "SUMM"))
			said(t, "create", diags.Errors(), at, "Not like this", "POST /agents/", "422")
			if made != nil || len(diags) != 1 {
				t.Errorf("made %v: %s", made, diags)
			}
			// The refusal charged nothing, and the ticker can be launched once the value is right.
			if got := liveTickers(server); !slices.Equal(got, []string{"OTHR"}) {
				t.Errorf("AUTX has %v", got)
			}
		})
	}

	t.Run("update", func(t *testing.T) {
		t.Parallel()
		server := market(t, nil, mockserver.WithFault(invalid("agents.update", "body", "manifest", "output", "max_size_bytes")))
		d := protocol.NewConfigured(t, server)
		config := agentNamed("SUMM")
		made := d.MustApply(agentType, nil, config)
		after, diags := d.PlanAndApply(agentType, made, with(config, "manifest", values{"output": values{"max_size_bytes": 7}}, "deletion_protection", true))
		said(t, "update", diags.Errors(), "manifest.output.max_size_bytes", "Not like this", "PATCH /agents/"+made.ID())
		if diff := cmp.Diff(with(made.Values(), "deletion_protection", true), after.Values()); diff != "" {
			t.Errorf("the state says what AUTX refused (-want +got):\n%s", diff)
		}
	})

	t.Run("data sources", func(t *testing.T) {
		t.Parallel()
		server := market(t, nil, mockserver.WithFault(invalid("agents.list", "query", "limit")), mockserver.WithFault(invalid("agents.check_ticker", "path", "ticker")),
			mockserver.WithFault(invalid("agents.check_name", "path", "name")))
		d := protocol.NewConfigured(t, server)
		_, _, diags := d.ReadDataSource("autx_agents", values{"limit": 3})
		said(t, "autx_agents", diags.Errors(), "limit", "Not like this")
		_, _, diags = d.ReadDataSource("autx_availability", values{"ticker": "SUMM", "name": "x"})
		said(t, "autx_availability", diags.Errors(), "ticker", "Not like this")
		said(t, "autx_availability", diags.Errors(), "name", "Not like this")
	})
}

// TestAnswerAboutAnotherAgent: a state must never take over what it did not ask for.
func TestAnswerAboutAnotherAgent(t *testing.T) {
	t.Parallel()
	server := market(t, nil, mockserver.WithFault(`agents.get:before:status=200,body={"id":"8","name":"Another","ticker":"ELSE"}`))
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	after, _, diags := d.Read(made)
	said(t, "read", diags.Errors(), "", "another agent", made.ID(), "id 8", "SUMM")
	if diff := cmp.Diff(made.Values(), after.Values()); diff != "" {
		t.Errorf("the state changed (-before +after):\n%s", diff)
	}
}

// TestRefusalsOfALaunch: each is told with its next step, leaves nothing in state, and a second try is free to succeed.
func TestRefusalsOfALaunch(t *testing.T) {
	t.Parallel()
	for status, says := range map[string][]string{
		"400": {"400 Bad Request", "boo"},
		"401": {"api_key"},
		"402": {"Top them up", "nothing was charged"},
		"403": {"scope"},
		"422": {"422", "boo"},
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			server := market(t, nil, mockserver.WithFault(`agents.create:before:status=`+status+`,body={"detail":"boo"}`))
			d := protocol.NewConfigured(t, server)
			made, diags := d.PlanAndApply(agentType, nil, agentNamed("SUMM"))
			said(t, "launch", diags.Errors(), "", append(says, "Could not launch agent SUMM", "boo")...)
			if made != nil || !diags.Say("POST /agents/") {
				t.Errorf("made %v: %s", made, diags)
			}
			d.MustApply(agentType, nil, agentNamed("SUMM"))
		})
	}
}

// FuzzLaunch: whatever AUTX says to a launch that it carried out, and to all that follows, the agent is never tainted: that would pay for another one.
func FuzzLaunch(f *testing.F) {
	for _, more := range []string{
		`{}`, `{"status":"pending"}`, `{"status":"weird","ticker":"summ","name":"x","service_price":"0.500000"}`, `{"service_price":null,"manifest":{},"profile":[]}`,
		`{"name":null,"endpoint_url":"http://elsewhere","provider_key_configured":"yes","owner_id":7,"image_url":"","created_at":12}`, `{"manifest":{"input":{"type":"json"}},"extra":[[[]]]}`,
	} {
		f.Add(201, more, 200, more)
		f.Add(200, more, 500, "oops")
		f.Add(201, more, 404, `{"detail":"no"}`)
		f.Add(201, more, 422, `{"detail":[{"loc":["body","status"],"msg":"no","type":"x"}]}`)
	}
	f.Fuzz(func(t *testing.T, status int, more string, laterStatus int, later string) {
		var body map[string]json.RawMessage
		if status < 200 || status > 299 || status == http.StatusNoContent || laterStatus < 200 || laterStatus > 599 || laterStatus == http.StatusTooManyRequests ||
			json.Unmarshal([]byte(more), &body) != nil {
			t.Skip()
		}
		if body == nil {
			body = map[string]json.RawMessage{}
		}
		body["id"] = json.RawMessage(`"00000000-0000-0000-0000-000000000007"`)
		answer, err := json.Marshal(body)
		if err != nil {
			t.Skip()
		}
		var launched atomic.Bool
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			switch {
			case r.Method == http.MethodPost && r.URL.Path == "/agents/":
				launched.Store(true)
				w.WriteHeader(status)
				_, _ = w.Write(answer)
				return
			case r.URL.Path == "/agents/mine" && !launched.Load():
				_, _ = w.Write([]byte("[]")) // what is there before a launch has to be known
				return
			}
			w.WriteHeader(laterStatus)
			_, _ = w.Write([]byte(later))
		}))
		defer server.Close()
		d := protocol.New(t)
		d.MustConfigure(values{"base_url": server.URL, "api_key": "autx_live_fuzz", "max_retries": 0, "spending": values{"max_per_apply": "20", "journal": t.TempDir()}})
		made, diags := d.Apply(d.MustPlan(agentType, nil, everything(t, "SUMM")))
		if diags.HasErrors() || made == nil || made.Tainted {
			t.Fatalf("a launch that was paid for is lost or tainted: %s", diags)
		}
		mustIdentify(t, d, "launch", made, "00000000-0000-0000-0000-000000000007")
		mustTravel(t, "launch", diags)
	})
}

// TestOddAnswersToALaunch are the seeds above against the real mock server's world: the next plan finds what is different, and mends it.
func TestOddAnswersToALaunch(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{
		`{"service_price":"0.5000","ticker":"summ"}`, `{"status":"paused"}`, `{"name":"Something else","description":"made up","manifest":null}`, `{"provider_key_configured":null,"owner_id":null}`,
	} {
		t.Run(odd, func(t *testing.T) {
			t.Parallel()
			server := market(t, nil)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/agents/") {
					server.Handler().ServeHTTP(w, r)
					return
				}
				recorded := httptest.NewRecorder()
				server.Handler().ServeHTTP(recorded, r)
				var body map[string]any
				if json.Unmarshal(recorded.Body.Bytes(), &body) != nil || json.Unmarshal([]byte(odd), &body) != nil {
					t.Errorf("the launch was answered %s", recorded.Body)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(recorded.Code)
				_ = json.NewEncoder(w).Encode(body)
			}))
			t.Cleanup(front.Close)
			d := protocol.New(t)
			d.MustConfigure(with(protocol.ProviderValues(t, server), "base_url", front.URL+"/api/v1"))
			config := everything(t, "SUMM")
			made := d.MustApply(agentType, nil, config)
			settled := d.MustApply(agentType, d.MustRead(made), config)
			if plan := d.MustPlan(agentType, d.MustRead(settled), config); !plan.Empty() {
				t.Errorf("the plan does not settle: %s", cmp.Diff(settled.Values(), plan.Values()))
			}
			if launches(server) != 1 {
				t.Errorf("%d launches", launches(server))
			}
		})
	}
}
