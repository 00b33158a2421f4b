package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	// defaultTimeout is how long turns are begun unless a configuration says otherwise.
	defaultTimeout = 20 * time.Minute
	// lastTurnWithin is how long the turn that is under way when that time is over may still take, with the opening and the closing.
	lastTurnWithin = client.DefaultTurnTimeout + 5*time.Minute
	// finishWithin bounds what is read and closed after a conversation, also of a run that was interrupted.
	finishWithin = time.Minute
)

// buyer is one session on its way.
type buyer struct {
	walk *walk
	desk *providerdata.Desk
	chat *chat

	agentID  string          // as AUTX spells it; what the configuration says until that was read
	agentErr error           // why the agent could not be read
	hold     money.Amount    // what AUTX holds while the session is open, as it was read last
	talk     *talk           // the conversation, nil where it was not held now
	frame    *client.Session // what AUTX told when it was opened
}

// bought is a session that was bought, now or earlier.
type bought struct {
	session *client.Session
	adopted bool
	turns   []turnModel
	// why is why the conversation ended before its last message was answered, "" where that is not known or did not happen.
	why string
}

// buy holds the conversation, at most once. Once the session is open it has warnings only.
func (b *buyer) buy(ctx context.Context) (*bought, diag.Diagnostics) {
	b.agentID, b.agentErr = b.chat.agent, nil
	if id, err := b.walk.agentID(ctx, b.chat.agent); err == nil {
		b.agentID = id
	} else if !client.IsNotFound(err) {
		// Without it neither what was bought before can be compared nor a lost opening be found.
		diags := diagnose.Error("Could not open "+b.chat.title(), err, nil)
		diags[0] = diag.NewErrorDiagnostic(diags[0].Summary(), diags[0].Detail()+"\n\nNothing was sent and nothing was charged.")
		return nil, diags
	}
	wanted, cancel := context.WithTimeout(ctx, b.chat.timeout)
	defer cancel()
	result, err := b.desk.Buy(wanted, b.purchase(wanted))
	if err != nil {
		return nil, b.refused(err, result)
	}
	b.walk.wrote(result.ID)
	b.walk.opened(result.ID)
	diags := diagnose.Problems(result.Problems)
	out := &bought{session: &client.Session{ID: result.ID}, adopted: result.Adopted}
	refused := -1
	switch {
	case b.talk != nil:
		out.turns, out.why, refused = b.talk.turns, b.talk.why, b.talk.refused
		out.session = b.frame
	case result.Adopted:
		out.turns, refused = recalled(b.chat.messages, result.Notes)
	default:
		out.turns = unsent(b.chat.messages)
		out.why = "The answer to the opening was lost. The session is there, but nobody can attach to it any more."
	}
	diags.Append(b.finish(ctx, out, refused)...)
	b.walk.wrote(result.ID) // a list that somebody read meanwhile shows it as it was before its end
	diags.Append(b.told(out)...)
	return out, diags
}

// purchase is the session as the desk buys it: at most once. Wanted is the run's context: when it ends no further turn is begun.
func (b *buyer) purchase(wanted context.Context) purchase.Purchase {
	return purchase.Purchase{
		Kind: kind, Key: b.chat.key, Title: b.chat.title(), Scope: b.agentID, Authorized: b.chat.most,
		Digest:   inputsDigest(b.agentID, b.chat.messages),
		Deadline: b.chat.timeout + lastTurnWithin, Settled: purchase.AdoptIfSameInputs, Repeatable: b.chat.repeats,
		Price:    b.cost,
		Hold:     b.holds,
		Snapshot: b.snapshot,
		Conduct: func(ctx context.Context, note purchase.Note) (string, error) {
			return b.conduct(ctx, wanted, note)
		},
		// The refusal is believed, as a session that is there may well be somebody else's; but if AUTX has erred it holds credits without anybody knowing
		// it, so the reader is told.
		Doubts: func(err error) bool {
			failure, ok := client.AsError(err)
			return ok && failure.Outcome == client.Refused
		},
		Find: b.find,
		Confirm: func(ctx context.Context, id string) (bool, error) {
			_, err := read(ctx, b.walk.api, id)
			if client.IsNotFound(err) {
				return false, nil
			}
			return err == nil, err
		},
	}
}

// cost is what the messages cost together. What a session holds is no charge, and is noted.
func (b *buyer) cost(ctx context.Context) (money.Amount, error) {
	agent, err := b.walk.facts.Now(ctx, live.TickerOrID(b.chat.agent))
	if err != nil {
		b.agentErr = err
		return money.Zero(), err
	}
	b.hold, _ = holdOf(agent)
	if len(b.chat.messages) == 0 {
		return money.Zero(), nil
	}
	price, err := b.priceOf(agent)
	return price.Times(int64(len(b.chat.messages))), err
}

// holds is what AUTX holds while the session is open, and what it goes on to hold where that stays open.
func (b *buyer) holds() (during, after money.Amount) {
	if b.chat.closesAfterwards() {
		return b.hold, money.Zero()
	}
	return b.hold, b.hold
}

// priceNow is what a message costs at this moment. Whether AUTX charges what an agent costs now, or what it did when the session was opened, no
// source says.
func (b *buyer) priceNow(ctx context.Context) (money.Amount, error) {
	agent, err := b.walk.facts.Now(ctx, live.TickerOrID(b.chat.agent))
	if err != nil {
		return money.Zero(), err
	}
	return b.priceOf(agent)
}

