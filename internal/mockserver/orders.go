package mockserver

import (
	"net/http"
	"slices"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// orderResponse answers the creation of an order (SDK reference). Amounts are in USD.
type orderResponse struct {
	ID          string       `json:"id"`
	AgentID     string       `json:"agent_id"`
	Status      string       `json:"status"`
	AmountPaid  money.Amount `json:"amount_paid"`
	PlatformFee money.Amount `json:"platform_fee"`
	CreatedAt   *string      `json:"created_at"`
}

// orderResult is what became of an order (SDK reference).
type orderResult struct {
	ID          string  `json:"id"`
	Status      string  `json:"status"`
	OutputHash  *string `json:"output_hash"`
	OutputText  *string `json:"output_text"`
	CompletedAt *string `json:"completed_at"`
}

// orderListItem is an order in a list (client 0.4.1). Amounts are in USD.
type orderListItem struct {
	ID            string       `json:"id"`
	AgentID       string       `json:"agent_id"`
	AgentName     *string      `json:"agent_name"`
	AgentTicker   *string      `json:"agent_ticker"`
	Status        string       `json:"status"`
	AmountPaid    money.Amount `json:"amount_paid"`
	PlatformFee   money.Amount `json:"platform_fee"`
	PaymentMethod *string      `json:"payment_method"`
	CreatedAt     *string      `json:"created_at"`
	CompletedAt   *string      `json:"completed_at"`
}

func (o *order) response() orderResponse {
	return orderResponse{o.ID, o.AgentID, o.Status, o.Paid, o.Fee, formatTime(o.CreatedAt)}
}

func (o *order) result() orderResult {
	r := orderResult{ID: o.ID, Status: o.Status, CompletedAt: formatTime(o.CompletedAt)}
	if o.Status == statusCompleted {
		text, hash := o.Text, hexSHA256([]byte(o.Text)) // the hash is assumed to be this
		r.OutputText, r.OutputHash = &text, &hash
	}
	return r
}

func (o *order) listItem() orderListItem {
	return orderListItem{
		ID: o.ID, AgentID: o.AgentID, AgentName: textOrNull(o.AgentName), AgentTicker: textOrNull(o.AgentTicker), Status: o.Status,
		AmountPaid: o.Paid, PlatformFee: o.Fee, PaymentMethod: textOrNull(o.PaymentMethod), CreatedAt: formatTime(o.CreatedAt),
		CompletedAt: formatTime(o.CompletedAt),
	}
}

func createOrder(w *world, x *exchange) *answer {
	found := &problems{}
	body, ok := bodyObject(x.body, found)
	if !ok {
		return found.rejection()
	}
	body.require("agent_id", "prompt")
	body.notNull("payment_method")
	id, _ := body.text("agent_id")
	prompt, _ := body.text("prompt")
	method, _ := body.text("payment_method")
	if refused := found.rejection(); refused != nil {
		return refused
	}
	return w.buy(x.user, id, prompt, firstOf(method, "credits"), nil)
}

// buy makes an order and debits it, or refuses it without a trace (assumed).
func (w *world) buy(u *user, agentID, prompt, method string, files []FileState) *answer {
	a := w.listedByID(agentID)
	switch {
	case a == nil:
		return notFound("Agent")
	case a.Status != statusActive:
		return refuse(http.StatusConflict, "The agent is %s", a.Status)
	}
	o := w.newOrder(u.ID, a, prompt, a.Price)
	o.PaymentMethod, o.Files = method, files
	if err := w.ledger.consume(u.ID, o.Paid, money.Zero(), cause{order: o.ID}, w.now); err != nil {
		return w.short(u, "The order", o.Paid)
	}
	o.DueAt = w.now.Add(w.assume.ordersDelay + time.Duration(a.Responder.Delay))
	w.orders = append(w.orders, o)
	if !o.DueAt.After(w.now) {
		w.finishOrder(o)
	}
	w.changed()
	return jsonAnswer(http.StatusCreated, o.response())
}

// newOrder prepares a pending order; nothing is charged yet.
func (w *world) newOrder(user string, a *agent, prompt string, price money.Amount) *order {
	reply := a.Responder.answerPrompt(prompt)
	return &order{
		Seq: w.seq(), ID: newID(), User: user, AgentID: a.ID, AgentName: a.Name, AgentTicker: a.Ticker, Status: statusPending, PaymentMethod: "credits",
		Prompt: prompt, Text: reply.text, Fails: reply.failed, Paid: price, Fee: money.Split(price).Platform, CreatedAt: w.now,
	}
}

// finishOrder lets the agent's answer arrive.
func (w *world) finishOrder(o *order) {
	if o.Fails {
		w.failOrder(o)
		return
	}
	o.Status, o.CompletedAt = statusCompleted, w.now
	if a := w.agentByID(o.AgentID); a != nil {
		a.called(false, o.Paid)
	}
}

// failOrder gives a failed order's price back (public API page), into the session's hold where it came from one that is still there.
func (w *world) failOrder(o *order) {
	o.Status, o.CompletedAt = statusFailed, w.now
	toHold := money.Zero()
	if s := w.sessionByID(o.SessionID); s != nil {
		if s.Status == statusActive {
			toHold = o.FromHold
			s.Hold = s.Hold.Add(toHold)
		}
		s.Consumed = s.Consumed.Sub(o.Paid)
	}
	w.ledger.refund(o.User, o.Paid, toHold, cause{order: o.ID, session: o.SessionID}, w.now)
	if a := w.agentByID(o.AgentID); a != nil {
		a.called(true, money.Zero())
	}
}

func getOrder(w *world, x *exchange) *answer {
	o := w.orderByID(x.values["order_id"])
	if o == nil || o.User != x.user.ID {
		return notFound("Order")
	}
	return jsonAnswer(http.StatusOK, o.result())
}

func listOrders(w *world, x *exchange) *answer {
	query, found := x.r.URL.Query(), &problems{}
	agentID := query.Get("agent_id")
	status := queryChoice(query, "status", found, statusPending, statusCompleted, statusFailed)
	if refused := found.rejection(); refused != nil {
		return refused
	}
	orders := keep(w.orders, func(o *order) bool { return o.User == x.user.ID })
	orders = withoutNewest(orders, w.assume.listsLag, func(o *order) string { return o.User })
	orders = keep(orders, func(o *order) bool {
		return (status == "" || o.Status == status) && (agentID == "" || o.AgentID == agentID)
	})
	newestFirst(orders, func(o *order) time.Time { return o.CreatedAt })
	items := make([]orderListItem, 0, len(orders))
	for _, o := range firstFew(orders, w.assume.listsLimit) {
		items = append(items, o.listItem())
	}
	return jsonAnswer(http.StatusOK, items)
}

// newestFirst sorts what is in the order of creation; ties go by sequence.
func newestFirst[T any](items []T, at func(T) time.Time) {
	slices.Reverse(items)
	slices.SortStableFunc(items, func(a, b T) int { return at(b).Compare(at(a)) })
}
