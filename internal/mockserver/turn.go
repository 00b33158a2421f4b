package mockserver

import (
	"net/http"
	"time"
)

// turn serves a message: it is charged when it is accepted, the agent's answer streams, and done and billing follow. A turn that is interrupted
// before done is given back when the session ends, and finishes when only the socket is lost (both assumed).
func (k *socket) turn(prompt string) event {
	k.s.pause(k.ctx, k.s.latency)
	var o *order
	var responder Responder
	out := k.s.handle(k.ctx, k.message(opMessage), func(w *world) *answer {
		if w != k.world {
			return refuse(http.StatusConflict, "The session is gone")
		}
		made, refused := w.startTurn(k.session, prompt)
		if refused != nil {
			return refused
		}
		o, responder = made, w.agentByID(made.AgentID).Responder
		if o.Fails {
			return refuse(responder.answerPrompt(prompt).status, "The agent failed")
		}
		return &answer{status: http.StatusOK, header: http.Header{}, body: []byte(o.Text)}
	})
	if out.gone {
		return clientGone
	}
	rule, settled := out.rule, false
	if rule != nil && rule.Phase != phaseBody {
		if event := k.disturb(rule, o != nil); event != nothing || rule.Action != actionDelay {
			return event
		}
		rule, settled = nil, true
	}
	switch {
	case o == nil:
		if !k.complain(out.answer.detail()) {
			return clientGone
		}
		return nothing
	case o.Fails:
		return k.fail(time.Duration(responder.Delay), out.answer.detail())
	}
	if event := k.stream(responder.split(o.Text), time.Duration(responder.Delay), rule); event != nothing {
		return event
	}
	if !settled {
		if event := k.settle(); event != nothing {
			return event
		}
	}
	return k.conclude(o)
}

// disturb does what a rule says instead of, or before, the frames of a turn. A turn that was charged is finished first.
func (k *socket) disturb(rule *Rule, charged bool) event {
	if charged {
		if event := k.settle(); event != nothing {
			return event
		}
	}
	switch rule.Action {
	case actionStatus:
		if !k.complain(rule.replacement().detail()) {
			return clientGone
		}
	case actionReset:
		k.cut(true)
		return clientGone
	case actionHang:
		k.hang()
		return clientGone
	case actionDelay:
		if rule.Phase == phaseAfter && !k.s.pause(k.ctx, time.Duration(rule.Delay)) {
			return clientGone
		}
	}
	return nothing
}

// settle lets the turn in flight end as its agent would have it, before the client is told.
func (k *socket) settle() event {
	s := k.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	if s.world != k.world || k.session.Status != statusActive {
		return endedOutside
	}
	s.world.finishTurn(k.session)
	_ = s.verify()
	s.saveUnlocked()
	return nothing
}

// fail tells that the agent failed; the turn is given back before.
func (k *socket) fail(after time.Duration, message string) event {
	if event := k.wait(after); event != nothing {
		return event
	}
	if event := k.settle(); event != nothing {
		return event
	}
	if !k.complain(message) {
		return clientGone
	}
	return nothing
}

// stream sends the chunks. A rule may break them off after some bytes.
func (k *socket) stream(chunks []string, pause time.Duration, rule *Rule) event {
	var sent int64
	for _, chunk := range chunks {
		if event := k.wait(pause); event != nothing {
			return event
		}
		if rule != nil && sent+int64(len(chunk)) >= rule.Bytes {
			n := rule.Bytes - sent
			if n > 0 && !k.write(chunkFrame{"chunk", chunk[:n]}) {
				return clientGone
			}
			if event := k.breakOff(rule); event != nothing {
				return event
			}
			sent, chunk, rule = sent+n, chunk[n:], nil
			if chunk == "" {
				continue
			}
		}
		if !k.write(chunkFrame{"chunk", chunk}) {
			return clientGone
		}
		sent += int64(len(chunk))
	}
	if rule != nil { // more bytes than there are: nothing but the chunks goes out
		return k.breakOff(rule)
	}
	return nothing
}

func (k *socket) breakOff(rule *Rule) event {
	if rule.Action == actionDelay {
		return k.wait(time.Duration(rule.Delay))
	}
	k.cut(rule.Action == actionReset)
	return clientGone
}

// conclude sends the last frames of a turn that is settled.
func (k *socket) conclude(o *order) event {
	done := doneFrame{"done", o.ID, hexSHA256([]byte(o.Text))}
	billing := billingFrame{"billing", cents(o.Paid), cents(o.Fee)}
	frames := []any{done, billing}
	if k.world.assume.billingFirst {
		frames = []any{billing, done}
	}
	for _, frame := range frames {
		if !k.write(frame) {
			return clientGone
		}
	}
	return nothing
}
