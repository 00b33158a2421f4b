package session

import (
	"fmt"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	aloneOne = "It may be somebody else's, opened at the same time with the same account, or the one that AUTX says it has refused. It was left " +
		"alone, and applying this again leaves it alone as well. As nothing was said in it, it has cost nothing; it holds its credits until it is " +
		"closed or expires. If it is nobody's, let it expire, or close it: "
	aloneMany = "They may be somebody else's, opened at the same time with the same account, and one of them may be the one that AUTX says it has " +
		"refused. They were left alone, and applying this again leaves them alone as well. As nothing was said in them, they have cost nothing; each " +
		"holds its credits until it is closed or expires. Let those that are nobody's expire, or close them one by one: "
	howToClose = "by its id with the action autx_session_close, where your CLI has actions, or else by importing it into a resource with an " +
		"idempotency_key of its own and destroying that:"
	mayBeTheirs = "Of other openings with this agent it isn't known either what came of them, and an apply of one of them may take a session over " +
		"that is named here, and close it:"
)

// leftAlone tells of sessions that there are in spite of a refusal, "" where there are none. The rivals are other openings of which it isn't known
// what came of them.
func leftAlone(sessions []purchase.Match, rivals []string) string {
	if len(sessions) == 0 {
		return ""
	}
	there, text := "a new session", aloneOne
	if n := len(sessions); n > 1 {
		there, text = fmt.Sprintf("%d new sessions", n), aloneMany
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n\nAll the same your account has %s with this agent in which nothing was said:\n", there)
	for _, one := range sessions {
		out.WriteString("\n  - " + one.String())
	}
	fmt.Fprintf(&out, "\n\n%s%s\n\n%s", text, howToClose, purchase.ImportBlock(kind, sessions[0].ID))
	if len(rivals) > 0 {
		fmt.Fprintf(&out, "\n\n%s\n\n  - %s", mayBeTheirs, strings.Join(rivals, "\n  - "))
	}
	return out.String()
}
