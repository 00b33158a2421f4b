package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/coder/websocket"
	"pgregory.net/rapid"
)

// FuzzFrames reads bytes as the frames of a turn, one a line. Whatever they are, the turn is text within its bounds, the pieces are the answer, and
// nothing but a breach of the protocol or an answer too large ends it early.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{
		"{\"type\":\"chunk\",\"data\":\"a\"}\n{\"type\":\"done\",\"order_id\":\"x\"}\n{\"type\":\"billing\",\"amount_charged\":\"0.05\"}",
		"{\"type\":\"chunk\",\"data\":\"\\ud83d\"}\n{\"type\":\"heartbeat\"}\n{\"type\":\"chunk\",\"data\":\"\\ude00\"}\n{\"type\":\"error\",\"message\":\"x\"}",
		"{\"type\":\"billing\"}\n{\"type\":\"billing\"}\n{\"type\":\"done\"}\n{\"type\":\"done\"}", "{\"type\":\"chunk\",\"data\":\"\\\\ud83d\"}",
		"{\"type\":\"chunk\",\"data\":\"\\\\\\ud83d\"}\n{\"type\":\"chunk\",\"data\":\"x\"}", "{\"type\":\"session\",\"session_id\":\"s\"}", "[]", "\xff",
		"{\"type\":\"error\",\"detail\":[{\"msg\":\"" + fuzzSecret + "\"}]}", "{\"type\":\"x\",\"data\":{}}", "{\"type\":7}", "null",
	} {
		f.Add([]byte(seed), 0)
		f.Add([]byte(seed), 1)
	}
	f.Fuzz(func(t *testing.T, data []byte, owed int) {
		answer, pieces := &reply{owed: max(0, owed%3)}, strings.Builder{}
		for line := range bytes.SplitSeq(data, []byte("\n")) {
			read, err := readFrame(websocket.MessageText, line)
			if err == nil {
				_ = read.problems()
				_ = (&Session{}).UnmarshalJSON(line)
				var text string
				text, err = answer.take(read, secretsOf(fuzzSecret))
				pieces.WriteString(text)
			}
			if err != nil {
				if _, violated := errors.AsType[*protocolError](err); !violated && !errors.Is(err, errTooLarge) {
					t.Errorf("%q ends the turn by %v", line, err)
				}
				break
			}
			if answer.over() {
				break
			}
		}
		pieces.WriteString(answer.rest())
		turn := answer.soFar()
		if turn.Output != pieces.String() || !utf8.ValidString(turn.Output) || len(turn.Output) > MaxBody+len("\uFFFD") {
			t.Errorf("%q gives the pieces %q and the output %q", data, pieces.String(), turn.Output)
		}
		if answer.owed < 0 || strings.Contains(answer.refusal, fuzzSecret) || answer.refused != (answer.refusal != "") {
			t.Errorf("%q gives %+v", data, answer)
		}
		if !turn.Billed && (turn.AmountCharged.Reported() || turn.PlatformFee.Reported()) || !turn.Done && turn.OrderID.Reported() {
			t.Errorf("%q gives %+v", data, turn)
		}
	})
}

// TestChunksAreCutAnywhere cuts texts into chunks where a service that counts in UTF-16 might, and spells them as it likes.
func TestChunksAreCutAnywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\\\"ud83D89abAB\n\u2028<😀𝄞")))).Draw(t, "text")
		units := utf16.Encode([]rune(text))
		var j joiner
		var got strings.Builder
		for len(units) > 0 {
			n := rapid.IntRange(1, len(units)).Draw(t, "length")
			part, err := j.next(literal(units[:n], rapid.Bool().Draw(t, "escaped")))
			if err != nil {
				t.Fatal(err)
			}
			if !utf8.ValidString(part) {
				t.Fatalf("%q is no text", part)
			}
			got.WriteString(part)
			units = units[n:]
		}
		got.WriteString(j.rest())
		if want := string([]rune(text)); got.String() != want {
			t.Fatalf("%q; want %q", got.String(), want)
		}
	})
}

// literal is a JSON string of UTF-16 units. Halves of characters are always escaped; nothing else can spell them.
func literal(units []uint16, escaped bool) json.RawMessage {
	const digits = "0123456789abcdef"
	out := []byte{'"'}
	for i := 0; i < len(units); i++ {
		unit := rune(units[i])
		paired := utf16.IsSurrogate(unit) && i+1 < len(units) && utf16.DecodeRune(unit, rune(units[i+1])) != utf8.RuneError
		switch {
		case !escaped && paired:
			out = utf8.AppendRune(out, utf16.DecodeRune(unit, rune(units[i+1])))
			i++
		case !escaped && !utf16.IsSurrogate(unit):
			quoted, _ := json.Marshal(string(unit))
			out = append(out, quoted[1:len(quoted)-1]...)
		default:
			out = append(out, '\\', 'u', digits[unit>>12], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
		}
	}
	return append(out, '"')
}
