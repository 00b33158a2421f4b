package agent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// oddAnswers are answers to a launch that are not what the provider expects, but say that it was made. Each changes the fields of a right answer.
func oddAnswers() map[string]func(fields map[string]any) {
	set := func(name string, value any) func(map[string]any) {
		return func(fields map[string]any) { fields[name] = value }
	}
	return map[string]func(map[string]any){
		"PRICETEXT":  set("service_price", "0.5"),
		"PRICEZEROS": set("service_price", json.Number("0.500000")),
		"PRICEEXP":   set("service_price", json.Number("5e-1")),
		"PRICEOTHER": set("service_price", json.Number("0.75")),
		"PRICENULL":  set("service_price", nil),
		"PRICEODD":   set("service_price", map[string]any{"amount": 0.5, "currency": "USD"}),
		"EXTRA":      set("rank", []any{1, "two", nil, map[string]any{"three": 3}}),
		"ONLYID": func(fields map[string]any) {
			maps.DeleteFunc(fields, func(name string, _ any) bool { return name != "id" })
		},
		"NULLS": func(fields map[string]any) {
			for name := range fields {
				if name != "id" {
					fields[name] = nil
				}
			}
		},
		"WRONGTYPES": func(fields map[string]any) {
			for name := range fields {
				if name != "id" {
					fields[name] = []any{map[string]any{"odd": true}}
				}
			}
		},
		"LOWERCASE":  func(fields map[string]any) { fields["ticker"] = strings.ToLower(fmt.Sprint(fields["ticker"])) },
		"OTHERNAME":  set("name", "An entirely different name"),
		"STATUSWORD": set("status", "under_review"),
		"STATUSWAIT": set("status", "pending"),
		"STATUSNUM":  set("status", 7),
		"MANIFEST": set("manifest", map[string]any{
			"input": map[string]any{"type": "json", "max_size_bytes": 1, "new": 1}, "output": nil, "supports_sessions": "yes", "session_minimum_messages": 99,
		}),
		"MANIFODD": set("manifest", "none"),
		"PROFILE":  set("profile", map[string]any{"tagline": nil, "capabilities": "many", "use_cases": []any{nil, 1}}),
		"KEYTEXT":  set("provider_key_configured", "true"),
		"TIME":     set("created_at", 1700000000),
		"ENDPOINT": set("endpoint_url", "https://elsewhere.example.com/"),
		"TIER":     set("auth_tier", "quantum"),
		"DESC":     set("description", "something else"),
	}
}

// TestAccFaultOddAnswers launches agents whose answers are odd. Each is launched, saved under its id, with warnings at most, and not tainted; and as AUTX
// tells the truth afterwards there is nothing left to do.
func TestAccFaultOddAnswers(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]bool{"few arguments": false, "all arguments": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			odd := oddAnswers()
			s.gate().Rewrite(http.MethodPost, "/agents/", func(request, answer []byte) []byte {
				var asked struct{ Ticker string }
				fields := map[string]any{}
				decoder := json.NewDecoder(bytes.NewReader(answer))
				decoder.UseNumber()
				if json.Unmarshal(request, &asked) != nil || decoder.Decode(&fields) != nil || fields["id"] == nil {
					return answer
				}
				odd[asked.Ticker](fields)
				out, err := json.Marshal(fields)
				if err != nil {
					t.Error(err)
				}
				return out
			})
			var blocks []string
			want := map[string]string{}
			for _, ticker := range slices.Sorted(maps.Keys(odd)) {
				more := ""
				if full {
					more = "description = \"what it does\"\n  category = \"text\"\n  auth_tier = \"buyer_key\"\n  manifest = {\n supports_sessions = true\n }\n" +
						"  profile = {\n tagline = \"good\"\n capabilities = [\"this\"]\n }\n  provider_key = {\n value_wo = \"sk-key\"\n value_wo_version = 1\n }\n"
				}
				blocks = append(blocks, agentBlock(strings.ToLower(ticker), ticker, more))
				want["autx_agent."+strings.ToLower(ticker)] = ticker
			}
			s.configure(blocks...)
			result := s.Apply()
			if result.Code != 0 || strings.Contains(result.Output, "Error") {
				t.Errorf("it failed:\n%s", result.Raw)
			}
			s.mustHaveCharged(fmt.Sprintf("$%d.00", 20*len(want)))
			s.mustHaveSent("agents.create", len(want))
			s.mustHaveStored(want)
			for _, object := range s.Stored() {
				if object.Text("service_price") != "0.50" || object.Text("status") != "active" || object.Text("ticker") != want[object.Address] {
					t.Errorf("%s is not as planned: %v", object.Address, object.Attributes)
				}
			}
			s.MustBeEmpty()
			t.Logf("%d odd answers: %s", len(odd), summaries(result))
		})
	}
}

// TestAccFaultOddIDs launches agents whose answers have no id that could be used. Each is looked up.
func TestAccFaultOddIDs(t *testing.T) {
	t.Parallel()
	ids := map[string]any{"IDNULL": nil, "IDEMPTY": "", "IDOBJECT": map[string]any{"id": 1}, "IDLIST": []any{}, "IDBOOL": true}
	s := newScene(t)
	s.gate().Rewrite(http.MethodPost, "/agents/", func(request, answer []byte) []byte {
		var asked struct{ Ticker string }
		fields := map[string]any{}
		if json.Unmarshal(request, &asked) != nil || json.Unmarshal(answer, &fields) != nil {
			return answer
		}
		fields["id"] = ids[asked.Ticker]
		out, err := json.Marshal(fields)
		if err != nil {
			t.Error(err)
		}
		return out
	})
	var blocks []string
	want := map[string]string{}
	for ticker := range ids {
		blocks = append(blocks, agentBlock(strings.ToLower(ticker), ticker))
		want["autx_agent."+strings.ToLower(ticker)] = ticker
	}
	s.configure(blocks...)
	s.mustSay(s.MustApply(), foundAgain)
	s.mustHaveCharged(fmt.Sprintf("$%d.00", 20*len(want)))
	s.mustHaveSent("agents.create", len(want))
	s.mustHaveStored(want)
	s.MustBeEmpty()
}
