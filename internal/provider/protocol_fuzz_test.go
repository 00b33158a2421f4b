package provider_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// FuzzImport: whatever is given as an id, the import ends in an agent of ours or in an error, asks for nothing but agents, and writes nothing.
func FuzzImport(f *testing.F) {
	for _, id := range []string{
		"MINE", "mine", "OTHR", "", " ", ".", "..", "../mine", "/", "//", "%2e%2e", "MINE/", "MINE?x=1", "MINE#x", "a b", "ticker/MINE", "reserve", "\x00", "日本語", "MINE\n", strings.Repeat("A", 9000),
		"00000000-0000-0000-0000-000000000000", "urn:uuid:00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "00000000000000000000000000000000",
	} {
		f.Add(id)
	}
	server := market(f, []string{"MINE"})
	mine := seededID(f, server, "MINE")
	f.Add(mine)
	f.Add(strings.ToUpper(mine))
	f.Fuzz(func(t *testing.T, id string) {
		if !utf8.ValidString(id) {
			t.Skip() // does not come through the protocol
		}
		d := protocol.New(t)
		d.MustConfigure(values{"base_url": server.URL(), "api_key": server.Key(), "max_retries": 0})
		server.ClearRequests()
		for _, byIdentity := range []bool{false, true} {
			imported, _, diags := d.Import(agentType, id)
			if byIdentity {
				imported, _, diags = d.ImportIdentity(agentType, values{"id": id})
			}
			switch {
			case imported == nil && !diags.HasErrors():
				t.Errorf("%q: neither imported nor refused", id)
			case imported != nil && imported.ID() != mine:
				t.Errorf("%q: imported %v", id, imported.Values())
			case imported != nil && !byIdentity && uuid.Validate(id) != nil && !strings.EqualFold(id, "MINE"):
				t.Errorf("%q: imported the agent MINE", id)
			case imported != nil:
				mustIdentify(t, d, "import", imported, mine)
			}
			if !utf8.ValidString(diags.String()) {
				t.Errorf("%q: %q", id, diags)
			}
		}
		if made := writes(server); len(made) > 0 {
			t.Errorf("%q: made the requests %v", id, made)
		}
		for _, operation := range calls(server) {
			if !strings.HasPrefix(operation, "agents.") {
				t.Errorf("%q: asked for %s", id, operation)
			}
		}
	})
}

// FuzzAnswer: whatever AUTX answers, with whatever status, a refresh, an import, a list and the data sources end in values or in errors.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"id":"7"}`, `{"id":"8"}`, `[{"id":"7","ticker":"SUMM"}]`, `{"detail":[{"loc":["body","manifest","input","type"],"msg":"é","type":"x"}]}`, `null`, `[]`, `{}`, ``, `<html>`, "\xff", `{"detail":"no"}`,
		`{"available":true}`, `{"id":"7","manifest":{"input":{"file_types":[null]}},"profile":{"capabilities":"x"}}`,
	} {
		for _, status := range []int{200, 201, 204, 302, 404, 422, 500} {
			f.Add(status, "application/json", body)
		}
	}
	var answer atomic.Pointer[func(http.ResponseWriter)]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { (*answer.Load())(w) }))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		if status < 200 || status > 599 || status == http.StatusTooManyRequests || strings.ContainsAny(contentType, "\r\n\x00") {
			t.Skip()
		}
		reply := func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
		answer.Store(&reply)
		d := protocol.New(t)
		d.MustConfigure(values{"base_url": server.URL, "api_key": "autx_live_fuzz", "max_retries": 0})
		stored := d.Stored(agentType, values{"id": "7", "ticker": "SUMM", "name": "n", "service_price": "1", "deletion_protection": false})

		after, _, diags := d.Read(stored)
		mustTravel(t, "read", diags)
		if !diags.HasErrors() && !after.Gone() {
			mustIdentify(t, d, "read", after, after.ID())
			d.Plan(agentType, after, agentNamed("SUMM"))
		}
		for _, id := range []string{"SUMM", "00000000-0000-0000-0000-000000000000"} {
			imported, _, diags := d.Import(agentType, id)
			mustTravel(t, "import", diags)
			if imported == nil && !diags.HasErrors() {
				t.Errorf("import of %s: nothing", id)
			}
		}
		for _, one := range d.List(agentType, protocol.ListOptions{IncludeResource: true}) {
			mustTravel(t, "list", one.Diagnostics)
		}
		for source, config := range map[string]values{
			"autx_agent": {"id": "7"}, "autx_agents": {"limit": 2}, "autx_availability": {"ticker": "SUMM", "name": "n"},
		} {
			_, _, diags := d.ReadDataSource(source, config)
			mustTravel(t, source, diags)
		}
		update, diags := d.Apply(d.MustPlan(agentType, stored, agentNamed("SUMM")))
		mustTravel(t, "update", diags)
		if update.ID() != "7" {
			t.Errorf("an update lost the agent: %v", update.Values())
		}
	})
}

// mustTravel fails the test for diagnostics that the protocol could not carry to the CLI.
func mustTravel(t *testing.T, what string, diags protocol.Diagnostics) {
	t.Helper()
	for _, one := range diags {
		if one.Summary == "" || !utf8.ValidString(one.Summary) || !utf8.ValidString(one.Detail) {
			t.Errorf("%s: %q: %q", what, one.Summary, one.Detail)
		}
	}
}
