package client

import (
	"context"
	"net/http"
	"net/url"
)

// OrdersService calls what concerns orders. Paths and their trailing slashes are those of client 0.4.1; errors are *Error.
type OrdersService struct{ client *Client }

// Create places an order, which debits the agent's price. The request reaches the service once at most: when MayHaveBeenCarriedOut is true of the
// error, look the order up before anything else.
func (s *OrdersService) Create(ctx context.Context, create OrderCreate) (*Order, error) {
	req, err := request{method: http.MethodPost, path: "/orders/", once: true}.withJSON(create)
	if err != nil {
		return nil, notSent(req, err)
	}
	return s.one(ctx, req)
}

// CreateWithFiles places an order with files, for agents that accept them. It is sent as often as Create is.
func (s *OrdersService) CreateWithFiles(ctx context.Context, create OrderCreate, files []OrderFile) (*Order, error) {
	form := newForm()
	form.field("agent_id", create.AgentID)
	form.field("prompt", create.Prompt)
	form.field("payment_method", create.PaymentMethod)
	for _, file := range files {
		form.file("files", file)
	}
	req, err := request{method: http.MethodPost, path: "/orders/multipart", once: true}.withForm(form)
	if err != nil {
		return nil, notSent(req, err)
	}
	return s.one(ctx, req)
}

// Get gives the state and the output of an order. IsNotFound tells that the key's owner has no such order.
func (s *OrdersService) Get(ctx context.Context, id string) (*Order, error) {
	path, err := pathOf("/orders/%s", id)
	req := request{method: http.MethodGet, path: path}
	if err != nil {
		return nil, notSent(req, err)
	}
	return s.one(ctx, req)
}

// List gives the orders of the key's owner, in the service's order.
func (s *OrdersService) List(ctx context.Context, filter OrderFilter) ([]Order, error) {
	query := url.Values{}
	for name, value := range map[string]string{"agent_id": filter.AgentID, "status": filter.Status} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return fetch[list[Order]](ctx, s.client, request{method: http.MethodGet, path: "/orders/", query: query})
}

func (s *OrdersService) one(ctx context.Context, req request) (*Order, error) {
	order, err := fetch[Order](ctx, s.client, req)
	if err != nil {
		return nil, err
	}
	return &order, nil
}
