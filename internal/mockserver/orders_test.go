package mockserver_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// order buys from an agent and gives the order's id.
func (c *caller) order(agent, prompt string) string {
	c.t.Helper()
	return c.post("/orders/", `{"agent_id":"`+agent+`","prompt":"`+prompt+`","payment_method":"credits"}`).want(201)["id"].(string)
}

func hexOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestOrder(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	got := buyer.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"Grüße \"<&>\"","payment_method":"stripe"}`).want(201)
	id := got["id"].(string)
	want := object{
		"id": id, "agent_id": idSumm, "status": "completed", "amount_paid": 0.5, "platform_fee": 0.05, "created_at": "2026-11-23T12:00:00.000000Z",
	}
	wantJSON(t, got, string(must(jsonOf(want))))
	if !last(t, s).Committed {
		t.Error("not committed")
	}
	const text = `Echo: Grüße "<&>"`
	wantJSON(t, buyer.get("/orders/"+id).want(200), string(must(jsonOf(object{
		"id": id, "status": "completed", "output_text": text, "output_hash": hexOf(text), "completed_at": "2026-11-23T12:00:00.000000Z",
	}))))
	wantJSON(t, buyer.get("/orders/").list()[0], string(must(jsonOf(object{
		"id": id, "agent_id": idSumm, "agent_name": "Summarizer", "agent_ticker": "SUMM", "status": "completed", "amount_paid": 0.5, "platform_fee": 0.05,
		"payment_method": "stripe", "created_at": "2026-11-23T12:00:00.000000Z", "completed_at": "2026-11-23T12:00:00.000000Z",
	}))))
	wantFunds(t, s, "buyer", "99.5", "0") // whatever the payment method says
	wantFunds(t, s, "seller", "50", "0")  // the creator's share is paid out elsewhere
	tx := buyer.get("/credits/transactions").list()[0]
	if tx["type"] != "consume" || tx["amount"] != 0.5 || tx["order_id"] != id || tx["session_id"] != nil {
		t.Errorf("transaction %v", tx)
	}
	if o := s.State().Orders[0]; o.Prompt != `Grüße "<&>"` || o.User != "buyer" {
		t.Errorf("state %+v", o)
	}
}

func TestOrderAmountsAreExact(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	body := buyer.post("/orders/", `{"agent_id":"`+idJSON+`","prompt":"x"}`).body
	if !strings.Contains(string(body), `"amount_paid":0.125,"platform_fee":0.0125`) {
		t.Errorf("%s", body)
	}
	got := buyer.get("/orders/" + s.State().Orders[0].ID).want(200)
	if got["output_text"] != `{"b":[1,2.50],"a":"é<"}` {
		t.Errorf("output %v", got["output_text"])
	}
}

func TestFreeOrderIsNoTransaction(t *testing.T) {
	t.Parallel()
	s, _, _ := newShop(t)
	poor := as(t, s, "autx_live_poor")
	poor.order(idFree, "x")
	if got := moves(s, "poor"); !slices.Equal(got, []string{"deposit 0.1"}) {
		t.Error(got)
	}
}

func TestOrderRefused(t *testing.T) {
	t.Parallel()
	s, buyer, seller := newShop(t)
	for body, want := range map[string]string{
		``: "body", `{`: "body", `[]`: "body", `{}`: "body.agent_id body.prompt", `{"agent_id":null,"prompt":5}`: "body.agent_id body.prompt",
		`{"agent_id":"x","prompt":"x","payment_method":1}`: "body.payment_method", `{"agent_id":"x","prompt":"x","payment_method":null}`: "body.payment_method",
		`{"agent_id":7,"prompt":"x"}`: "body.agent_id",
	} {
		if got := strings.Join(buyer.post("/orders/", body).invalid(), " "); got != want {
			t.Errorf("%s: %s; want %s", body, got, want)
		}
	}
	buyer.post("/orders/", `{"agent_id":"nope","prompt":"x"}`).refused(404)
	buyer.post("/orders/", `{"agent_id":"`+idUnknown+`","prompt":"x"}`).refused(404)
	buyer.post("/orders/", `{"agent_id":"`+idPaused+`","prompt":"x"}`).refused(409)
	poor := as(t, s, "autx_live_poor")
	if detail := poor.post("/orders/", `{"agent_id":"`+idSumm+`","prompt":"x"}`).refused(402); !strings.Contains(detail, "$0.40") {
		t.Errorf("the refusal does not say what to top up: %s", detail)
	}
	if last(t, s).Committed || len(s.State().Orders) != 0 || len(poor.get("/orders/").list()) != 0 {
		t.Error("a refused order left a record")
	}
	id := buyer.order(idSumm, "x")
	seller.get("/orders/" + id).refused(404)
	buyer.get("/orders/" + idUnknown).refused(404)
	buyer.get("/orders/nope").refused(404)
	if got := seller.get("/orders/").list(); len(got) != 0 {
		t.Errorf("somebody else's orders: %v", got)
	}
}

func TestOrderThatFails(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	got := buyer.post("/orders/", `{"agent_id":"`+idBroken+`","prompt":"x"}`).want(201)
	if got["status"] != "failed" || got["amount_paid"] != 0.3 {
		t.Errorf("%v", got)
	}
	result := buyer.get("/orders/" + got["id"].(string)).want(200)
	if result["status"] != "failed" || result["output_text"] != nil || result["output_hash"] != nil || result["completed_at"] == nil {
		t.Errorf("%v", result)
	}
	wantFunds(t, s, "buyer", "100", "0")
	if got := moves(s, "buyer"); !slices.Equal(got, []string{"deposit 100", "consume 0.3", "refund 0.3"}) {
		t.Error(got)
	}
}

func TestPendingOrders(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t, mockserver.WithAssume("orders.delay", "1m"))
	good, bad := buyer.order(idSumm, "x"), buyer.order(idBroken, "x")
	for _, id := range []string{good, bad} {
		got := buyer.get("/orders/" + id).want(200)
		if got["status"] != "pending" || got["output_text"] != nil || got["output_hash"] != nil || got["completed_at"] != nil {
			t.Errorf("%v", got)
		}
	}
	wantFunds(t, s, "buyer", "99.2", "0") // debited at once
	s.Advance(59 * time.Second)
	if got := buyer.get("/orders/?status=pending").list(); len(got) != 2 {
		t.Errorf("%d are pending", len(got))
	}
	s.Advance(time.Hour)
	if got := buyer.get("/orders/" + good).want(200); got["status"] != "completed" || got["completed_at"] != "2026-11-23T12:01:00.000000Z" {
		t.Errorf("%v", got)
	}
	if got := buyer.get("/orders/" + bad).want(200); got["status"] != "failed" {
		t.Errorf("%v", got)
	}
	wantFunds(t, s, "buyer", "99.5", "0")
	if last(t, s).Committed {
		t.Error("what time does is nobody's commit")
	}
	refund := buyer.get("/credits/transactions?limit=1").list()[0]
	if refund["type"] != "refund" || refund["order_id"] != bad || refund["created_at"] != "2026-11-23T12:01:00.000000Z" {
		t.Errorf("%v", refund)
	}
}

func TestAgentsTakeTheirTime(t *testing.T) {
	t.Parallel()
	seed := strings.Replace(shop, `"category": "misc"`, `"responder": {"kind": "echo", "delay": "90s"}`, 1)
	s := mockserver.New(t, mockserver.WithSeedJSON(seed), mockserver.WithClock(noon))
	buyer := as(t, s, "autx_live_buyer")
	id := buyer.order(idFree, "x")
	for advance, want := range map[time.Duration]string{90*time.Second - time.Microsecond: "pending"} {
		s.Advance(advance)
		if got := buyer.get("/orders/" + id).want(200); got["status"] != want {
			t.Errorf("%v", got)
		}
	}
	s.Advance(time.Microsecond)
	if got := buyer.get("/orders/" + id).want(200); got["status"] != "completed" {
		t.Errorf("%v", got)
	}
}

func TestListOrders(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	var ids []any
	for _, agent := range []string{idSumm, idBroken, idSumm} {
		ids = append(ids, buyer.order(agent, "x"))
	}
	s.Advance(time.Second)
	ids = append(ids, buyer.order(idFree, "x"))
	slices.Reverse(ids)
	for query, want := range map[string][]any{
		"": ids, "agent_id=" + idSumm: {ids[1], ids[3]}, "status=failed": {ids[2]}, "status=completed&agent_id=" + idFree: {ids[0]}, "status=pending": {},
		"agent_id=nope": {}, "unknown=1": ids,
	} {
		if got := column(buyer.get("/orders/?"+query).list(), "id"); !slices.Equal(got, want) {
			t.Errorf("%s: %v; want %v", query, got, want)
		}
	}
	if got := buyer.get("/orders/?status=done").invalid(); got[0] != "query.status" {
		t.Error(got)
	}
}

func TestOrderWithFiles(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	const octets = "application/octet-stream"
	got := buyer.multi("/orders/multipart", part{name: "agent_id", content: idDocs}, part{name: "prompt", content: "read"},
		part{name: "payment_method", content: "stripe"}, part{"files", "a.PDF", octets, "%PDF"}, part{"files", "b.txt", octets, ""},
		part{"files", "c", "image/png", "png"}, part{"files", "d.webp", octets, strings.Repeat("x", 20)}).want(201)
	if got["amount_paid"] != 1.0 || got["platform_fee"] != 0.1 || got["status"] != "completed" {
		t.Errorf("%v", got)
	}
	if result := buyer.get("/orders/" + got["id"].(string)).want(200); result["output_text"] != "Echo: read" {
		t.Errorf("%v", result)
	}
	o := s.State().Orders[0]
	want := []mockserver.FileState{
		{Name: "a.PDF", Size: 4, SHA256: hexOf("%PDF")},
		{Name: "b.txt", Size: 0, SHA256: hexOf("")},
		{Name: "c", Size: 3, SHA256: hexOf("png")},
		{Name: "d.webp", Size: 20, SHA256: hexOf(strings.Repeat("x", 20))},
	}
	if !slices.Equal(o.Files, want) || o.PaymentMethod == nil || *o.PaymentMethod != "stripe" {
		t.Errorf("%+v", o)
	}
	wantFunds(t, s, "buyer", "99", "0")
}

func TestOrderWithFilesRefused(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	docs, prompt := part{name: "agent_id", content: idDocs}, part{name: "prompt", content: "x"}
	file := func(name, content string) part { return part{"files", name, "application/octet-stream", content} }
	for want, parts := range map[string][]part{
		"body.agent_id body.prompt body.files": {},
		"body.files":                           {docs, prompt, part{name: "files", content: "no file"}},
		"body.files.1":                         {docs, prompt, file("a.pdf", "x"), file("b.exe", "x")},
		"body.files.0":                         {docs, prompt, file("a.pdf", strings.Repeat("x", 21))},
		"body.files.0 body.files.1":            {{name: "agent_id", content: idSumm}, prompt, file("a.pdf", "x"), file("a.pdf", "x")},
	} {
		if got := strings.Join(buyer.multi("/orders/multipart", parts...).invalid(), " "); got != want {
			t.Errorf("%v: %s; want %s", parts, got, want)
		}
	}
	if got := buyer.post("/orders/multipart", `{}`).invalid(); got[0] != "body" {
		t.Error(got)
	}
	buyer.multi("/orders/multipart", part{name: "agent_id", content: idUnknown}, prompt, file("a.pdf", "x")).refused(404)
	as(t, s, "autx_live_poor").multi("/orders/multipart", docs, prompt, file("a.pdf", "x")).refused(402)
	wantFunds(t, s, "buyer", "100", "0")
	if len(s.State().Orders) != 0 {
		t.Error("a refused order left a record")
	}
}
