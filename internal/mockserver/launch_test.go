package mockserver_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

const (
	launchBody = `{"name":"My Agent","ticker":"MYAG","endpoint_url":"https://a.example/my","service_price":0.25,"auth_tier":"jwt_default"}`
	minimal    = `{"name":"Other","ticker":"OTHER","endpoint_url":"https://a.example/other"}`
	txHash     = "0x00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
	deployer   = "0x00112233445566778899aabbccddeeff00112233"
)

func launchOf(ticker string) string {
	return `{"name":"Agent ` + ticker + `","ticker":"` + ticker + `","endpoint_url":"https://a.example/x"}`
}

func TestLaunchFee(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	buyer.post("/agents/", launchOf("ONE")).want(201)
	wantFunds(t, s, "buyer", "100", "0") // the first is free
	buyer.post("/agents/", launchOf("TWO")).want(201)
	buyer.post("/agents/reserve/", launchOf("THREE")).want(201)
	wantFunds(t, s, "buyer", "60", "0")
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "consume 20", "consume 20"}) {
		t.Error(got)
	}
	poor := as(t, s, "autx_live_poor")
	if detail := poor.post("/agents/", minimal).refused(402); !strings.Contains(detail, "$20.00") || !strings.Contains(detail, "$19.90") {
		t.Errorf("the refusal does not say what to top up: %s", detail)
	}
	if last(t, s).Committed || !strings.Contains(string(buyer.get("/agents/check-ticker/OTHER").body), "true") {
		t.Error("a refused launch left something behind")
	}
}

func TestLaunchDefaults(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	got := buyer.post("/agents/", minimal).want(201)
	for field, want := range map[string]any{
		"service_price": 5.0, "auth_tier": "jwt_default", "status": "active", "owner_id": "buyer", "endpoint_url": "https://a.example/other",
		"provider_key_configured": false, "manifest": nil, "profile": nil, "description": nil, "contract_address": nil,
	} {
		if got[field] != want {
			t.Errorf("%s = %v; want %v", field, got[field], want)
		}
	}
	s.Reset()
	whole := `{"name":"W","ticker":"WHOLE","endpoint_url":"https://a.example/w","service_price":"1.5","auth_tier":"buyer_key","description":"d","category":"c",
		"provider":"openai","provider_api_key":"sk-hidden","manifest":{},"profile":{},"tx_hash":"` + txHash + `","deployer_address":"` + deployer + `"}`
	answer := buyer.post("/agents/", whole)
	got = answer.want(201)
	for field, want := range map[string]any{
		"service_price": 1.5, "auth_tier": "buyer_key", "description": "d", "category": "c", "provider": "openai", "provider_key_configured": true,
		"total_revenue": 0.0,
	} {
		if got[field] != want {
			t.Errorf("%s = %v; want %v", field, got[field], want)
		}
	}
	if strings.Contains(string(answer.body), "sk-hidden") {
		t.Error("the answer tells the provider key")
	}
	for _, field := range []string{"contract_address", "dividend_splitter_address", "agent_token_address"} {
		if address, ok := got[field].(string); !ok || len(address) != 42 {
			t.Errorf("%s = %v", field, got[field])
		}
	}
	if m := got["manifest"].(object); m["session_minimum_messages"] != 5.0 {
		t.Errorf("manifest %v", m)
	}
	if state := s.State().Agents[7]; state.TxHash != txHash || state.DeployerAddress != deployer || state.ProviderKeySHA256 == "" {
		t.Errorf("state %+v", state)
	}
}

func TestLaunchRefuses(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	for change, want := range map[[2]string]string{
		{`"MYAG"`, `"myag"`}: "body.ticker", {`"MYAG"`, `"A"`}: "body.ticker", {`"MYAG"`, `"ELEVENCHARS"`}: "body.ticker", {`"MYAG"`, `5`}: "body.ticker",
		{`"MYAG"`, `"MY G"`}: "body.ticker", {`"MYAG"`, `null`}: "body.ticker", {`"ticker":"MYAG",`, ``}: "body.ticker",
		{`"My Agent"`, `""`}: "body.name", {`"name":"My Agent",`, ``}: "body.name",
		{`"https://a.example/my"`, `"a.example"`}: "body.endpoint_url", {`0.25`, `-0.25`}: "body.service_price", {`0.25`, `0.1234567`}: "body.service_price",
		{`0.25`, `null`}: "body.service_price", {`"jwt_default"`, `"other"`}: "body.auth_tier", {`"jwt_default"`, `null`}: "body.auth_tier",
		{`0.25`, `1,"tx_hash":"0x12"`}: "body.tx_hash", {`0.25`, `1,"deployer_address":"` + txHash + `"`}: "body.deployer_address",
		{`0.25`, `1,"provider_api_key":""`}: "body.provider_api_key", {`0.25`, `1,"stripe_session_id":5`}: "body.stripe_session_id",
	} {
		body := strings.Replace(launchBody, change[0], change[1], 1)
		if got := strings.Join(buyer.post("/agents/", body).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", body, got, want)
		}
	}
	if got := strings.Join(buyer.post("/agents/reserve/", `{}`).invalid(), " "); got != "body.name body.ticker body.endpoint_url" {
		t.Error(got)
	}
	as(t, s, "autx_live_newcomer").post("/agents/", `{}`).refused(403) // the e-mail comes before 422
	as(t, s, "autx_live_newcomer").post("/agents/reserve/", launchBody).refused(403)
	buyer.post("/agents/", strings.Replace(launchBody, "MYAG", "SUMM", 1)).refused(409)
	buyer.post("/agents/", strings.Replace(launchBody, "My Agent", "summarizer", 1)).refused(409)
	as(t, s, "autx_live_poor").post("/agents/", strings.Replace(launchBody, "MYAG", "SUMM", 1)).refused(409) // 409 comes before 402
	wantFunds(t, s, "buyer", "100", "0")
	if got := len(s.State().Agents); got != 7 {
		t.Errorf("%d agents", got)
	}
}

