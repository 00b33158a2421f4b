package mockserver_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// publicFields are those of a public agent (client 0.4.1).
var publicFields = []string{
	"agent_token_address", "auth_tier", "category", "contract_address", "created_at", "description", "dividend_splitter_address", "id", "image_url",
	"manifest", "name", "owner_id", "profile", "provider", "provider_key_configured", "service_price", "status", "success_rate", "ticker",
	"total_requests", "total_revenue", "uptime_pct",
}

func keysOf(o object) []string { return slices.Sorted(maps.Keys(o)) }

func tickers(items []object) string {
	var list []string
	for _, item := range items {
		list = append(list, item["ticker"].(string))
	}
	return strings.Join(list, " ")
}

func TestListAgents(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	nobody := as(t, s, "")
	buyer.post("/orders/", `{"agent_id":"`+idJSON+`","prompt":"x"}`).want(201)
	for range 3 {
		buyer.post("/proxy/FREE", `{}`).wantStatus(200)
	}
	s.Advance(time.Minute)
	seller.post("/credits/deposit-test", "").want(200)
	seller.post("/agents/", strings.Replace(launchBody, `"service_price"`, `"category":"text","service_price"`, 1)).want(201)
	for query, want := range map[string]string{
		"":                        "JSON SUMM FREE DOCS CHAT BROKEN MYAG",
		"sort=revenue":            "JSON SUMM FREE DOCS CHAT BROKEN MYAG",
		"sort=mcap":               "JSON SUMM FREE DOCS CHAT BROKEN MYAG",
		"sort=apy":                "JSON SUMM FREE DOCS CHAT BROKEN MYAG",
		"sort=trending":           "FREE JSON SUMM DOCS CHAT BROKEN MYAG",
		"sort=new":                "MYAG JSON BROKEN CHAT DOCS FREE SUMM",
		"sort=new&limit=2":        "MYAG JSON",
		"sort=new&offset=5":       "FREE SUMM",
		"sort=new&limit=9":        "MYAG JSON BROKEN CHAT DOCS FREE SUMM",
		"limit=2&offset=1":        "SUMM FREE",
		"offset=100":              "",
		"category=text":           "SUMM MYAG",
		"category=Text":           "",
		"category=&search=":       "JSON SUMM FREE DOCS CHAT BROKEN MYAG",
		"status=active&limit=1":   "JSON",
		"status=paused":           "PAUSED",
		"status=pending":          "",
		"search=long+TEXTS":       "SUMM",
		"search=chat":             "CHAT",
		"search=umm":              "SUMM",
		"search=zzz":              "",
		"category=text&search=my": "MYAG",
		"unknown=1&limit=1":       "JSON",
	} {
		if got := tickers(nobody.get("/agents/?" + query).list()); got != want {
			t.Errorf("%s: %s; want %s", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"sort=best": "query.sort", "status=gone": "query.status", "limit=0": "query.limit", "limit=x": "query.limit", "limit=1.5": "query.limit",
		"offset=-1": "query.offset", "limit=": "query.limit", "sort=x&limit=-1": "query.sort query.limit",
	} {
		if got := strings.Join(nobody.get("/agents/?"+query).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", query, got, want)
		}
	}
}

func TestPublicAgentsHaveEveryFieldAndNoEndpoint(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	for name, got := range map[string]object{
		"list": buyer.get("/agents/").list()[1], "get": buyer.get("/agents/" + idSumm).want(200), "ticker": buyer.get("/agents/ticker/SUMM").want(200),
		"mine": seller.get("/agents/mine").list()[0], "patch": seller.patch("/agents/"+idSumm, `{"category":"x"}`).want(200),
		"key": seller.put("/agents/"+idSumm+"/provider-key", `{"api_key":"sk"}`).want(200),
	} {
		if !slices.Equal(keysOf(got), publicFields) {
			t.Errorf("%s has %v", name, keysOf(got))
		}
	}
	full := slices.Sorted(slices.Values(append([]string{"endpoint_url"}, publicFields...)))
	for name, got := range map[string]object{
		"create":  buyer.post("/agents/", launchBody).want(201),
		"reserve": buyer.post("/agents/reserve/", strings.NewReplacer("MYAG", "RES", "My Agent", "Res").Replace(launchBody)).want(201),
	} {
		if !slices.Equal(keysOf(got), full) {
			t.Errorf("%s has %v", name, keysOf(got))
		}
	}
	got := buyer.get("/agents/" + idSumm).want(200)
	want := object{
		"id": idSumm, "owner_id": "seller", "name": "Summarizer", "ticker": "SUMM", "service_price": 0.5, "auth_tier": "jwt_default", "provider": nil,
		"status": "active", "uptime_pct": 100.0, "success_rate": 100.0, "total_revenue": 0.0, "total_requests": 0.0,
		"created_at": "2026-11-23T12:00:00.000000Z", "contract_address": nil, "manifest": nil, "profile": nil, "image_url": nil,
	}
	for field, value := range want {
		if got[field] != value {
			t.Errorf("%s = %v; want %v", field, got[field], value)
		}
	}
	_ = s
}

func TestGetAgent(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t)
	for path, want := range map[string]string{
		"/agents/" + idPaused: "PAUSED", "/agents/" + strings.ToUpper(idSumm): "SUMM", "/agents/ticker/summ": "SUMM", "/agents/ticker/S%55MM": "SUMM",
		"/agents/ticker/PAUSED": "PAUSED",
	} {
		if got := buyer.get(path).want(200); got["ticker"] != want {
			t.Errorf("%s: %v", path, got["ticker"])
		}
	}
	for _, path := range []string{"/agents/" + idUnknown, "/agents/nope", "/agents/ticker/NOPE", "/agents/ticker/" + idSumm, "/agents/SUMM"} {
		if detail := buyer.get(path).refused(404); detail != "Agent not found" {
			t.Errorf("%s: %s", path, detail)
		}
	}
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t)
	for path, want := range map[string]bool{
		"check-ticker/SUMM": false, "check-ticker/summ": false, "check-ticker/PAUSED": false, "check-ticker/NEW": true, "check-ticker/new1": true,
		"check-ticker/X": false, "check-ticker/ELEVENCHARS": false, "check-ticker/A-B": false,
		"check-name/Free": false, "check-name/fREE": false, "check-name/Free%20er": true, "check-name/a%2Fb": true, "check-name/%20": false,
		"check-name/" + strings.Repeat("n", 100): true, "check-name/" + strings.Repeat("n", 101): false, "check-name/%C3%A9%3F": true,
	} {
		if got := buyer.get("/agents/" + path).want(200); got["available"] != want || len(got) != 1 {
			t.Errorf("%s: %v; want %v", path, got, want)
		}
	}
}

