package proxy_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAccRequest goes through a request's life: asked, kept, changed in place, asked again under another key, destroyed.
func TestAccRequest(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(request("k"), "output \"answer\" {\n  value = autx_proxy_request.k.response_text\n}\n")
	s.Settle(actions{address("k"): "create"})
	s.mustHold(map[string]string{address("k"): "Echo: Prompt of k"}, "0.5")
	s.main(request("k", args{"max_price": "90", "prompt": "", "body": `jsonencode({ prompt = "Prompt of k" })`, "timeouts": `{ create = "1m" }`}))
	s.Settle(actions{address("k"): "update"})
	s.main(request("k", args{"prompt": `"another"`}))
	s.Report("plan").MustFail("prompt", "This would buy again", "change idempotency_key too")
	s.main(request("k", args{"prompt": `"another"`, "idempotency_key": `"k2"`}))
	s.Settle(actions{address("k"): "replace"})
	s.mustHold(map[string]string{address("k"): "Echo: another"}, "0.5", "0.5")
	s.main()
	s.Settle(actions{address("k"): "delete"})
	s.mustHold(map[string]string{}, "0.5", "0.5")
	s.mustHaveSent(2)
}

// TestAccAnswers keeps free, own and unknown-until-apply requests, which use each other's answers.
func TestAccAnswers(t *testing.T) {
	t.Parallel()
	const echo = "Echo: "
	s := begin(t)
	s.main(
		request("first", args{"agent": `"FREE"`, "max_price": `"0"`}),
		request("second", args{"agent": `"MINE"`, "max_price": `"0"`, "prompt": "autx_proxy_request.first.response_text"}),
		request("third", args{"prompt": "", "body": "jsonencode({ text = autx_proxy_request.second.response_text, status = autx_proxy_request.first.status_code })"}),
	)
	s.Settle(actions{address("first"): "create", address("second"): "create", address("third"): "create"})
	s.mustHold(map[string]string{
		address("first"): "Echo: Prompt of first", address("second"): echo + echo + "Prompt of first",
		address("third"): `Echo: {"status":200,"text":"Echo: Echo: Prompt of first"}`,
	}, "0.5")
}

// TestAccMadeAnew makes Terraform create a request anew under the same key in each way that it knows. Where the plan sees the answer in the state it
// refuses to lose it; where it does not, the request is taken over without it. Nothing is asked or charged again.
func TestAccMadeAnew(t *testing.T) {
	t.Parallel()
	const label = "k"
	asked := map[string]string{address(label): "Echo: Prompt of k"}
	lost := map[string]string{address(label): ""}
	refused := func(s *scene, command ...string) {
		s.t.Helper()
		s.Report(command...).MustFail("idempotency_key", "Answer would be lost", "untaint", "moved block")
	}
	for name, c := range map[string]struct {
		more args
		run  func(s *scene)
		then map[string]string
	}{
		"-replace": {run: func(s *scene) { refused(s, "plan", "-replace=autx_proxy_request.k") }, then: asked},
		"taint": {run: func(s *scene) {
			s.MustRun("taint", address(label))
			refused(s, "plan")
			s.MustRun("untaint", address(label))
		}, then: asked},
		"create first": {
			more: args{"!": "lifecycle { create_before_destroy = true }"}, then: asked,
			run: func(s *scene) { refused(s, "plan", "-replace=autx_proxy_request.k") },
		},
		"taint, without refresh": {run: func(s *scene) {
			s.MustRun("taint", address(label))
			s.MustApply("-refresh=false")
		}, then: lost},
		"taint, without refresh, journal lost": {run: func(s *scene) {
			s.MustRun("taint", address(label))
			if err := os.RemoveAll(filepath.Join(s.Dir, ".terraform", "autx")); err != nil {
				s.t.Fatal(err)
			}
			s.MustApply("-refresh=false")
		}, then: lost},
		"destroyed while tainted": {run: func(s *scene) {
			s.MustRun("taint", address(label))
			s.MustRun("destroy", "-auto-approve", "-refresh=false")
			s.MustApply()
		}, then: lost},
		"state removed": {run: func(s *scene) { s.MustRun("state", "rm", address(label)); s.MustApply() }, then: lost},
		"state lost":    {run: func(s *scene) { s.Remove("terraform.tfstate"); s.MustApply() }, then: lost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.main(request(label, c.more))
			s.MustApply()
			c.run(s)
			s.mustHold(c.then, "0.5")
			s.mustHaveSent(1)
		})
	}
}

