package mockserver

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// proxyDelay is how long the agent takes, before anything is charged.
func proxyDelay(w *world, x *exchange) time.Duration {
	if a := w.listedByEither(x.values["ticker_or_id"]); a != nil {
		return time.Duration(a.Responder.Delay)
	}
	return 0
}

// callProxy passes any JSON on to an agent and gives its raw answer. Calls are free for agents at $0 and for the agent's owner; otherwise
// service_price is debited, unless the agent fails (SDK reference; that a failure is free is assumed).
func callProxy(w *world, x *exchange) *answer {
	out := w.throughProxy(x)
	if a := w.listedByEither(x.values["ticker_or_id"]); a != nil {
		out.with("x-autx-agent", a.Ticker).with("x-autx-latency-ms", strconv.FormatInt(time.Duration(a.Responder.Delay).Milliseconds(), 10))
	}
	return out.with("x-autx-request-id", newID()[:8])
}

func (w *world) throughProxy(x *exchange) *answer {
	if !json.Valid(x.body) {
		found := &problems{}
		if len(x.body) == 0 {
			found.add([]any{"body"}, "missing", "Field required")
		} else {
			found.add([]any{"body"}, "json_invalid", "JSON decode error")
		}
		return found.rejection()
	}
	a := w.listedByEither(x.values["ticker_or_id"])
	switch {
	case a == nil:
		return notFound("Agent")
	case a.Status != statusActive:
		return refuse(http.StatusConflict, "The agent is %s", a.Status)
	}
	price := a.Price
	if a.Owner == x.user.ID {
		price = money.Zero()
	}
	if price.GreaterThan(w.account(x.user).available) {
		return w.short(x.user, "The request", price)
	}
	reply := a.Responder.answer(x.body)
	w.changed()
	if reply.failed {
		a.called(true, money.Zero())
	} else {
		if err := w.ledger.consume(x.user.ID, price, money.Zero(), cause{}, w.now); err != nil {
			return w.short(x.user, "The request", price)
		}
		a.called(false, price)
	}
	return &answer{status: reply.status, header: http.Header{"Content-Type": {reply.contentType}}, body: []byte(reply.text)}
}