func TestMineHasAllOfTheOwner(t *testing.T) {
	t.Parallel()
	_, buyer, seller := newShop(t)
	if got := tickers(seller.get("/agents/mine").list()); got != "JSON PAUSED BROKEN CHAT DOCS FREE SUMM" {
		t.Error(got)
	}
	if got := buyer.get("/agents/mine").list(); len(got) != 0 {
		t.Error(got)
	}
	buyer.post("/agents/reserve/", launchBody).want(201)
	if got := tickers(buyer.get("/agents/mine").list()); got != "MYAG" {
		t.Error(got)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	s, _, seller := newShop(t)
	got := seller.patch("/agents/"+idSumm, `{"name":"Sum","description":"d","category":"c","service_price":"0.75","status":"paused",
		"endpoint_url":"http://b.example/x","auth_tier":"buyer_key","provider":"openai","ticker":"OTHER","profile":{"tagline":"t","use_cases":["u"]},
		"manifest":{"supports_sessions":true,"session_price_per_message":0.000001,"input":{"type":"json"}}}`).want(200)
	for field, want := range map[string]any{
		"name": "Sum", "description": "d", "category": "c", "service_price": 0.75, "status": "paused", "auth_tier": "buyer_key", "provider": "openai",
		"ticker": "SUMM",
	} {
		if got[field] != want {
			t.Errorf("%s = %v; want %v", field, got[field], want)
		}
	}
	if !last(t, s).Committed {
		t.Error("not committed")
	}
	wantJSON(t, got["profile"], `{"tagline":"t","capabilities":[],"use_cases":["u"],"output_description":null,"best_for":null,"limitations":null}`)
	wantJSON(t, got["manifest"], `{"input":{"type":"json","accepts_files":false,"file_types":[],"max_size_bytes":10485760},
		"output":{"type":"json","produces_files":false,"content_types":["application/json"],"max_size_bytes":52428800},"supports_sessions":true,
		"session_price_per_message":0.000001,"session_minimum_messages":5,"session_max_duration_minutes":240,"chat_response_path":null}`)
	if state := s.State().Agents[0]; state.EndpointURL != "http://b.example/x" {
		t.Errorf("endpoint %s", state.EndpointURL)
	}
	// The manifest is replaced whole: what is left out goes back to its default.
	got = seller.patch("/agents/"+idSumm, `{"manifest":{"session_minimum_messages":2}}`).want(200)
	if m := got["manifest"].(object); m["supports_sessions"] != false || m["session_price_per_message"] != nil || m["session_minimum_messages"] != 2.0 {
		t.Errorf("manifest %v", m)
	}
	// Null clears what may be empty.
	got = seller.patch("/agents/"+idSumm, `{"description":null,"category":null,"provider":null,"manifest":null,"profile":null}`).want(200)
	for _, field := range []string{"description", "category", "provider", "manifest", "profile"} {
		if got[field] != nil {
			t.Errorf("%s = %v", field, got[field])
		}
	}
	seller.patch("/agents/"+idSumm, `{"name":"Sum","status":"paused"}`).want(200)
	if last(t, s).Committed {
		t.Error("an update that changes nothing is committed")
	}
}

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	var g, w any
	if err := errors.Join(json.Unmarshal(must(json.Marshal(got)), &g), json.Unmarshal([]byte(want), &w)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("(-want +got) %s", diff)
	}
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	for body, want := range map[string]string{
		"": "body", "{": "body", "[]": "body", `"x"`: "body", "null": "body", "{}": "body", `{"ticker":"NEW"}`: "body", `{"unknown":1}`: "body",
		`{"name":null}`: "body.name", `{"name":""}`: "body.name", `{"name":5}`: "body.name", `{"name":"  "}`: "body.name",
		`{"name":"` + strings.Repeat("é", 101) + `"}`: "body.name",
		`{"service_price":-1}`:                        "body.service_price", `{"service_price":"x"}`: "body.service_price",
		`{"service_price":0.0000001}`: "body.service_price", `{"service_price":true}`: "body.service_price", `{"service_price":null}`: "body.service_price",
		`{"status":"pending"}`: "body.status", `{"status":"Active"}`: "body.status", `{"status":null}`: "body.status",
		`{"endpoint_url":"ftp://x"}`: "body.endpoint_url", `{"endpoint_url":"https://"}`: "body.endpoint_url", `{"endpoint_url":null}`: "body.endpoint_url",
		`{"auth_tier":"none"}`: "body.auth_tier", `{"auth_tier":null}`: "body.auth_tier", `{"description":5}`: "body.description",
		`{"provider":[]}`: "body.provider", `{"manifest":[]}`: "body.manifest", `{"profile":"x"}`: "body.profile",
		`{"manifest":{"input":{"type":"","accepts_files":"yes","file_types":["a",1,null],"max_size_bytes":0}}}`: "body.manifest.input.type " +
			"body.manifest.input.accepts_files body.manifest.input.file_types.1 body.manifest.input.file_types.2 body.manifest.input.max_size_bytes",
		`{"manifest":{"output":{"content_types":"x","max_size_bytes":1.5,"produces_files":1}}}`: "body.manifest.output.produces_files " +
			"body.manifest.output.content_types body.manifest.output.max_size_bytes",
		`{"manifest":{"supports_sessions":0,"session_price_per_message":-1,"session_minimum_messages":0,"session_max_duration_minutes":"4"}}`: "body." +
			"manifest.supports_sessions body.manifest.session_price_per_message body.manifest.session_minimum_messages " +
			"body.manifest.session_max_duration_minutes",
		`{"profile":{"tagline":1,"capabilities":{},"use_cases":[1]}}`: "body.profile.tagline body.profile.capabilities body.profile.use_cases.0",
	} {
		if got := strings.Join(seller.patch("/agents/"+idSumm, body).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", body, got, want)
		}
		if last(t, s).Committed {
			t.Errorf("%s is committed", body)
		}
	}
	seller.patch("/agents/"+idUnknown, `{"name":"x"}`).refused(404)
	seller.patch("/agents/"+idUnknown, `{}`).invalid() // 422 comes before 404
	seller.patch("/agents/"+idSumm, `{"name":"FREE"}`).refused(409)
	seller.patch("/agents/"+idSumm, `{"name":"SUMMARIZER"}`).want(200) // its own name in another case
	buyer.patch("/agents/"+idSumm, `{}`).refused(403)                  // 403 comes before 422
	pending := buyer.post("/agents/reserve/", launchBody).want(201)["id"].(string)
	buyer.patch("/agents/"+pending, `{"status":"active"}`).refused(409)
	if got := buyer.patch("/agents/"+pending, `{"category":"x"}`).want(200); got["category"] != "x" || got["status"] != "pending" {
		t.Errorf("pending %v", got)
	}
}

