package purchase_test

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

func newTask(t *testing.T, key, fate string) task {
	t.Helper()
	return task{Journal: t.TempDir(), Service: t.TempDir(), Key: key, Digest: "d", MaxPerApply: "1000", Fate: fate}
}

func TestAProcessKilledAroundTheRequest(t *testing.T) {
	t.Parallel()
	for fate, charges := range map[string]int{"kill before": 0, "kill after": 1} {
		t.Run(fate, func(t *testing.T) {
			t.Parallel()
			work := newTask(t, "K", fate)
			killed := work.start(t, roleProvider, true)
			if err := killed.wait(); err == nil {
				t.Fatal("the process was to be killed")
			}
			if got := len(work.ids()); got != charges {
				t.Fatalf("%d charges; want %d before the next run", got, charges)
			}
			view, ok := work.desk(purchase.Hooks{}).RecordOf(order, "K")
			if !ok || view.State != "intent" {
				t.Fatalf("the killed process left %+v, %t; want an intent", view, ok)
			}
			work.Fate = "plain"
			next := work.start(t, roleProvider, true)
			got := next.answer()
			if err := next.wait(); err != nil || got.Error != "" || got.Adopted != (charges == 1) {
				t.Errorf("the next run: %+v, %v", got, err)
			}
			if ids := work.ids(); len(ids) != 1 || ids[0] != got.ID {
				t.Errorf("charges %v; want the one of the answer %+v", ids, got)
			}
		})
	}
}

func TestAProcessKilledInAConversation(t *testing.T) {
	t.Parallel()
	work := newTask(t, "K", "kill noted")
	if err := work.start(t, roleProvider, true).wait(); err == nil {
		t.Fatal("the process was to be killed")
	}
	ids := work.ids()
	if view, ok := work.desk(purchase.Hooks{}).RecordOf(order, "K"); !ok || len(ids) != 1 || view.NotedID != ids[0] {
		t.Fatalf("the killed process charged %v and left %+v; want one charge, and its id noted", ids, view)
	}
	next := work.start(t, roleProvider, true) // it would charge again if it went on
	got := next.answer()
	if err := next.wait(); err != nil || got.Error != "" || !got.Adopted || got.ID != ids[0] || got.Notes != `{"Begun":1}` {
		t.Errorf("the next run: %+v, %v; want the charge taken over with its notes", got, err)
	}
	if after := work.ids(); len(after) != 1 {
		t.Errorf("charges %v; want the one", after)
	}
}

func TestARunWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	work := newTask(t, "K", "hold")
	first := work.start(t, roleProvider, false)
	if got := first.line(); got != inFlight {
		t.Fatalf("the first process says %q", got)
	}
	waiting := make(chan struct{})
	done := make(chan answer)
	go func() {
		d := work.desk(purchase.Hooks{OnLock: func(string) { close(waiting) }})
		p := work
		p.Fate = "plain"
		result, err := d.Buy(t.Context(), p.purchase())
		a := answer{ID: result.ID, Adopted: result.Adopted}
		if err != nil {
			a.Error = err.Error()
		}
		done <- a
	}()
	<-waiting
	select {
	case a := <-done:
		t.Fatalf("the second run did not wait: %+v", a)
	default:
	}
	first.proceed()
	bought, adopted := first.answer(), <-done
	if err := first.wait(); err != nil {
		t.Error(err)
	}
	if bought.Error != "" || bought.Adopted || adopted.Error != "" || !adopted.Adopted || adopted.ID != bought.ID {
		t.Errorf("first %+v, second %+v; want the first one's purchase adopted", bought, adopted)
	}
	if ids := work.ids(); len(ids) != 1 {
		t.Errorf("charges %v; want 1", ids)
	}
}

func TestAProviderOutlivesItsCLI(t *testing.T) {
	t.Parallel()
	work := newTask(t, "K", "hold")
	cli := work.start(t, roleCLI, false)
	if got := cli.line(); got != inFlight {
		t.Fatalf("the provider says %q", got)
	}
	if err := cli.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	next := task{Journal: work.Journal, Service: work.Service, Key: "K", Digest: "d", MaxPerApply: "1000", Fate: "plain"}
	waiting := make(chan struct{})
	type outcome struct {
		result purchase.Result
		err    error
	}
	done := make(chan outcome)
	go func() {
		result, err := next.desk(purchase.Hooks{OnLock: func(string) { close(waiting) }}).Buy(t.Context(), next.purchase())
		done <- outcome{result, err}
	}()
	<-waiting
	cli.proceed()
	orphan := cli.answer()
	got := <-done
	if got.err != nil || !got.result.Adopted || got.result.ID != orphan.ID || orphan.ID == "" {
		t.Errorf("the next run: %+v, %v; want the orphan's purchase %+v adopted", got.result, got.err, orphan)
	}
	if err := cli.wait(); err == nil {
		t.Error("the CLI was to be killed")
	} else if _, killed := errors.AsType[*exec.ExitError](err); !killed {
		t.Error(err)
	}
	if ids := work.ids(); len(ids) != 1 {
		t.Errorf("charges %v; want 1", ids)
	}
}

func TestProviderProcessesOfOneCommandShareTheLimit(t *testing.T) {
	t.Parallel()
	work := newTask(t, "A", "hold")
	work.MaxPerApply = "39.99"
	first := work.start(t, roleProvider, true)
	if got := first.line(); got != inFlight {
		t.Fatalf("the first process says %q", got)
	}
	other := work
	other.Key, other.Fate = "B", "plain"
	second := other.start(t, roleProvider, true)
	refused := second.answer()
	if err := second.wait(); err != nil || refused.Reason != string(purchase.ReasonLimit) {
		t.Errorf("the second process: %+v, %v; want it refused for the limit", refused, err)
	}
	first.proceed()
	if got := first.answer(); got.Error != "" {
		t.Errorf("the first process: %+v", got)
	}
	if err := first.wait(); err != nil {
		t.Error(err)
	}
	// The first process has ended, and what it has spent still counts.
	third := other.start(t, roleProvider, true)
	if got := third.answer(); got.Reason != string(purchase.ReasonLimit) {
		t.Errorf("the third process: %+v; want it refused for the limit", got)
	}
	if err := third.wait(); err != nil {
		t.Error(err)
	}
	// Another command, here a process that no CLI has started, has a limit of its own.
	alone := other.start(t, roleProvider, false)
	if got := alone.answer(); got.Error != "" {
		t.Errorf("the other command: %+v", got)
	}
	if err := alone.wait(); err != nil {
		t.Error(err)
	}
}
