package client

import "strings"

// reply is what has come of a turn. It holds the order of frames: chunks, then done; the bill at any place (client 0.4.1), also after done or, late,
// within the turn that follows.
type reply struct {
	turn    Turn
	output  strings.Builder
	joiner  joiner
	owed    int    // bills of earlier turns that are yet to come; they come before this turn's
	refusal string // the message of an error frame
	refused bool
}

// take adds a frame and gives the text that came with it. An error ends the turn: errTooLarge, or a frame that must not come in a turn.
func (r *reply) take(f frame, secrets secretList) (string, error) {
	switch f.kind {
	case frameChunk:
		return r.chunk(f)
	case frameDone:
		if r.turn.Done {
			return "", broken("a second %q frame", f.kind)
		}
		r.turn.OrderID, r.turn.OutputHash, r.turn.Done = f.orderID, f.outputHash, true
		return r.rest(), nil
	case frameBilling:
		switch {
		case r.owed > 0:
			r.owed--
		case !r.turn.Billed: // a second bill tells nothing that is known for sure
			r.turn.AmountCharged, r.turn.PlatformFee, r.turn.Billed = f.amountCharged, f.platformFee, true
		}
	case frameError:
		r.refusal, r.refused = f.message(secrets), true
		return r.rest(), nil
	case frameSession:
		return "", broken("a %q frame in a turn", f.kind)
	}
	return "", nil
}

func (r *reply) chunk(f frame) (string, error) {
	if r.turn.Done {
		return "", broken("a %q frame after the turn was done", f.kind)
	}
	text, err := r.joiner.next(f.data)
	if err != nil {
		return "", err
	}
	if r.output.Len()+len(text) > MaxBody {
		return "", errTooLarge
	}
	r.output.WriteString(text)
	return text, nil
}

// rest is what the output ends with when half a character was its last.
func (r *reply) rest() string {
	text := r.joiner.rest()
	r.output.WriteString(text)
	return text
}

// over tells whether nothing more is to come.
func (r *reply) over() bool { return r.refused || (r.turn.Done && r.turn.Billed) }

// soFar is the turn as it stands.
func (r *reply) soFar() Turn {
	turn := r.turn
	turn.Output = r.output.String()
	return turn
}