func TestPatchNullIgnored(t *testing.T) {
	t.Parallel()
	s, _, seller := newShop(t, mockserver.WithAssume("agents.patch_null", "ignored"))
	got := seller.patch("/agents/"+idSumm, `{"description":null,"name":null,"category":"new","service_price":null,"manifest":null}`).want(200)
	if got["description"] != "Makes LONG texts short." || got["name"] != "Summarizer" || got["category"] != "new" || got["service_price"] != 0.5 {
		t.Errorf("%v", got)
	}
	seller.patch("/agents/"+idSumm, `{"description":null}`).want(200)
	if last(t, s).Committed {
		t.Error("an ignored null is committed")
	}
	seller.patch("/agents/"+idSumm, `{"x":null}`).invalid()
}

func TestPublicEndpointSwitch(t *testing.T) {
	t.Parallel()
	_, buyer, seller := newShop(t, mockserver.WithAssume("agents.public_endpoint_url", "true"))
	for name, got := range map[string]object{
		"list": buyer.get("/agents/?search=summ").list()[0], "get": buyer.get("/agents/" + idSumm).want(200),
		"mine": seller.get("/agents/mine").list()[6], "patch": seller.patch("/agents/"+idSumm, `{"category":"x"}`).want(200),
	} {
		if got["endpoint_url"] != "https://a.example/summ" {
			t.Errorf("%s: %v", name, got["endpoint_url"])
		}
	}
}