func (b *buyer) priceOf(agent *client.Agent) (money.Amount, error) {
	price, ok := pricePerMessage(agent)
	if !ok {
		return money.Zero(), fmt.Errorf("AUTX does not tell what a message to agent %s costs", b.chat.agent)
	}
	return price, nil
}

// snapshot gives the ids of the account's sessions before this one.
func (b *buyer) snapshot(ctx context.Context) (json.RawMessage, error) {
	ids, err := b.walk.idsBefore(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	return json.Marshal(ids) //nolint:wrapcheck // a list of text can always be written
}

// conduct opens the session and holds the conversation.
func (b *buyer) conduct(ctx, wanted context.Context, note purchase.Note) (string, error) {
	conversation, err := b.walk.api.Sessions.OpenWhile(ctx, wanted, b.chat.agent)
	if err != nil {
		return "", err
	}
	session := conversation.Session()
	b.walk.opened(session.ID)
	b.frame = &session
	b.talk = newTalk(b.chat, session.ID, note, b.priceNow)
	b.talk.say("Session " + session.ID + " is open")
	if b.talk.begin() {
		b.talk.hold(ctx, wanted, conversation)
	}
	b.talk.hangUp(ctx, conversation)
	return session.ID, nil
}

// find looks for a session whose opening was lost: an active one of the agent that was not there before, and in which nothing was said. One that has
// ended holds nothing and, as no message was sent, cost nothing. One in which something was said is somebody else's conversation, under way.
func (b *buyer) find(ctx context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
	var before []string
	if err := json.Unmarshal(snapshot, &before); err != nil {
		return nil, fmt.Errorf("read which sessions there were before: %w", err)
	}
	sessions, err := b.walk.api.Sessions.List(ctx, client.SessionFilter{})
	if err != nil {
		return nil, err
	}
	var found []purchase.Match
	for i := range sessions {
		one := &sessions[i]
		if !ended(one.Status.Or(statusActive)) && !begun(one) && b.with(one) && !slices.Contains(before, one.ID) {
			b.walk.before.Bought("", one.ID) // whoever is to open one from now on finds it there, also where the last look is younger than that
			found = append(found, purchase.Match{ID: one.ID, Label: label(one) + holding(one)})
		}
	}
	return found, nil
}

// begun tells whether AUTX says that something was said in a session.
func begun(s *client.Session) bool { return s.MessageCount.Or(0) > 0 }

// with tells whether a session is with the wanted agent, as far as AUTX says with whom it is.
func (b *buyer) with(s *client.Session) bool {
	id, ticker := s.AgentID.Or(""), s.AgentTicker.Or("")
	return id == "" && ticker == "" || names(b.agentID, id, ticker) || names(b.chat.agent, id, ticker)
}

// names tells whether a ticker or id that a configuration has names an agent.
func names(tickerOrID, id, ticker string) bool {
	return strings.EqualFold(tickerOrID, id) || strings.EqualFold(tickerOrID, ticker)
}

// label describes a session for a reader.
func label(s *client.Session) string {
	text := "session"
	if ticker := s.AgentTicker.Or(""); ticker != "" {
		text += " with " + ticker
	}
	if at := s.CreatedAt.Or(""); at != "" {
		text += ", opened " + at
	}
	if status := s.Status.Or(""); status != "" {
		text += ", " + status
	}
	return text
}

// holding says what a session holds, where AUTX tells.
func holding(s *client.Session) string {
	if held, ok := s.CreditsReserved.Value(); ok {
		return ", holds " + held.USD()
	}
	return ""
}

// refused explains why a session was not opened, at the argument that is to blame. The result has what there is in spite of that.
func (b *buyer) refused(err error, result purchase.Result) diag.Diagnostics {
	refusal, ok := errors.AsType[*purchase.Refusal](err)
	if !ok {
		ours := func(m purchase.Match) bool { return b.walk.isOurs(m.ID) } // which the journal may not have been able to note
		return b.unopened(err, slices.DeleteFunc(result.Unexplained, ours), result.Rivals)
	}
	return live.Refused(refusal, kind, wantedOf(b.chat.agent), b.agentErr)
}

// unopened explains why a session was not opened, and which there are all the same.
func (b *buyer) unopened(err error, unexplained []purchase.Match, rivals []string) diag.Diagnostics {
	diags := diagnose.Error("Could not open "+b.chat.title(), err, nil)
	failure, ok := client.AsError(err)
	if !ok || failure.Outcome == client.Unknown || len(diags) != 1 {
		return diags
	}
	outcome := "No session was opened"
	if failure.Outcome == client.Refused {
		outcome = "AUTX says that it has opened no session"
	}
	detail := diags[0].Detail() + "\n\n" + outcome + ", and nothing was charged. The key is not used up: apply again once the reason is gone."
	diags[0] = diag.NewErrorDiagnostic(diags[0].Summary(), detail+leftAlone(unexplained, rivals))
	return diags
}

// wantedOf is what a session asks of its agent.
func wantedOf(agent string) live.Wanted {
	return live.Wanted{Agent: live.TickerOrID(agent), AgentAt: path.Root("agent"), Noun: "session", Nouns: "sessions"}
}
