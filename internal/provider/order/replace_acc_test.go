package order_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mustOwn fails the test unless each label's order in state is the one with its prompt, the charges are as given, and nothing is left to do.
func (s *scene) mustOwn(charged string, n int, labels ...string) {
	s.t.Helper()
	prompts := map[string]string{}
	for _, label := range labels {
		prompts[address(label)] = "Prompt of " + label
	}
	s.mustHaveStored(prompts)
	s.mustHaveCharged(charged, n)
	s.MustBeSettled()
}

// TestAccReplacedOrder makes Terraform create an order anew under the same key in each way that it knows: the same order is taken over for nothing.
func TestAccReplacedOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more args
		run  func(s *scene)
	}{
		"-replace": {run: func(s *scene) { s.MustApply("-replace=autx_order.k") }},
		"taint":    {run: func(s *scene) { s.MustRun("taint", "autx_order.k"); s.MustApply() }},
		"-replace, create first": {
			more: args{"!": "lifecycle { create_before_destroy = true }"}, run: func(s *scene) { s.MustApply("-replace=autx_order.k") },
		},
		"taint, create first": {
			more: args{"!": "lifecycle { create_before_destroy = true }"}, run: func(s *scene) { s.MustRun("taint", "autx_order.k"); s.MustApply() },
		},
		"replace_triggered_by": {
			more: args{"!": "lifecycle { replace_triggered_by = [terraform_data.trigger] }"},
			run: func(s *scene) {
				s.Write("trigger.tf", "resource \"terraform_data\" \"trigger\" {\n  input = 2\n}\n")
				s.MustApply()
			},
		},
		"without refresh": {run: func(s *scene) { s.MustApply("-replace=autx_order.k", "-refresh=false") }},
		"taint without refresh, journal lost": {run: func(s *scene) {
			s.MustRun("taint", "autx_order.k")
			if err := os.RemoveAll(filepath.Join(s.Dir, ".terraform", "autx")); err != nil {
				s.t.Fatal(err)
			}
			s.MustApply("-refresh=false")
		}},
		"destroyed and created": {run: func(s *scene) {
			s.MustRun("destroy", "-auto-approve")
			s.mustHaveStored(nil)
			s.MustApply()
		}},
		"state removed": {run: func(s *scene) { s.MustRun("state", "rm", "autx_order.k"); s.MustApply() }},
		"state lost": {run: func(s *scene) {
			s.Remove("terraform.tfstate")
			s.MustApply()
		}},
		"state lost, price raised": {run: func(s *scene) {
			s.Remove("terraform.tfstate")
			s.reprice(summ, "90")
			s.MustApply()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.Write("trigger.tf", "resource \"terraform_data\" \"trigger\" {\n  input = 1\n}\n")
			s.main(order("k", c.more))
			s.MustApply()
			s.mustOwn("$0.50", 1, "k")
			c.run(s)
			s.mustOwn("$0.50", 1, "k")
			if got := s.Attributes(address("k"))["output_text"]; got != "Echo: Prompt of k" {
				t.Errorf("the answer is %v", got)
			}
		})
	}
}