func TestProviderKey(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	const path = "/agents/" + idSumm + "/provider-key"
	got := seller.put(path, `{"api_key":"sk-secret","provider":"openai"}`)
	if o := got.want(200); o["provider_key_configured"] != true || o["provider"] != "openai" || strings.Contains(string(got.body), "sk-secret") {
		t.Errorf("%s", got.body)
	}
	first := s.State().Agents[0].ProviderKeySHA256
	if o := seller.put(path, `{"api_key":"sk-other"}`).want(200); o["provider"] != "openai" {
		t.Errorf("the provider is gone: %v", o)
	}
	if again := s.State().Agents[0].ProviderKeySHA256; first == again || len(again) != 64 {
		t.Errorf("digests %s, %s", first, again)
	}
	if state := string(must(json.Marshal(s.State()))); strings.Contains(state, "sk-other") {
		t.Error("the state holds a provider key")
	}
	seller.put(path, `{"api_key":"sk-other"}`).want(200)
	if last(t, s).Committed {
		t.Error("the same key again is committed")
	}
	for body, want := range map[string]string{
		`{}`: "body.api_key", `{"api_key":null}`: "body.api_key", `{"api_key":""}`: "body.api_key", `{"api_key":1,"provider":2}`: "body.api_key body.provider",
	} {
		if got := strings.Join(seller.put(path, body).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", body, got, want)
		}
	}
	buyer.put(path, `{}`).refused(403)
	seller.put("/agents/"+idUnknown+"/provider-key", `{"api_key":"x"}`).refused(404)
}