func TestThreePhaseLaunch(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	buyer.post("/agents/", launchOf("FIRST")).want(201)
	body := strings.Replace(launchBody, `0.25`, `0.25,"tx_hash":"nonsense","deployer_address":"nonsense"`, 1)
	got := buyer.post("/agents/reserve/", body).want(201) // a reservation knows neither field
	id := got["id"].(string)
	if got["status"] != "pending" || got["contract_address"] != nil {
		t.Errorf("reserved %v", got)
	}
	wantFunds(t, s, "buyer", "80", "0")
	if list := tickers(buyer.get("/agents/").list()); strings.Contains(list, "MYAG") {
		t.Error("a pending agent is listed")
	}
	buyer.get("/agents/" + id).want(200)
	buyer.post("/orders/", `{"agent_id":"`+id+`","prompt":"x"}`).refused(409)
	buyer.post("/proxy/MYAG", `{}`).refused(409)
	activation := `{"tx_hash":"` + txHash + `","deployer_address":"` + deployer + `"}`
	for bad, want := range map[string]string{
		`{}`: "body.tx_hash body.deployer_address", `{"tx_hash":"0x1","deployer_address":null}`: "body.deployer_address body.tx_hash",
	} {
		if got := strings.Join(buyer.post("/agents/"+id+"/activate/", bad).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", bad, got, want)
		}
	}
	seller.post("/agents/"+id+"/activate/", activation).refused(403)
	buyer.post("/agents/"+idUnknown+"/activate/", activation).refused(404)
	got = buyer.post("/agents/"+id+"/activate/", activation).want(200)
	if got["status"] != "active" || got["contract_address"] == nil || got["endpoint_url"] != "https://a.example/my" {
		t.Errorf("activated %v", got)
	}
	buyer.post("/agents/"+id+"/activate/", activation).refused(409)
	buyer.delete("/agents/" + id + "/reservation/").refused(409)
	wantFunds(t, s, "buyer", "80", "0")
	buyer.post("/orders/", `{"agent_id":"`+id+`","prompt":"x"}`).want(201)
}

func TestCancelReservation(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	free := buyer.post("/agents/reserve/", launchOf("FREEBIE")).want(201)["id"].(string)
	paid := buyer.post("/agents/reserve/", launchOf("PAID")).want(201)["id"].(string)
	wantFunds(t, s, "buyer", "80", "0")
	seller.delete("/agents/" + paid + "/reservation/").refused(403)
	if got := buyer.delete("/agents/" + paid + "/reservation/"); got.status != 204 || !last(t, s).Committed {
		t.Errorf("%d %s", got.status, got.body)
	}
	wantFunds(t, s, "buyer", "100", "0")
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "consume 20", "refund 20"}) {
		t.Error(got)
	}
	buyer.delete("/agents/" + paid + "/reservation/").refused(404)
	buyer.get("/agents/" + paid).refused(404)
	buyer.delete("/agents/" + free + "/reservation/").want(204)
	if got := s.State().Users[0].LaunchesLeftFree; got != 1 {
		t.Errorf("%d free launches are left; the cancelled one comes back", got)
	}
	buyer.post("/agents/", launchOf("PAID")).want(201) // ticker and name are free again, and so is the launch
	wantFunds(t, s, "buyer", "100", "0")
}

func TestLaunchPaidByCheckout(t *testing.T) {
	t.Parallel()
	s, _, seller := newShop(t)
	open := func(c *caller, body string) string {
		return c.post("/payments/create-checkout", body).want(201)["session_id"].(string)
	}
	const urls = `"success_url":"https://a.example/ok","cancel_url":"https://a.example/no"`
	id := open(seller, `{"type":"launch",`+urls+`}`)
	service := open(seller, `{"type":"service","agent_id":"`+idSumm+`",`+urls+`}`)
	with := func(ticker, session string) string {
		return strings.Replace(launchOf(ticker), "{", `{"stripe_session_id":"`+session+`",`, 1)
	}
	seller.post("/agents/", with("NEW", id)).refused(402) // not paid yet
	seller.control(http.MethodPost, "/checkouts/"+id+"/complete", "").want(200)
	seller.control(http.MethodPost, "/checkouts/"+service+"/complete", "").want(200)
	seller.post("/agents/", with("NEW", service)).refused(402)
	seller.post("/agents/", with("NEW", "cs_unknown")).refused(402)
	as(t, s, "autx_live_buyer").post("/agents/", with("NEW", id)).refused(402) // somebody else's
	reserved := seller.post("/agents/reserve/", with("NEW", id)).want(201)["id"].(string)
	wantFunds(t, s, "seller", "50", "0")
	seller.post("/agents/", with("NEW2", id)).refused(402) // used
	seller.delete("/agents/" + reserved + "/reservation/").want(204)
	seller.post("/agents/", with("NEW2", id)).want(201) // given back
	wantFunds(t, s, "seller", "50", "0")
}

func TestSeededReservationRefundsNothing(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"status": "paused"`, `"status": "pending"`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed))
	as(t, s, "autx_live_seller").delete("/agents/" + idPaused + "/reservation/").want(204)
	wantFunds(t, s, "seller", "50", "0")
}
