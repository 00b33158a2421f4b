package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// CreditsService calls what concerns the prepaid balance of the API key's owner. Errors are *Error.
type CreditsService struct{ client *Client }

// Balance gives the balance.
func (s *CreditsService) Balance(ctx context.Context) (*Balance, error) {
	balance, err := fetch[Balance](ctx, s.client, request{method: http.MethodGet, path: "/credits/balance"})
	if err != nil {
		return nil, err
	}
	return &balance, nil
}

// Transactions gives the latest transactions, newest first (order assumed). A limit of 0 is not sent and leaves the number to the service.
func (s *CreditsService) Transactions(ctx context.Context, limit int) ([]Transaction, error) {
	req := request{method: http.MethodGet, path: "/credits/transactions"}
	if limit != 0 {
		req.query = url.Values{"limit": {strconv.Itoa(limit)}}
	}
	return fetch[list[Transaction]](ctx, s.client, req)
}
