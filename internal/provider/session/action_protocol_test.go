package session_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

const chatAction = "autx_chat"

// talking is the configuration of a chat under a key.
func talking(key string, pairs ...any) values {
	return with(values{"idempotency_key": key, "agent": "CHAT", "max_cost": "0.10", "messages": []string{"First of " + key, "Second of " + key}}, pairs...)
}

// TestChat talks and shows all of it, in its order.
func TestChat(t *testing.T) {
	t.Parallel()
	d := open(t)
	said := d.MustInvoke(chatAction, talking("k"))
	id := d.sessions()[0].ID
	want := []string{
		"Session " + id + " is open",
		"Message 1 of 2", "Echo: ", "First ", "of k", "Message 1 of 2 was answered for $0.05",
		"Message 2 of 2", "Echo: S", "econd ", "of k", "Message 2 of 2 was answered for $0.05",
		"Session " + id + ", messages 1 to 2 were answered for $0.10. It is closed",
	}
	if len(said.Diagnostics) > 0 || strings.Join(said.Progress, "") != strings.Join(want, "") || len(said.Progress) != len(want) {
		t.Errorf("%s (-want +got):\n%s", said.Diagnostics, cmp.Diff(want, said.Progress))
	}
	d.mustHaveCharged("$0.10", 2, 1)
	d.mustHoldNothing()
}

// TestChatShowsChunksWhileTheyCome lets the agent say no more until what it has said was shown: it is shown while the turn runs, not after it.
func TestChatShowsChunksWhileTheyCome(t *testing.T) {
	t.Parallel()
	d := open(t, standing())
	// The answer stops after five bytes until the session is closed from outside, which happens only once these five have been shown.
	d.server.AddFault("sessions.message:body:delay=1h,bytes=5")
	shown := ""
	said := d.InvokeWhile(chatAction, talking("k"), func(message string) bool {
		if shown += message; strings.HasSuffix(shown, "Echo:") {
			for _, s := range d.sessions() {
				d.outside(d.server.Key(), http.MethodDelete, "/sessions/"+s.ID, "")
			}
		}
		return true
	})
	if !slices.Contains(said.Progress, "Echo:") || !said.Completed || said.Diagnostics.HasErrors() {
		t.Errorf("%v: %s", said.Progress, said.Diagnostics)
	}
	// Closing in mid-stream gives the turn back.
	if !said.Diagnostics.Warnings().Say("message 1 was not answered and cost nothing, message 2 was not sent") {
		t.Error(said.Diagnostics)
	}
	d.mustHaveCharged("$0.00", 1, 1)
	d.mustHoldNothing()
}

// TestChatExpires has the session expire while a message is answered: it is given back, and nothing more is sent.
func TestChatExpires(t *testing.T) {
	t.Parallel()
	d := open(t, standing())
	d.server.AddFault("sessions.message:body:delay=1h,bytes=5,skip=1")
	shown := ""
	said := d.InvokeWhile(chatAction, with(saying("k", 3)), func(message string) bool {
		if shown += message; strings.HasSuffix(shown, "Message 2 of 3Echo:") {
			d.server.Advance(5 * time.Hour)
		}
		return true
	})
	if !said.Diagnostics.Warnings().Say("message 1 was answered for $0.05, message 2 was not answered and cost nothing, message 3 was not sent", "session has ended") ||
		!strings.HasSuffix(said.Progress[len(said.Progress)-1], "It is expired") {
		t.Errorf("%v: %s", said.Progress, said.Diagnostics)
	}
	d.mustHaveCharged("$0.05", 2, 1)
	d.mustHoldNothing()
}

// TestChatUsedKey asks again under a key: nothing is sent, and it is said what was done, also where a resource did it.
func TestChatUsedKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.MustInvoke(chatAction, talking("k"))
	made := d.buy(of("resource"))
	for key, id := range map[string]string{"k": d.sessions()[0].ID, "resource": made.ID()} {
		said := d.MustInvoke(chatAction, talking(key))
		want := "Session " + id + ", by an earlier run; this one sent nothing: messages 1 to 2 were answered for $0.10. It is closed"
		if !slices.Equal(said.Progress, []string{want}) || !said.Diagnostics.Warnings().Say("taken over", "To buy again, change idempotency_key") {
			t.Errorf("%q: %s", said.Progress, said.Diagnostics)
		}
	}
	// In one run several resources may trigger it.
	d.NextWalk()
	for range 2 {
		if _, diags := d.PlanAction(chatAction, talking("twice")); len(diags) > 0 {
			t.Error(diags)
		}
	}
	d.Invoke(chatAction, talking("twice"))
	if said := d.Invoke(chatAction, talking("twice")); said.Diagnostics.HasErrors() {
		t.Error(said.Diagnostics)
	}
	other := d.PlanAndInvoke(chatAction, talking("k", "messages", []string{"Something else"}))
	if !other.Diagnostics.Errors().At("idempotency_key").Say("other inputs") {
		t.Error(other.Diagnostics)
	}
	d.mustHaveCharged("$0.30", 6, 3)
}

// TestChatPlannedTwice is triggered by two events: the balance has to cover it once.
func TestChatPlannedTwice(t *testing.T) {
	t.Parallel()
	d := serve(t, seed("0.40"))
	for range 2 {
		if _, diags := d.PlanAction(chatAction, talking("k")); len(diags) > 0 {
			t.Error(diags)
		}
	}
	_, diags := d.PlanAction(chatAction, talking("l"))
	said(t, "another key", diags.Warnings(), "max_cost", "$0.50 together", "$0.40 is available")
}

