package purchase_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func TestAlone(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.limits.AllowDeposits, b.limits.AllowWithdrawals = true, true
	first, second := b.desk(), b.desk()
	release, err := first.Alone(t.Context(), purchase.Deposit)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if other, err := second.Alone(ended, purchase.Deposit); !errors.Is(err, context.Canceled) || other == nil {
		t.Errorf("while another one is alone, and the time is over: %v", err)
	}
	if other, err := second.Alone(t.Context(), purchase.Withdrawal); err != nil {
		t.Errorf("another kind: %v", err)
	} else {
		other()
	}

	got := make(chan error)
	go func() {
		again, err := second.Alone(t.Context(), purchase.Deposit)
		again()
		got <- err
	}()
	select {
	case err := <-got:
		t.Errorf("it was not kept out: %v", err)
	default:
	}
	release()
	if err := <-got; err != nil {
		t.Errorf("after the release: %v", err)
	}
}

// TestAloneForNothing: where nothing may be bought no file is touched, and where none can be, Buy says so.
func TestAloneForNothing(t *testing.T) {
	t.Parallel()
	b := newBuyerAt(t, filepath.Join(t.TempDir(), "journal"))
	for _, limits := range []*purchase.Limits{nil, b.limits} {
		b.limits = limits
		release, err := b.desk().Alone(t.Context(), purchase.Deposit)
		release()
		if _, stat := os.Stat(b.journal); err != nil || !os.IsNotExist(stat) {
			t.Errorf("with the limits %+v: %v, the journal: %v", limits, err, stat)
		}
	}
	b.limits.AllowDeposits = true
	if err := os.WriteFile(b.journal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	release, err := b.desk().Alone(t.Context(), purchase.Deposit)
	if release(); err == nil {
		t.Error("a file in place of the journal is no error")
	}
}