// TestAccRenamed gives requests other names: with moved blocks they keep their answers, without them the plan is refused.
func TestAccRenamed(t *testing.T) {
	t.Parallel()
	s := begin(t)
	keyed := func(labels string) string {
		return fmt.Sprintf("resource \"autx_proxy_request\" \"each\" {\n  for_each = { %s }\n  idempotency_key = each.value\n  agent = \"SUMM\"\n"+
			"  prompt = \"Prompt of ${each.value}\"\n  max_price = 0.5\n}\n", labels)
	}
	moved := func(from, to string) string { return fmt.Sprintf("moved {\n  from = %s\n  to = %s\n}\n", from, to) }
	s.main(request("a"), keyed(`x = "kx", y = "ky"`))
	s.MustApply()
	renamed := request("b", args{"idempotency_key": `"a"`, "prompt": `"Prompt of a"`})
	s.main(renamed, keyed(`z = "kx", y = "ky"`))
	report := s.Report("plan")
	for _, d := range report.Errors() {
		if d.Summary != "Answer would be lost" || !strings.Contains(d.Detail, "moved block") {
			t.Errorf("the plan says %s", d)
		}
	}
	if len(report.Errors()) != 2 || report.Code == 0 {
		t.Errorf("%d errors", len(report.Errors()))
	}
	s.main(renamed, moved("autx_proxy_request.a", "autx_proxy_request.b"), keyed(`z = "kx", y = "ky"`), moved(`autx_proxy_request.each["x"]`, `autx_proxy_request.each["z"]`))
	s.MustApply()
	s.mustHold(map[string]string{
		address("b"): "Echo: Prompt of a", `autx_proxy_request.each["z"]`: "Echo: Prompt of kx", `autx_proxy_request.each["y"]`: "Echo: Prompt of ky",
	}, "0.5", "0.5", "0.5")
	s.mustHaveSent(3)
}

// TestAccLost loses answers under a real CLI: what was charged is in the state, not tainted, and nothing is charged again.
func TestAccLost(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"after:reset", "after:status=502", "body:truncate,bytes=3", "before:reset"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.server.AddFault("proxy.call:" + fault)
			s.main(request("k"))
			report := s.Report("apply", "-auto-approve")
			want := ""
			if strings.HasPrefix(fault, "before") {
				report.MustFail("", "safe to apply again")
				want = "Echo: Prompt of k"
			} else {
				report.MustWarn("", "Answer is lost", "can't be read again")
			}
			s.MustApply()
			s.mustHold(map[string]string{address("k"): want}, "0.5")
		})
	}
}

// TestAccParallel asks 30 agents that are charged and 30 that are free in one apply, and loses one answer of each.
func TestAccParallel(t *testing.T) {
	t.Parallel()
	s := begin(t)
	many := func(label, agent, price string) string {
		return fmt.Sprintf("resource \"autx_proxy_request\" %q {\n  count = 30\n  idempotency_key = \"%s-${count.index}\"\n  agent = %q\n  prompt = \"p${count.index}\"\n  max_price = %q\n}\n",
			label, label, agent, price)
	}
	s.server.AddFault("proxy.call:after:reset,skip=20,times=2")
	s.main(many("charged", "SUMM", "0.50"), many("free", "FREE", "0"))
	s.Report("apply", "-auto-approve", "-parallelism=20")
	s.MustApply("-parallelism=20") // a free one that was lost is asked for again
	charged := make([]string, 30)
	for i := range charged {
		charged[i] = "0.5"
	}
	s.mustHaveCharged(charged...)
	if got := len(s.Stored()); got != 60 {
		t.Errorf("the state has %d requests", got)
	}
	s.MustBeSettled()
}

// TestAccDataSource asks in a plan, which charges nothing and is the one thing in a plan that sends a POST.
func TestAccDataSource(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main("data \"autx_proxy\" \"echo\" {\n  agent = \"FREE\"\n  prompt = \"hello\"\n}\n", "output \"answer\" {\n  value = data.autx_proxy.echo.response_text\n}\n",
		"output \"headers\" {\n  value = data.autx_proxy.echo.headers\n}\n")
	s.MustApply()
	sent, _ := s.called()
	s.MustApply() // the same answer is no change of the outputs
	if again, _ := s.called(); again == sent {
		t.Error("a plan did not ask again")
	}
	if out := strings.TrimSpace(s.MustRun("output", "-raw", "answer").Raw); out != "Echo: hello" {
		t.Errorf("the answer is %q", out)
	}
	s.main("data \"autx_proxy\" \"echo\" {\n  agent = \"SUMM\"\n  prompt = \"hello\"\n}\n")
	s.Report("apply", "-auto-approve").MustFail("agent", "Agent is not free", "$0.50")
	s.mustHaveCharged()
}

// TestAccLargestAnswers carries answers of exactly the most that is kept, text and bytes, through a CLI into its state.
func TestAccLargestAnswers(t *testing.T) {
	t.Parallel()
	const most = 16 << 20
	s := begin(t)
	s.server.AddFault(fmt.Sprintf("proxy.call:after:status=200,body_bytes=%d,body=x", most))
	s.main(request("text"))
	s.MustApply()
	s.server.AddFault(fmt.Sprintf("proxy.call:after:status=200,body_bytes=%d,body=\xff\x00", most))
	s.main(request("text"), request("bytes"))
	s.MustApply()
	kept := map[string]int{}
	for _, object := range s.Stored() {
		decoded, err := base64.StdEncoding.DecodeString(object.Text("response_base64"))
		if err != nil {
			t.Fatal(err)
		}
		kept[object.Address] = len(object.Text("response_text")) + len(decoded)
	}
	if kept[address("text")] != most || kept[address("bytes")] != most {
		t.Errorf("kept %v bytes", kept)
	}
	s.MustBeSettled()
	s.mustHaveCharged("0.5", "0.5")
}
