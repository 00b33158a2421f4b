package session_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAccStateAfterConversation compares all that a conversation leaves in state with what the service has.
func TestAccStateAfterConversation(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(conversation("k", args{"messages": `["Hello", "Bye"]`, "timeouts": `{ create = "1m" }`}))
	plan, _ := s.Settle(each("create", "k"))
	plan.MustNotWarn()
	session, orders := s.sessions()[0], s.server.State().Orders
	turn := func(i int, prompt string) map[string]any {
		return map[string]any{
			"prompt": prompt, "output_text": "Echo: " + prompt, "order_id": orders[i].ID, "output_hash": sha("Echo: " + prompt), "amount_charged": "0.05",
			"platform_fee": "0.005", "status": "completed",
		}
	}
	want := map[string]any{
		"id": session.ID, "idempotency_key": "k", "agent": "CHAT", "agent_id": chatID, "agent_ticker": "CHAT", "max_cost": "0.15", "messages": []any{"Hello", "Bye"},
		"close_after_messages": true, "status": "closed", "credits_reserved": "0", "created_at": *session.CreatedAt, "closed_at": *session.ClosedAt,
		"turns": []any{turn(0, "Hello"), turn(1, "Bye")}, "spend": map[string]any{"authorized_usd": "0.15", "charged_usd": "0.1"},
		"timeouts": map[string]any{"create": "1m", "read": nil, "update": nil, "delete": nil},
	}
	if diff := cmp.Diff(want, s.Attributes(address("k"))); diff != "" {
		t.Errorf("in state (-want +got):\n%s", diff)
	}
	s.mustHaveCharged("$0.10", 2, 1)
}

// TestAccReplaced makes Terraform create a session anew under the same key in each way that it knows: the same one is taken over for nothing, and
// nothing is sent.
func TestAccReplaced(t *testing.T) {
	t.Parallel()
	first := args{"!": "lifecycle { create_before_destroy = true }"}
	for name, c := range map[string]struct {
		more args
		run  func(s *scene)
	}{
		"-replace":               {run: func(s *scene) { s.MustApply("-replace=autx_session.k") }},
		"taint":                  {run: func(s *scene) { s.MustRun("taint", "autx_session.k"); s.MustApply() }},
		"-replace, create first": {more: first, run: func(s *scene) { s.MustApply("-replace=autx_session.k") }},
		"taint, create first":    {more: first, run: func(s *scene) { s.MustRun("taint", "autx_session.k"); s.MustApply() }},
		"taint without refresh, journal lost": {run: func(s *scene) {
			s.MustRun("taint", "autx_session.k")
			if err := os.RemoveAll(filepath.Join(s.Dir, ".terraform", "autx")); err != nil {
				s.t.Fatal(err)
			}
			s.MustApply("-refresh=false")
		}},
		"destroyed and created": {run: func(s *scene) { s.MustRun("destroy", "-auto-approve"); s.MustApply() }},
		"state removed":         {run: func(s *scene) { s.MustRun("state", "rm", "autx_session.k"); s.MustApply() }},
		"state lost": {run: func(s *scene) {
			s.Remove("terraform.tfstate")
			s.reprice(chatID, "90")
			s.MustApply()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.main(conversation("k", c.more))
			s.MustApply()
			c.run(s)
			s.mustHave("k", allThree)
			s.mustHaveCharged("$0.15", 3, 1)
			turns, _ := s.Attributes(address("k"))["turns"].([]any)
			for i, one := range turns {
				turn, _ := one.(map[string]any)
				if turn["output_text"] != fmt.Sprintf("Echo: Message %d of k", i+1) || turn["amount_charged"] != "0.05" || turn["platform_fee"] != "0.005" {
					t.Errorf("turn %d is %v", i+1, turn)
				}
			}
		})
	}
}

// TestAccRenamed gives resources other names, with and without moved blocks: nothing is sent again.
func TestAccRenamed(t *testing.T) {
	t.Parallel()
	s := begin(t)
	keyed := func(labels ...string) string {
		return fmt.Sprintf("resource \"autx_session\" \"each\" {\n  for_each = { %s }\n  idempotency_key = each.value\n  agent = \"CHAT\"\n  messages = [each.value]\n  max_cost = 0.05\n}\n",
			strings.Join(labels, ", "))
	}
	s.main(conversation("a"), keyed(`x = "kx"`, `y = "ky"`))
	s.Settle(actions{"autx_session.a": "create", `autx_session.each["x"]`: "create", `autx_session.each["y"]`: "create"})
	renamed := args{"idempotency_key": `"a"`, "messages": `[for n in range(3) : "Message ${n + 1} of a"]`}
	s.main(conversation("b", renamed), keyed(`z = "kx"`, `y = "ky"`))
	s.Settle(actions{"autx_session.a": "delete", "autx_session.b": "create", `autx_session.each["x"]`: "delete", `autx_session.each["z"]`: "create"})
	s.main(conversation("c", renamed), "moved {\n  from = autx_session.b\n  to = autx_session.c\n}\n", keyed(`z = "kx"`, `y = "ky"`))
	s.Settle(each("move", "c"))
	s.main(keyed(`y = "ky"`, `z = "kx"`), conversation("c", renamed, args{"agent": fmt.Sprintf("%q", chatID)}))
	s.Settle(each("update", "c")) // the same agent by its id
	s.mustHaveCharged("$0.25", 5, 3)
}

// TestAccNewKey talks again, on purpose: the plan says what is given up, and for how much.
func TestAccNewKey(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(conversation("k"))
	s.Settle(each("create", "k"))
	more := args{"messages": `["Message 1 of k", "Message 2 of k", "Message 3 of k", "One more"]`, "max_cost": `"0.20"`}
	s.main(conversation("k", more))
	s.Report("plan").MustFail("messages", "could never be sent", "change idempotency_key too", "destroy -refresh=false")
	s.main(conversation("k", more, args{"idempotency_key": `"next"`}))
	plan, _ := s.Settle(each("replace", "k"))
	plan.MustWarn("idempotency_key", `"next"`, "up to $0.20", "$0.15 was paid")
	s.mustHave("k", allThree+"c")
	s.mustHaveCharged("$0.35", 7, 2)
	s.MustRun("destroy", "-auto-approve")
	s.mustHaveCharged("$0.35", 7, 2)
}

// TestAccLimit talks in parallel, with less than all of it would cost: not a cent more is charged.
func TestAccLimit(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.Write("provider.tf", "provider \"autx\" {\n  spending = { max_per_apply = \"0.50\" }\n}\n")
	s.main("resource \"terraform_data\" \"price\" {\n  input = \"0.05\"\n}\n", "resource \"autx_session\" \"many\" {\n  count = 20\n  idempotency_key = \"k-${count.index}\"\n"+
		"  agent = \"CHAT\"\n  messages = [\"m\"]\n  max_cost = terraform_data.price.output\n}\n")
	s.Look("-parallelism=20")
	report := s.Report("apply", "-parallelism=20", "plan.bin")
	s.mustHaveCharged("$0.50", 10, 10)
	if n := len(report.Errors()); n != 10 {
		t.Errorf("%d sessions are named as not opened", n)
	}
	s.MustApply("-parallelism=20")
	s.mustHaveCharged("$1.00", 20, 20)
	s.MustBeSettled()
}