// TestAccRenamedOrder gives resources other names, with and without moved blocks: none is bought again.
func TestAccRenamedOrder(t *testing.T) {
	t.Parallel()
	s := begin(t)
	keyed := func(labels ...string) string {
		return fmt.Sprintf("resource \"autx_order\" \"each\" {\n  for_each = { %s }\n  idempotency_key = each.value\n  agent_id = %q\n  prompt = \"Prompt of ${each.value}\"\n  max_price = 0.5\n}\n",
			strings.Join(labels, ", "), summ)
	}
	s.main(order("a"), keyed(`x = "kx"`, `y = "ky"`))
	s.Settle(actions{"autx_order.a": "create", `autx_order.each["x"]`: "create", `autx_order.each["y"]`: "create"})
	s.mustHaveCharged("$1.50", 3)

	// Without moved blocks.
	renamed := args{"idempotency_key": `"a"`, "prompt": `"Prompt of a"`}
	s.main(order("b", renamed), keyed(`z = "kx"`, `y = "ky"`))
	s.Settle(actions{"autx_order.a": "delete", "autx_order.b": "create", `autx_order.each["x"]`: "delete", `autx_order.each["z"]`: "create"})
	s.mustHaveCharged("$1.50", 3)
	// Two for_each keys swap their orders.
	s.main(order("b", renamed), keyed(`z = "ky"`, `y = "kx"`))
	s.Settle(actions{`autx_order.each["y"]`: "replace", `autx_order.each["z"]`: "replace"})
	s.mustHaveCharged("$1.50", 3)

	// With them.
	s.main(order("c", renamed), "moved {\n  from = autx_order.b\n  to = autx_order.c\n}\n", keyed(`z = "ky"`, `y = "kx"`))
	s.Settle(each("move", "c"))
	// Another order of the blocks in the file is no change.
	s.main(keyed(`y = "kx"`, `z = "ky"`), order("c", renamed))
	s.Settle(nil)
	// Given up without destroying it, and taken back.
	s.main(keyed(`y = "kx"`, `z = "ky"`), "removed {\n  from = autx_order.c\n  lifecycle {\n    destroy = false\n  }\n}\n")
	s.MustApply()
	s.main(keyed(`y = "kx"`, `z = "ky"`), order("c", renamed))
	s.Settle(each("create", "c"))
	s.mustHaveCharged("$1.50", 3)
}

// TestAccIgnoredChanges: what ignore_changes hides neither fails nor buys.
func TestAccIgnoredChanges(t *testing.T) {
	t.Parallel()
	s := begin(t)
	ignoring := args{"!": "lifecycle { ignore_changes = [prompt, max_price, files] }"}
	s.main(order("k", ignoring))
	s.Settle(each("create", "k"))
	s.main(order("k", ignoring, args{"prompt": `"another"`, "max_price": "90", "files": `[{ name = "a.txt", content_base64 = "" }]`}))
	s.Settle(nil)
	s.main(order("k", args{"!": "lifecycle { ignore_changes = all }", "idempotency_key": `"other"`, "prompt": `"another"`}))
	s.Settle(nil)
	s.mustHaveCharged("$0.50", 1)
}

// TestAccNewKey buys again, on purpose: the plan says what is given up, and for how much.
func TestAccNewKey(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{false, true} {
		t.Run(fmt.Sprint("create first ", first), func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			more := args{"!": fmt.Sprintf("lifecycle { create_before_destroy = %t }", first)}
			s.main(order("k", more))
			s.Settle(each("create", "k"))
			s.main(order("k", more, args{"prompt": `"another"`}))
			s.Report("plan").MustFail("prompt", "would buy again", "change idempotency_key too", "destroy -refresh=false")
			s.main(order("k", more, args{"prompt": `"another"`, "idempotency_key": `"next"`, "max_price": `"0.75"`}))
			plan, _ := s.Settle(each("replace", "k"))
			plan.MustWarn("idempotency_key", `"next"`, "up to $0.75", "$0.50 is not refunded")
			s.mustHaveCharged("$1.00", 2)
			s.mustHaveStored(map[string]string{address("k"): "another"})
			// And back: the first order is still there.
			s.main(order("k", more))
			s.Settle(each("replace", "k"))
			s.mustOwn("$1.00", 2, "k")
		})
	}
}

// TestAccDestroyIsPossible although the configuration is wrong.
func TestAccDestroyIsPossible(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(order("k"))
	s.Settle(each("create", "k"))
	s.main(order("k", args{"prompt": `"another"`}))
	s.MustRun("destroy", "-auto-approve", "-refresh=false")
	s.mustHaveStored(nil)
	s.mustHaveCharged("$0.50", 1)
}

