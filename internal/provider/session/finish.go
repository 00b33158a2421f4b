package session

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/ledger"
)

// finish closes a session that ends with its messages, and finds out what became of its turns. It never fails: what it can't do becomes a warning,
// and the next refresh or apply does it.
func (b *buyer) finish(ctx context.Context, out *bought, refused int) diag.Diagnostics {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	var diags diag.Diagnostics
	id := out.session.ID
	now, err := read(ctx, b.walk.api, id)
	if err != nil {
		diags.Append(diagnose.Warning("Session was opened, but could not be read", err, nil)...)
	} else {
		out.session = together(now, out.session)
	}
	if b.chat.closesAfterwards() && !ended(out.session.Status.Or("")) {
		closed, err := closeSession(ctx, b.walk.api, id)
		if err != nil {
			diags.Append(diagnose.Warning("Session could not be closed", err, nil)...)
			diags.AddWarning("Session is still open", fmt.Sprintf("The session %s holds credits until it is closed or expires. The next apply closes it.", id))
		} else {
			out.session = together(closed, out.session)
		}
	}
	k := &reckoner{api: b.walk.api, pauses: reckonPauses, pause: b.walk.pause, refused: refused}
	k.entries = func(ctx context.Context) ([]client.Transaction, error) {
		entries, _, err := ledger.Newest(ctx, b.walk.api)
		return entries, err
	}
	if err := k.settle(ctx, out.session, out.turns); err != nil {
		diags.Append(diagnose.Warning("Could not find out what became of every message", err, nil)...)
	}
	return diags
}

// read reads one session.
func read(ctx context.Context, api *client.Client, id string) (*client.Session, error) {
	found, err := api.Sessions.Get(ctx, id)
	return same(id, found, err)
}

// closeSession closes a session from outside, and gives what AUTX says of it then. One that is not there any more needs no closing.
func closeSession(ctx context.Context, api *client.Client, id string) (*client.Session, error) {
	closed, err := api.Sessions.Close(ctx, id)
	if client.IsNotFound(err) {
		return &client.Session{ID: id}, nil
	}
	if err != nil {
		return nil, err
	}
	if closed.ID != id || !closed.Status.Reported() {
		closed = &client.Session{ID: id}
		if now, err := read(ctx, api, id); err == nil {
			closed = together(now, closed)
		}
	}
	return closed, nil
}

// told says what a reader of the apply has to know of a conversation that is over.
func (b *buyer) told(out *bought) diag.Diagnostics {
	var diags diag.Diagnostics
	total, known := costOf(out.turns)
	if known && total.GreaterThan(b.chat.most) && !out.adopted {
		diags.AddAttributeWarning(path.Root("max_cost"), "More was charged than max_cost", fmt.Sprintf("AUTX charged %s for the messages of session %s, "+
			"and max_cost is %s: the price was raised while they were sent. AUTX takes no limit with a message, and nothing of it can be taken back.",
			total.USD(), out.session.ID, b.chat.most.USD()))
	}
	story := tally(out.turns)
	if story == "" {
		return diags
	}
	text := fmt.Sprintf("Of the %d messages of the %s (id %s), %s.", len(out.turns), b.chat.title(), out.session.ID, story)
	if out.why != "" {
		text += "\n\n" + out.why
	}
	text += "\n\nNothing is sent again under this idempotency_key: nobody can attach to a session again, and in another one it would be another " +
		"conversation. To hold it from the start, change idempotency_key; each message is charged again then."
	if anyOpen(out.turns) {
		text += " The next refresh looks again what became of the messages of which that is not known."
	}
	diags.AddWarning("Conversation is not complete", text)
	return diags
}

// tally says what became of turns, such as "messages 1 to 2 were answered for $0.10, message 3 was not sent"; "" where all were answered and what
// they cost is known.
func tally(turns []turnModel) string {
	by := map[string][]int{}
	for i := range turns {
		by[turns[i].Status.ValueString()] = append(by[turns[i].Status.ValueString()], i+1)
	}
	if len(by[turnCompleted]) == len(turns) && !anyOpen(turns) {
		return ""
	}
	var parts []string
	if answered := by[turnCompleted]; len(answered) > 0 {
		var done []turnModel
		for _, n := range answered {
			done = append(done, turns[n-1])
		}
		price := "an amount that AUTX has not told yet"
		if total, known := costOf(done); known {
			price = total.USD()
		}
		parts = append(parts, numbers(answered, "was", "were")+" answered for "+price)
	}
	if failed := by[turnFailed]; len(failed) > 0 {
		parts = append(parts, numbers(failed, "was", "were")+" not answered and cost nothing")
	}
	if open := by[turnUnknown]; len(open) > 0 {
		parts = append(parts, numbers(open, "may have", "may have")+" been charged")
	}
	if unsent := by[turnNotSent]; len(unsent) > 0 {
		parts = append(parts, numbers(unsent, "was", "were")+" not sent")
	}
	return strings.Join(parts, ", ")
}

// numbers names messages, such as "message 2 was" or "messages 1 to 3 and 5 were".
func numbers(of []int, one, several string) string {
	var ranges []string
	for i := 0; i < len(of); {
		j := i
		for j+1 < len(of) && of[j+1] == of[j]+1 {
			j++
		}
		if j == i {
			ranges = append(ranges, strconv.Itoa(of[i]))
		} else {
			ranges = append(ranges, fmt.Sprintf("%d to %d", of[i], of[j]))
		}
		i = j + 1
	}
	if len(of) == 1 {
		return "message " + ranges[0] + " " + one
	}
	last := len(ranges) - 1
	text := ranges[last]
	if last > 0 {
		text = strings.Join(ranges[:last], ", ") + " and " + text
	}
	return "messages " + text + " " + several
}
