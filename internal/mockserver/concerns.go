package mockserver

import (
	"encoding/json"
)

// concerns is the ticker of the agent that a request is about, found in its path, its query or its body; "" when there is none. It is what a
// rule's match looks at, so it must not depend on whether the request is a good one.
func (x *exchange) concerns(w *world) string {
	if ticker := firstOf(x.values["ticker"], x.values["check_ticker"]); ticker != "" {
		return ticker
	}
	if either := x.values["ticker_or_id"]; either != "" {
		if a := w.listedByEither(either); a != nil {
			return a.Ticker
		}
		return either
	}
	if id := x.values["agent_id"]; id != "" {
		return w.tickerOf(id)
	}
	if o := w.orderByID(x.values["order_id"]); o != nil {
		return o.AgentTicker
	}
	if s := w.sessionByID(x.values["session_id"]); s != nil {
		return s.AgentTicker
	}
	if id := x.r.URL.Query().Get("agent_id"); id != "" {
		return w.tickerOf(id)
	}
	return x.concernsInBody(w)
}

func (x *exchange) concernsInBody(w *world) string {
	if len(x.body) == 0 {
		return ""
	}
	var named map[string]json.RawMessage
	if json.Unmarshal(x.body, &named) == nil {
		var ticker, id string
		if json.Unmarshal(named["ticker"], &ticker) == nil && ticker != "" {
			return ticker
		}
		if json.Unmarshal(named["agent_id"], &id) == nil {
			return w.tickerOf(id)
		}
		return ""
	}
	if f := x.readForm(&problems{}); f != nil {
		id, _ := f.field("agent_id")
		return w.tickerOf(id)
	}
	return ""
}

func (w *world) tickerOf(id string) string {
	if a := w.agentByID(id); a != nil {
		return a.Ticker
	}
	return ""
}