// TestAccSavedPlanTwice applies one saved plan a second time, with the state lost in between: it buys nothing.
func TestAccSavedPlanTwice(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.main(order("k"), order("l", args{"agent_id": fmt.Sprintf("%q", gold), "max_price": "7"}))
	s.Look()
	s.ApplyPlan().MustSucceed()
	s.mustHaveCharged("$7.50", 2)
	if again := s.ApplyPlan(); again.Code == 0 {
		t.Error("a stale plan was applied")
	}
	s.Remove("terraform.tfstate")
	s.ApplyPlan().MustSucceed().MustWarn("", "Earlier purchase taken over", "charges nothing")
	s.mustOwn("$7.50", 2, "k", "l")
}

// TestAccUnknownInputs has every argument of an order come from another resource, at first and again later.
func TestAccUnknownInputs(t *testing.T) {
	t.Parallel()
	s := begin(t)
	source := filepath.Join(t.TempDir(), "a.txt")
	later := func(name, value string, version int) string {
		return fmt.Sprintf("resource \"terraform_data\" %q {\n  triggers_replace = %d\n  input = %s\n}\n", name, version, value)
	}
	inputs := args{
		"key": `"k"`, "agent": fmt.Sprintf("%q", docs), "prompt": `"Prompt of k"`, "price": `"1.25"`, "method": `"credits"`, "wait": "true",
		"file": fmt.Sprintf("{ name = \"a.txt\", source = %q, content_base64 = null }", source), "name": `"b.txt"`, "content": `base64encode("b")`, "times": `{ create = "2m" }`,
	}
	versions := map[string]int{}
	write := func() {
		config := block("resource", "autx_order", "k", args{
			"idempotency_key": "terraform_data.key.output", "agent_id": "terraform_data.agent.output", "prompt": "terraform_data.prompt.output", "max_price": "terraform_data.price.output",
			"payment_method": "terraform_data.method.output", "wait_for_completion": "terraform_data.wait.output", "timeouts": "terraform_data.times.output",
			"files": "[terraform_data.file.output, { name = terraform_data.name.output, content_base64 = terraform_data.content.output }]",
		})
		blocks := []string{config}
		for name, value := range inputs {
			blocks = append(blocks, later(name, value, versions[name]))
		}
		config = strings.Join(blocks, "")
		// The file is made by the same apply.
		config += fmt.Sprintf("resource \"terraform_data\" \"make\" {\n  provisioner \"local-exec\" {\n    command = \"printf content > %s\"\n  }\n}\n", source)
		s.main(strings.Replace(config, "resource \"terraform_data\" \"file\" {", "resource \"terraform_data\" \"file\" {\n  depends_on = [terraform_data.make]", 1))
	}
	write()
	s.Look()
	s.ApplyPlan().MustSucceed()
	s.mustOwn("$1.25", 1, "k")
	if got := s.orders()[0].Files; len(got) != 2 || got[0].SHA256 != sha("content") || got[1].SHA256 != sha("b") {
		t.Errorf("the service has %v", got)
	}
	// Each becomes unknown again, and turns out the same. An unknown key may be another, so that is a replacement, which takes the same order over.
	for _, name := range []string{"agent", "prompt", "price", "method", "wait", "file", "name", "content", "times", "key"} {
		versions[name]++
		write()
		plan := s.Look()
		if want := map[bool]string{false: "update", true: "replace"}[name == "key"]; plan.Actions[address("k")] != want {
			t.Errorf("%s: the plan does %v", name, plan.Actions)
		}
		s.ApplyPlan().MustSucceed()
		s.MustBeSettled()
		s.mustHaveCharged("$1.25", 1)
	}
	// What turns out to be something else is refused in the apply, before anything is sent.
	versions["prompt"]++
	inputs["prompt"] = `"something else"`
	write()
	s.Look().MustWarn("prompt", "not known yet", "the apply refuses it")
	s.ApplyPlan().MustFail("prompt", "would buy again")
	s.mustHaveCharged("$1.25", 1)
	if _, err := os.Stat(source); err != nil {
		t.Fatal(err)
	}
}
