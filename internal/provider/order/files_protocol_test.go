package order_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// withFile is the configuration of an order of DOCS with one file.
func withFile(key, source string, pairs ...any) values {
	return of(key, append([]any{"agent_id", docs, "max_price", "1.25", "files", files(file("a.txt", "source", source))}, pairs...)...)
}

// TestFilesAreSent sends files of all sorts, as they are.
func TestFilesAreSent(t *testing.T) {
	t.Parallel()
	d := open(t)
	big := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	large := written(t, "large.pdf", big)
	config := of("k", "agent_id", docs, "max_price", "1.25", "files", files(
		file("large.pdf", "source", large), file("empty.txt", "content_base64", ""), file(`odd "näme".txt`, "content_base64", b64("\x00\xff binary")), file("large.pdf", "source", large),
	))
	made := d.buy(config)
	want := []mockserver.FileState{
		{Name: "large.pdf", Size: 1 << 20, SHA256: sha(big)},
		{Name: "empty.txt", SHA256: sha("")},
		{Name: `odd "näme".txt`, Size: 9, SHA256: sha("\x00\xff binary")},
		{Name: "large.pdf", Size: 1 << 20, SHA256: sha(big)},
	}
	if diff := cmp.Diff(want, d.orders()[0].Files); diff != "" {
		t.Errorf("the service has (-want +got):\n%s", diff)
	}
	for i, one := range made.Values()["files"].([]any) {
		if got := one.(values)["sha256"]; got != want[i].SHA256 {
			t.Errorf("files[%d] has the digest %v in state", i, got)
		}
	}
	d.MustBeSettled(made, config)

	// The file may go away once it is bought.
	if err := os.Remove(large); err != nil {
		t.Fatal(err)
	}
	d.MustBeSettled(made, config)
	d.mustHaveCharged("$1.25", 1)
}

// TestFilesOfNoUse are found out before anything is sent: at plan where the configuration is to blame, with a warning where the file may yet be made.
func TestFilesOfNoUse(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	d := open(t)
	for name, source := range map[string]string{"a directory": t.TempDir(), "a pipe": pipe, "a device": "/dev/zero"} {
		d.NextWalk()
		said(t, name, d.Plan(orderType, nil, withFile("k", source)).Diagnostics.Errors(), "files.0.source", "a.txt", "not a regular file")
	}

	missing := filepath.Join(t.TempDir(), "later.txt")
	d.NextWalk()
	plan := d.MustPlan(orderType, nil, withFile("k", missing))
	said(t, "a file that is not there", plan.Diagnostics.Warnings(), "files.0.source", "not there yet", missing)
	d.NextWalk()
	d.silently("an apply without the file", func() {
		made, diags := d.Apply(plan)
		said(t, "the apply", diags.Errors(), "files.0.source", "a.txt", "no such file", "Nothing was sent", "import the order")
		if made != nil {
			t.Errorf("made %v", made.Values())
		}
	})
	// It is made while the apply runs.
	if err := os.WriteFile(missing, []byte("made"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.NextWalk()
	made, diags := d.Apply(plan)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got := d.orders()[0].Files; len(got) != 1 || got[0].SHA256 != sha("made") {
		t.Errorf("the service has %v", got)
	}
	d.MustBeSettled(made, withFile("k", missing))
}

// TestFilesThatChange between plan and apply are refused before anything is sent; one that changes while it is sent breaks the order off.
func TestFilesThatChange(t *testing.T) {
	t.Parallel()
	d := open(t)
	source := written(t, "a.txt", "planned")
	plan := d.MustPlan(orderType, nil, withFile("k", source))
	if err := os.WriteFile(source, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.NextWalk()
	d.silently("the apply", func() {
		made, diags := d.Apply(plan)
		said(t, "the apply", diags.Errors(), "files.0.source", "a.txt", sha("planned"), sha("changed"), "Nothing was sent", "Plan again")
		if made != nil {
			t.Errorf("made %v", made.Values())
		}
	})

	// Between the look at it and the request: the same length, so only the digest shows it.
	gate := d.gate()
	plan = d.MustPlan(orderType, nil, withFile("k", source))
	held := gate.HoldRequest(http.MethodGet, "/orders/")
	done := make(chan protocol.Diagnostics)
	go func() {
		made, diags := d.Apply(plan)
		if made != nil {
			t.Errorf("made %v", made.Values())
		}
		done <- diags
	}()
	held.Arrived()
	if err := os.WriteFile(source, []byte("CHANGED"), 0o600); err != nil {
		t.Fatal(err)
	}
	held.Release()
	if diags := <-done; !diags.Errors().Say("changed while it was sent") {
		t.Errorf("a file that changed while it was sent: %s", diags)
	}
	d.mustHaveCharged("$0.00", 0)

	// What is there now is bought once it is planned.
	d.NextWalk()
	if _, diags := d.PlanAndApply(orderType, nil, withFile("k", source)); diags.HasErrors() {
		t.Errorf("the next apply: %s", diags)
	}
	if got := d.orders(); len(got) != 1 || got[0].Files[0].SHA256 != sha("CHANGED") {
		t.Errorf("the service has %v", got)
	}
}

// TestFilesThatCannotBeRead again later are no reason to think that they changed.
func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	d := open(t)
	source := written(t, "a.txt", "content")
	made := d.buy(withFile("k", source))
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.txt")
	d.NextWalk()
	d.silently("a path that leads nowhere", func() {
		plan := d.MustPlan(orderType, made, withFile("k", elsewhere))
		said(t, "the plan", plan.Diagnostics.Warnings(), "files.0.source", "can't be read", elsewhere, "Nothing is sent again")
		if len(plan.Unknowns()) > 0 {
			t.Errorf("unknown %v", plan.Unknowns())
		}
		after := d.MustApply(orderType, made, withFile("k", elsewhere))
		if got := after.Values()["files"].([]any)[0].(values)["sha256"]; got != sha("content") {
			t.Errorf("the digest of what was sent became %v", got)
		}
		d.MustBeSettled(after, withFile("k", elsewhere))
		if err := os.WriteFile(elsewhere, []byte("other"), 0o600); err != nil {
			t.Fatal(err)
		}
		d.NextWalk()
		said(t, "another file turns up", d.Plan(orderType, after, withFile("k", elsewhere)).Diagnostics.Errors(), "files.0.source", "would buy again")
	})
	d.mustHaveCharged("$1.25", 1)
}
