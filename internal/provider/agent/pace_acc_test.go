package agent_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// TestAccRateLimit launches more agents at once than the service takes, with the CLI's ten calls in parallel. The limit is met by waiting: nothing fails,
// few requests are refused, each launch is made once, and one warning says why it takes time.
func TestAccRateLimit(t *testing.T) {
	t.Parallel()
	const n, perSecond = 30, 10
	all := fleet(n)
	server, cli := begin(t, world{}, mockserver.WithRateLimit(perSecond))
	cli.Write("main.tf", all.config)
	result := cli.MustApply()
	refused := 0
	for _, r := range server.Requests() {
		if r.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	t.Logf("%d requests, %d refused", len(server.Requests()), refused)
	// The CLI's ten calls are on their way when the limit is met for the first time.
	if refused == 0 || refused > 20 {
		t.Errorf("%d requests were refused; allowed are 1 to 20", refused)
	}
	if got := strings.Count(result.Output, "AUTX limits how fast requests may come"); got != 1 {
		t.Errorf("the warning was given %d times:\n%s", got, result.Raw)
	}
	if launched := len(server.State().Agents); launched != n || len(ledger(server)) != n {
		t.Errorf("%d agents were launched; want %d:\n%s", launched, n, acctest.Traffic(server))
	}
}
