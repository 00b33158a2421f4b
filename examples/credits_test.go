package examples_test

import (
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// TestAccExamplesImportCredits brings movements that were made by other means under management, in each way that the pages show. Nothing is moved.
func TestAccExamplesImportCredits(t *testing.T) {
	t.Parallel()

	const (
		deposit    = "e3b0c442-98fc-4c14-9afb-f4c8996fb924"
		withdrawal = "9f86d081-884c-4d65-9a2f-eaa0c55ad015"
	)
	seed := mockserver.WithSeedJSON(`{
		"users": [{"id": "demo", "balance_usd": "100.00", "keys": [{"key": "autx_live_demo"}]}],
		"transactions": [
			{"id": "` + deposit + `", "user": "demo", "type": "deposit", "amount": "25.00"},
			{"id": "` + withdrawal + `", "user": "demo", "type": "withdrawal", "amount": "12.50"}]
	}`)
	for _, c := range []struct{ directory, address, id, key, operation string }{
		{"resources/autx_credit_deposit/", "autx_credit_deposit.testing", deposit, "testing-2026-10", "credits.deposit_test"},
		{"resources/autx_credit_withdrawal/", "autx_credit_withdrawal.october", withdrawal, "payout-2026-10", "credits.withdraw"},
	} {
		imported := func(t *testing.T, w *workspace) {
			t.Helper()
			w.apply(t)
			if id, key := w.attribute(t, c.address, "id"), w.attribute(t, c.address, "idempotency_key"); id != c.id || key != c.key {
				t.Errorf("the id is %v and the key %v", id, key)
			}
			if moved := w.requested(t, c.operation); moved != 0 {
				t.Errorf("an import moved money %d times", moved)
			}
		}
		for _, file := range []string{"import-by-string-id.tf", "import-by-identity.tf"} {
			t.Run(c.address+" "+file, func(t *testing.T) {
				t.Parallel()

				w := newWorkspace(t, []mockserver.Option{seed}, creditsProviderFile, c.directory+"resource.tf", c.directory+file)
				if status, out := w.try(t, w.cli, "validate", "-no-color"); status != 0 && strings.Contains(out, `"identity" is not expected here`) {
					t.Skip("this CLI does not know resource identities")
				}
				imported(t, w)
			})
		}
		for _, command := range shellCommands(read(t, c.directory+"import.sh")) {
			t.Run(command, func(t *testing.T) {
				t.Parallel()

				w := newWorkspace(t, []mockserver.Option{seed}, creditsProviderFile, c.directory+"resource.tf")
				arguments := strings.Fields(command)
				w.run(t, append([]string{arguments[1], "-input=false"}, arguments[2:]...)...)
				imported(t, w)
			})
		}
	}
}
