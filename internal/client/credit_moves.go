package client

import (
	"context"
	"net/http"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// DepositTest adds test credits, in USD, where the service allows that: on development instances (SDK reference). Real money comes in on AUTX's
// pages or on-chain, for which no call is published. The answer is the balance after it and does not name the transaction. The request reaches the
// service once at most: when MayHaveBeenCarriedOut is true of the error, look for the transaction before anything else.
func (s *CreditsService) DepositTest(ctx context.Context, amount money.Amount) (*Balance, error) {
	return s.move(ctx, "/credits/deposit-test", struct {
		Amount string `json:"amount"` // the SDK reference passes a string
	}{amount.String()})
}

// Withdraw takes credits out, in USD. AUTX allows one withdrawal an hour (SDK reference). The answer is the balance after it and does not name the
// transaction. The request reaches the service as often as DepositTest's.
func (s *CreditsService) Withdraw(ctx context.Context, amount money.Amount) (*Balance, error) {
	return s.move(ctx, "/credits/withdraw", struct {
		Amount money.Amount `json:"amount"` // client 0.4.1 passes a number
	}{amount})
}

func (s *CreditsService) move(ctx context.Context, path string, body any) (*Balance, error) {
	req, err := request{method: http.MethodPost, path: path, once: true}.withJSON(body)
	if err != nil {
		return nil, notSent(req, err)
	}
	balance, err := fetch[Balance](ctx, s.client, req)
	if err != nil {
		return nil, err
	}
	return &balance, nil
}