func TestDeleteAgent(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	order := buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`).want(201)["id"].(string)
	buyer.delete("/agents/" + idSumm).refused(403)
	if got := seller.delete("/agents/" + idSumm); got.status != 204 || len(got.body) != 0 || !last(t, s).Committed {
		t.Errorf("%d %s", got.status, got.body)
	}
	seller.delete("/agents/" + idSumm).refused(404)
	seller.get("/agents/" + idSumm).refused(404)
	seller.get("/agents/ticker/SUMM").refused(404)
	if got := seller.get("/agents/check-ticker/SUMM").want(200); got["available"] != true {
		t.Error("the ticker is not free again")
	}
	if got := seller.get("/agents/check-name/Summarizer").want(200); got["available"] != true {
		t.Error("the name is not free again")
	}
	buyer.get("/orders/" + order).want(200)
	if got := buyer.get("/orders/").list()[0]; got["agent_ticker"] != "SUMM" || got["agent_name"] != "Summarizer" {
		t.Errorf("the order has forgotten its agent: %v", got)
	}
	pending := buyer.post("/agents/reserve/", launchBody).want(201)["id"].(string)
	buyer.delete("/agents/" + pending).refused(409)
}

func TestDelisted(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t, mockserver.WithAssume("agents.delete", "delisted"))
	seller.delete("/agents/" + idSumm).want(204)
	if got := buyer.get("/agents/" + idSumm).want(200); got["status"] != "delisted" {
		t.Errorf("status %v", got["status"])
	}
	buyer.get("/agents/ticker/SUMM").refused(404)
	for name, items := range map[string][]object{
		"list": buyer.get("/agents/").list(), "paused": buyer.get("/agents/?status=paused").list(), "mine": seller.get("/agents/mine").list(),
	} {
		if strings.Contains(tickers(items), "SUMM") {
			t.Errorf("%s still has it", name)
		}
	}
	for _, check := range []string{"check-ticker/SUMM", "check-name/Summarizer"} {
		if got := buyer.get("/agents/" + check).want(200); got["available"] != false {
			t.Errorf("%s is free", check)
		}
	}
	buyer.post("/agents/", strings.Replace(launchBody, "MYAG", "SUMM", 1)).refused(409)
	seller.patch("/agents/"+idSumm, `{"name":"x"}`).refused(404)
	seller.delete("/agents/" + idSumm).refused(404)
	buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`).refused(404)
	buyer.post("/proxy/SUMM", `{}`).refused(404)
	if got := s.State().Agents[0]; got.Ticker != "SUMM" || got.Status != "delisted" {
		t.Errorf("state %v", got)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	_, buyer, seller := newShop(t)
	for range 3 {
		buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`).want(201)
	}
	buyer.post("/proxy/SUMM", `{}`).wantStatus(200)
	seller.post("/proxy/SUMM", `{}`).wantStatus(200) // the owner's own call is free
	if got := buyer.get("/agents/" + idSumm).want(200); got["total_revenue"] != 2.0 || got["total_requests"] != 5.0 || got["success_rate"] != 100.0 {
		t.Errorf("%v", got)
	}
	buyer.post("/proxy/BROKEN", `{}`).want(502)
	buyer.post("/orders/", `{"agent_id":"`+idBroken+`","prompt":"x"}`).want(201)
	if got := buyer.get("/agents/" + idBroken).want(200); got["total_revenue"] != 0.0 || got["total_requests"] != 2.0 || got["success_rate"] != 0.0 {
		t.Errorf("%v", got)
	}
}

func TestCheckNameWithOddCharacters(t *testing.T) {
	t.Parallel()
	_, buyer, _ := newShop(t)
	const name = `50% off / "AI" & more? #1 ..`
	buyer.post("/agents/", strings.Replace(launchBody, "My Agent", strings.ReplaceAll(name, `"`, `\"`), 1)).want(201)
	if got := buyer.get("/agents/check-name/" + url.PathEscape(name)).want(200); got["available"] != false {
		t.Error("the name is free")
	}
}
