package diagnose_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	got := diagnose.Problems([]purchase.Problem{
		{Severity: purchase.SeverityWarning, Summary: "mind", Detail: "this"}, {Severity: purchase.SeverityError, Summary: "stop", Detail: "that"},
	})
	want := diag.Diagnostics{diag.NewWarningDiagnostic("mind", "this"), diag.NewErrorDiagnostic("stop", "that")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := diagnose.Problems(nil); len(got) != 0 {
		t.Errorf("no problems are %v", got)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	refusal := &purchase.Refusal{Problem: purchase.Problem{Summary: "Over the limit", Detail: "All of it."}}
	unread := func(status int) error {
		cause := fmt.Errorf("read the balance: %w", &client.Error{Method: http.MethodGet, Path: "/credits/balance", Status: status, Outcome: client.Refused})
		return &purchase.Refusal{Problem: purchase.Problem{Summary: "Not sent", Detail: "Could not be read."}, Reason: purchase.ReasonCheck, Err: cause}
	}
	for name, c := range map[string]struct {
		err             error
		summary, detail string
	}{
		"the desk's words":      {fmt.Errorf("buy: %w", refusal), "Over the limit", "All of it."},
		"AUTX's answer":         {&client.Error{Method: http.MethodPost, Path: "/agents/", Status: 409, Message: "taken", Outcome: client.Refused}, title, "POST /agents/: 409 Conflict: taken."},
		"some other misfortune": {errors.New("bad luck"), title, "Bad luck."},
		"a key that AUTX does not know": {
			unread(401), "Not sent", "Could not be read.\n\nAUTX does not accept the API key. Check api_key in the provider block, or AUTX_API_KEY.",
		},
		"a key that may not read": {
			unread(403), "Not sent", "Could not be read.\n\nThe API key may lack the scope that this call needs, or the e-mail address of the account is " +
				"not verified, or the object belongs to somebody else.",
		},
		"what a repetition mends": {unread(503), "Not sent", "Could not be read."},
	} {
		got := diagnose.Refused(title, c.err, nil)
		if diff := cmp.Diff(diag.Diagnostics{diag.NewErrorDiagnostic(c.summary, c.detail)}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
