package mockserver_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// stateOf gives the state without the port, which differs from start to start.
func stateOf(s *mockserver.Server) string {
	return strings.ReplaceAll(string(must(json.MarshalIndent(s.State(), "", " "))), strings.TrimSuffix(s.URL(), "/api/v1"), "http://here")
}

func TestStateFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "world.json")
	opts := []mockserver.Option{
		mockserver.WithSeedJSON(shop), mockserver.WithClock(noon), mockserver.WithStateFile(path), mockserver.WithAssume("orders.delay", "1h"),
	}
	s := must(mockserver.Start(opts...))
	buyer, seller := as(t, s, "autx_live_buyer"), as(t, s, "autx_live_seller")
	health := buyer.control(http.MethodGet, "/health", "").want(200)
	if health["state"] != path {
		t.Errorf("%v", health)
	}
	first := buyer.post("/agents/", launchBody).want(201)["id"].(string)
	buyer.post("/agents/reserve/", launchOf("SECOND")).want(201)
	seller.multi("/agents/"+idSumm+"/image", part{"file", "a.png", "image/png", "\x89PNG\x00"}).want(200)
	seller.put("/agents/"+idSumm+"/provider-key", `{"api_key":"sk-secret"}`).want(200)
	pending := buyer.order(idSumm, "later")
	buyer.multi("/orders/multipart", part{name: "agent_id", content: idDocs}, part{name: "prompt", content: "x"}, part{"files", "a.pdf", "", "y"}).want(201)
	buyer.post("/payments/create-checkout", `{"type":"launch","success_url":"https://a.example","cancel_url":"https://a.example"}`).want(201)
	buyer.post("/credits/withdraw", `{"amount":1}`).want(200)
	k, session := buyer.open("CHAT")
	k.ask("x")
	k.want("billing")
	s.Advance(10 * time.Minute)

	data := string(must(os.ReadFile(path)))
	if strings.Contains(data, "sk-secret") {
		t.Error("the file holds a provider key")
	}
	before, instance, now := stateOf(s), s.Instance(), s.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = mockserver.New(t, opts...)
	if diff := cmp.Diff(before, stateOf(s)); diff != "" {
		t.Error(diff)
	}
	if s.Instance() == instance || !s.Now().Equal(now) {
		t.Errorf("instance %s, now %s; want another than %s, and %s", s.Instance(), s.Now(), instance, now)
	}
	buyer, seller = as(t, s, "autx_live_buyer"), as(t, s, "autx_live_seller")
	buyer.get("/agents/" + first).want(200)
	image := seller.get("/agents/" + idSumm).want(200)["image_url"].(string)
	if got := seller.send(http.MethodGet, image, "", ""); string(got.body) != "\x89PNG\x00" || got.header.Get("Content-Type") != "image/png" {
		t.Errorf("%d %q", got.status, got.body)
	}
	buyer.post("/credits/withdraw", `{"amount":1}`).refused(409) // the cooldown goes on
	s.Advance(time.Hour)
	if got := buyer.get("/orders/" + pending).want(200); got["status"] != "completed" || got["output_text"] != "Echo: later" {
		t.Errorf("%v", got)
	}
	buyer.delete("/sessions/" + session).want(200)
	s.Reset()
	if got := s.State(); len(got.Agents) != 7 || len(got.Orders) != 0 {
		t.Error("reset goes back to the start seed")
	}
}

// TestEveryChangeIsInTheFileBeforeItsAnswer takes the file up again without the first server being closed, as after a crash.
func TestEveryChangeIsInTheFileBeforeItsAnswer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "world.json")
	s := mockserver.New(t, mockserver.WithSeedJSON(shop), mockserver.WithStateFile(path))
	buyer := as(t, s, "autx_live_buyer")
	k, _ := buyer.open("CHAT")
	for _, change := range []func(){
		func() { buyer.order(idSumm, "x") }, func() { buyer.post("/credits/deposit-test", "").want(200) }, func() { k.ask("x"); k.want("billing") },
		func() { s.Advance(time.Minute) },
	} {
		change()
		other := must(mockserver.Start(mockserver.WithSeedJSON(shop), mockserver.WithStateFile(path)))
		if diff := cmp.Diff(stateOf(s), stateOf(other)); diff != "" {
			t.Error(diff)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestATurnInFlightFinishesAfterACrash reads the file as it was in the middle of a turn.
func TestATurnInFlightFinishesAfterACrash(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "world.json")
	s, buyer := slowChat(t, "1h", mockserver.WithStateFile(path))
	k, _ := buyer.open("CHAT")
	k.say(`{"type":"message","prompt":"x"}`)
	<-s.Await("sessions.message", 1)
	waitFor(t, func() bool { return strings.Contains(string(must(os.ReadFile(path))), `"Prompt":"x"`) })
	other := filepath.Join(t.TempDir(), "crashed.json")
	if err := os.WriteFile(other, must(os.ReadFile(path)), 0o600); err != nil {
		t.Fatal(err)
	}
	again := mockserver.New(t, mockserver.WithStateFile(other), mockserver.WithClock(noon))
	if o := again.State().Orders[0]; o.Status != "completed" {
		t.Errorf("%+v", o)
	}
	wantFunds(t, again, "buyer", "99.85", "0.1")
}

func TestStateFileRefused(t *testing.T) {
	t.Parallel()
	good := filepath.Join(t.TempDir(), "good.json")
	s := must(mockserver.Start(mockserver.WithSeedJSON(shop), mockserver.WithStateFile(good)))
	as(t, s, "autx_live_buyer").order(idSumm, "x")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text := string(must(os.ReadFile(good)))
	for name, content := range map[string]string{
		"empty": "", "no JSON": "hello", "newer": strings.Replace(text, `"version":1`, `"version":2`, 1), "more": strings.Replace(text, `{`, `{"colour":1,`, 1),
		"cut": text[:len(text)/2], "no balance": strings.Replace(text, `"amount":100,"available":100`, `"amount":0.1,"available":0.1`, 1),
		"order": strings.Replace(text, `"Paid":0.5`, `"Paid":0.6`, 1),
	} {
		path := filepath.Join(t.TempDir(), "bad.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := mockserver.Start(mockserver.WithStateFile(path)); err == nil {
			_ = s.Close()
			t.Errorf("%s: it was taken", name)
		} else if !strings.Contains(err.Error(), "state") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := mockserver.Start(mockserver.WithStateFile(t.TempDir())); err == nil {
		t.Error("a directory was taken")
	}
}

func TestAStateFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	s := must(mockserver.Start(mockserver.WithStateFile(filepath.Join(dir, "world.json"))))
	as(t, s, s.Key()).post("/credits/deposit-test", "").want(200)
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "save the state") {
		t.Errorf("%v", err)
	}
}
