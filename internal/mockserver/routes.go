package mockserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// apiPath is the path of the API below the server's root (SDK reference: the base URL ends in it).
const apiPath = "/api/v1"

// operation is one thing that a client can ask for.
type operation struct {
	name   string
	scope  string // what the key must allow; "" for operations without a key
	run    func(w *world, x *exchange) *answer
	delay  func(w *world, x *exchange) time.Duration // real time that passes before it runs; nil for none
	socket bool                                      // served over the WebSocket
}

// route says where an operation is found. Segments in braces match anything.
type route struct {
	method, path string
	operation
}

const (
	scopeOrders = "orders"
	scopeAgents = "agents"
	scopeProxy  = "proxy"
	scopeAll    = "*"
)

// The operations of the WebSocket beyond its opening, and the one for paths that lead nowhere.
const (
	opOpen    = "sessions.open"
	opMessage = "sessions.message"
	opEnd     = "sessions.end"
	opNone    = "none"
)

// routes is the API. Order matters, as it does in FastAPI: the first match wins, so that /agents/mine is not taken for an id. (http.ServeMux
// refuses patterns that overlap like /agents/ticker/{ticker} and /agents/{id}/image.)
func routes() []route {
	return []route{
		{http.MethodGet, "/agents/", operation{name: "agents.list", run: listAgents}},
		{http.MethodPost, "/agents/", operation{name: "agents.create", scope: scopeAgents, run: createAgent}},
		{http.MethodGet, "/agents/mine", operation{name: "agents.mine", scope: scopeAgents, run: listMine}},
		{http.MethodGet, "/agents/ticker/{ticker}", operation{name: "agents.get_by_ticker", run: getAgentByTicker}},
		{http.MethodGet, "/agents/check-ticker/{check_ticker}", operation{name: "agents.check_ticker", run: checkTicker}},
		{http.MethodGet, "/agents/check-name/{check_name}", operation{name: "agents.check_name", run: checkName}},
		{http.MethodPost, "/agents/reserve/", operation{name: "agents.reserve", scope: scopeAgents, run: reserveAgent}},
		{http.MethodGet, "/agents/{agent_id}", operation{name: "agents.get", run: getAgent}},
		{http.MethodPatch, "/agents/{agent_id}", operation{name: "agents.update", scope: scopeAgents, run: updateAgent}},
		{http.MethodDelete, "/agents/{agent_id}", operation{name: "agents.delete", scope: scopeAgents, run: deleteAgent}},
		{http.MethodPost, "/agents/{agent_id}/activate/", operation{name: "agents.activate", scope: scopeAgents, run: activateAgent}},
		{http.MethodDelete, "/agents/{agent_id}/reservation/", operation{name: "agents.cancel_reservation", scope: scopeAgents, run: cancelReservation}},
		{http.MethodPut, "/agents/{agent_id}/provider-key", operation{name: "agents.set_provider_key", scope: scopeAgents, run: setProviderKey}},
		{http.MethodPost, "/agents/{agent_id}/image", operation{name: "agents.upload_image", scope: scopeAgents, run: uploadImage}},
		{http.MethodDelete, "/agents/{agent_id}/image", operation{name: "agents.delete_image", scope: scopeAgents, run: deleteImage}},
		{http.MethodPost, "/proxy/{ticker_or_id}", operation{name: "proxy.call", scope: scopeProxy, run: callProxy, delay: proxyDelay}},
		{http.MethodPost, "/orders/", operation{name: "orders.create", scope: scopeOrders, run: createOrder}},
		{http.MethodPost, "/orders/multipart", operation{name: "orders.create_multipart", scope: scopeOrders, run: createOrderWithFiles}},
		{http.MethodGet, "/orders/", operation{name: "orders.list", scope: scopeOrders, run: listOrders}},
		{http.MethodGet, "/orders/{order_id}", operation{name: "orders.get", scope: scopeOrders, run: getOrder}},
		{http.MethodPost, "/payments/create-checkout", operation{name: "payments.create_checkout", scope: scopeAll, run: createCheckout}},
		{http.MethodGet, "/sessions", operation{name: "sessions.list", scope: scopeAll, run: listSessions}},
		{http.MethodGet, "/sessions/{session_id}", operation{name: "sessions.get", scope: scopeAll, run: getSession}},
		{http.MethodDelete, "/sessions/{session_id}", operation{name: "sessions.close", scope: scopeAll, run: closeSession}},
		{http.MethodGet, "/credits/balance", operation{name: "credits.balance", scope: scopeAll, run: getBalance}},
		{http.MethodPost, "/credits/deposit-test", operation{name: "credits.deposit_test", scope: scopeAll, run: depositTest}},
		{http.MethodPost, "/credits/withdraw", operation{name: "credits.withdraw", scope: scopeAll, run: withdraw}},
		{http.MethodGet, "/credits/transactions", operation{name: "credits.transactions", scope: scopeAll, run: listTransactions}},
		{http.MethodGet, "/ws/agent/{ticker_or_id}", operation{name: opOpen, scope: scopeProxy, socket: true}},
	}
}

// Operations are the names that rules and the request log use, in alphabetical order.
func Operations() []string { return slices.Clone(operationNames()) }

var operationNames = sync.OnceValue(func() []string {
	names := []string{opMessage, opEnd, opNone}
	for _, r := range routes() {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return names
})

// match is what a request's path leads to: an operation, or an answer.
type match struct {
	operation
	values map[string]string
	answer *answer // of a path that leads nowhere, a wrong method or the other slash form
}

func matchRoute(table []route, method string, u *url.URL) match {
	path, below := strings.CutPrefix(u.EscapedPath(), apiPath)
	none := operation{name: opNone}
	if !below {
		return match{operation: none, answer: notFoundPath()}
	}
	var allowed []string
	for _, r := range table {
		values, ok := r.fits(path)
		if !ok {
			continue
		}
		if r.method == method {
			return match{operation: r.operation, values: values}
		}
		if !slices.Contains(allowed, r.method) {
			allowed = append(allowed, r.method)
		}
	}
	if len(allowed) > 0 {
		return match{operation: none, answer: refuse(http.StatusMethodNotAllowed, "Method Not Allowed").with("Allow", strings.Join(allowed, ", "))}
	}
	other, slashed := strings.CutSuffix(path, "/")
	if !slashed {
		other = path + "/"
	}
	for _, r := range table {
		if _, ok := r.fits(other); ok {
			target := url.URL{Path: apiPath + unescape(other), RawPath: apiPath + other, RawQuery: u.RawQuery}
			return match{operation: none, answer: emptyAnswer(http.StatusTemporaryRedirect).with("Location", target.String())}
		}
	}
	return match{operation: none, answer: notFoundPath()}
}

func notFoundPath() *answer { return refuse(http.StatusNotFound, "Not Found") }

// fits matches an escaped path segment by segment and gives the decoded values of the segments in braces.
func (r route) fits(path string) (map[string]string, bool) {
	pattern, segments := strings.Split(r.path, "/"), strings.Split(path, "/")
	if len(pattern) != len(segments) {
		return nil, false
	}
	values := map[string]string{}
	for i, p := range pattern {
		if name, isValue := strings.CutPrefix(p, "{"); isValue {
			if segments[i] == "" {
				return nil, false
			}
			values[strings.TrimSuffix(name, "}")] = unescape(segments[i])
		} else if p != segments[i] {
			return nil, false
		}
	}
	return values, true
}

func unescape(segment string) string {
	plain, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return plain
}