// TestChatRefused says what stands against a chat, where it is known: in the configuration, at plan, and in the run.
func TestChatRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, c := range map[string]struct {
		config values
		path   string
		says   []string
	}{
		"a prompt":          {talking("k", "messages", nil, "prompt", "Hello"), "", nil},
		"neither":           {talking("k", "messages", nil), "prompt", []string{"messages"}},
		"both":              {talking("k", "prompt", "Hello"), "prompt", []string{"messages"}},
		"an empty prompt":   {talking("k", "messages", nil, "prompt", ""), "prompt", []string{"at least 1"}},
		"no messages":       {talking("k", "messages", []string{}), "messages", []string{"at least 1"}},
		"an empty message":  {talking("k", "messages", []string{""}), "messages.0", []string{"at least 1"}},
		"a null message":    {talking("k", "messages", []any{nil}), "messages", []string{"null"}},
		"a negative limit":  {talking("k", "max_cost", "-1"), "max_cost", []string{"at least 0"}},
		"an unknown prompt": {talking("k", "messages", nil, "prompt", protocol.Unknown), "", nil},
	} {
		diags := d.ValidateAction(chatAction, c.config)
		if c.says == nil {
			if len(diags) > 0 {
				t.Errorf("%s: %s", name, diags)
			}
			continue
		}
		said(t, name, diags.Errors(), c.path, c.says...)
	}
	for name, c := range map[string]struct {
		config values
		path   string
		says   []string
	}{
		"all right":        {talking("k"), "", nil},
		"unknown":          {values{"idempotency_key": protocol.Unknown, "agent": protocol.Unknown, "max_cost": protocol.Unknown, "messages": protocol.Unknown}, "", nil},
		"messages unknown": {talking("k", "messages", protocol.Unknown, "max_cost", "0.01"), "", nil},
		"no sessions":      {talking("k", "agent", "PLAIN"), "agent", []string{"does not support sessions"}},
		"too dear":         {talking("k", "max_cost", "0.09"), "max_cost", []string{"$0.10", "$0.09"}},
		"for a prompt":     {talking("k", "messages", nil, "prompt", "Hello", "max_cost", "0.04"), "max_cost", []string{"$0.05", "$0.04"}},
	} {
		d.NextWalk()
		_, diags := d.PlanAction(chatAction, c.config)
		if c.says == nil {
			if len(diags) > 0 {
				t.Errorf("%s: %s", name, diags)
			}
			continue
		}
		said(t, name, diags.Warnings(), c.path, c.says...)
	}
	d.mustOnlyRead()
	refused := d.PlanAndInvoke(chatAction, talking("k", "max_cost", "0.09"))
	said(t, "the run", refused.Diagnostics.Errors(), "max_cost", "$0.10", "$0.09", "nothing was charged")
	d.reconfigure("spending.max_per_apply", "0.05")
	_, diags := d.PlanAction(chatAction, talking("k"))
	said(t, "over the limit", diags.Errors(), "", "max_per_apply")
	d.mustHaveCharged("$0.00", 0, 0)
}

// TestChatInterrupted interrupts a chat while a message is answered: that one is finished, no further one is begun, and the session is closed.
func TestChatInterrupted(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	released := make(chan struct{})
	gate := d.gate()
	d.server.AddFault("sessions.message:after:delay=1ms")
	held := gate.HoldAnswer(http.MethodGet, "/sessions/*") // what is read after the conversation, when nobody listens to the action any more
	go func() {
		defer close(released)
		held.Arrived()
		held.Release()
	}()
	d.WithContext(ctx).InvokeWhile(chatAction, talking("k"), func(message string) bool {
		if message == "Message 1 of 2" {
			cancel()
		}
		return message != "Message 1 of 2"
	})
	<-released
	again := d.MustInvoke(chatAction, talking("k")) // waits for the key
	if !again.Diagnostics.Warnings().Say("message 1 was answered for $0.05, message 2 was not sent") {
		t.Errorf("%v: %s", again.Progress, again.Diagnostics)
	}
	d.mustHaveCharged("$0.05", 1, 1)
	d.mustHoldNothing()
}

// TestCloseAction closes a session that is open, and says of one that has ended that it has.
func TestCloseAction(t *testing.T) {
	t.Parallel()
	const action = "autx_session_close"
	d := open(t)
	made := d.buy(of("k", "messages", nil))
	closed := d.MustInvoke(action, values{"id": made.ID()})
	if !slices.Equal(closed.Progress, []string{"Session " + made.ID() + " is closed"}) || len(closed.Diagnostics) > 0 {
		t.Errorf("%q: %s", closed.Progress, closed.Diagnostics)
	}
	d.mustHoldNothing()
	var again protocol.Invocation
	operations := d.during(func() { again = d.MustInvoke(action, values{"id": made.ID()}) })
	if !slices.Equal(again.Progress, []string{"Session " + made.ID() + " was closed already"}) || !slices.Equal(operations, []string{"sessions.get"}) {
		t.Errorf("%q with %v", again.Progress, operations)
	}
	if none := d.PlanAndInvoke(action, values{"id": "ses_none"}); !none.Diagnostics.Errors().At("id").Say("No such session") {
		t.Error(none.Diagnostics)
	}
	other := d.buy(of("other", "messages", nil))
	d.server.AddFault("sessions.close:before:status=500")
	if failed := d.PlanAndInvoke(action, values{"id": other.ID()}); !failed.Diagnostics.Errors().Say("Could not close", "500") {
		t.Error(failed.Diagnostics)
	}
	d.server.AddFault("sessions.get:before:status=500")
	if failed := d.PlanAndInvoke(action, values{"id": other.ID()}); !failed.Diagnostics.Errors().Say("Could not read", "500") {
		t.Error(failed.Diagnostics)
	}
	if diags := d.ValidateAction(action, values{"id": ""}); !diags.HasErrors() {
		t.Error("an empty id is no mistake")
	}
}
