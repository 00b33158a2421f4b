package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// The frames of a conversation are JSON texts told apart by their type (client 0.4.1).
const (
	frameAuth      = "auth"
	frameSession   = "session"
	frameMessage   = "message"
	frameChunk     = "chunk"
	frameDone      = "done"
	frameBilling   = "billing"
	frameHeartbeat = "heartbeat"
	frameError     = "error"
	frameClose     = "close"
)

const (
	// maxSentFrame bounds a frame to the service, in bytes (public chat page: frames are below 1 MiB).
	maxSentFrame = 1<<20 - 1
	// maxReceivedFrame bounds a frame from the service. It is more than the chat page promises: what was paid for is not refused for being a little
	// larger than announced.
	maxReceivedFrame = MaxBody
)

// protocolError is a frame that a service keeping to the protocol does not send. What comes after it would be guesswork.
type protocolError struct{ what string }

func (e *protocolError) Error() string { return "the service broke the protocol: " + e.what }

func broken(format string, args ...any) error {
	return &protocolError{what: fmt.Sprintf(format, args...)}
}

// frame is one frame from the service.
type frame struct {
	kind string
	raw  []byte

	data                       json.RawMessage // of a chunk
	orderID, outputHash        Field[string]   // of done
	amountCharged, platformFee Field[money.Amount]
}

// readFrame reads a frame. Of an unknown type only the name is kept.
func readFrame(kind websocket.MessageType, raw []byte) (frame, error) {
	switch {
	case kind != websocket.MessageText:
		return frame{}, broken("a binary frame of %d bytes", len(raw))
	case !utf8.Valid(raw):
		return frame{}, broken("a frame of %d bytes is not valid UTF-8", len(raw))
	}
	var wire struct {
		Type          Field[string]       `json:"type"`
		Data          json.RawMessage     `json:"data"`
		OrderID       Field[string]       `json:"order_id"`
		OutputHash    Field[string]       `json:"output_hash"`
		AmountCharged Field[money.Amount] `json:"amount_charged"`
		PlatformFee   Field[money.Amount] `json:"platform_fee"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return frame{}, broken("a frame of %d bytes is not a JSON object: %v", len(raw), describeJSONError(err))
	}
	name, ok := wire.Type.Value()
	if !ok {
		return frame{}, broken("a frame of %d bytes has no type", len(raw))
	}
	return frame{
		kind: name, raw: raw, data: wire.Data, orderID: wire.OrderID, outputHash: wire.OutputHash,
		amountCharged: wire.AmountCharged, platformFee: wire.PlatformFee,
	}, nil
}

// problems are the parts of a frame that could not be read and are treated as not reported.
func (f frame) problems() []string {
	var problems []string
	for _, part := range []struct {
		name  string
		field reading
	}{
		{"order_id", &f.orderID}, {"output_hash", &f.outputHash}, {"amount_charged", &f.amountCharged}, {"platform_fee", &f.platformFee},
	} {
		if problem := part.field.readProblem(); problem != "" {
			problems = append(problems, f.kind+"."+part.name+": "+problem)
		}
	}
	return problems
}

// known tells whether the type is one of those that the service is known to send.
func (f frame) known() bool {
	switch f.kind {
	case frameSession, frameChunk, frameDone, frameBilling, frameHeartbeat, frameError:
		return true
	}
	return false
}

// message is what an error frame says.
func (f frame) message(secrets secretList) string {
	text, _ := readErrorBody(contentTypeJSON, f.raw, false, secrets)
	return text
}

// outgoing is a frame to the service.
type outgoing struct {
	Type   string  `json:"type"`
	Token  string  `json:"token,omitempty"`
	Prompt *string `json:"prompt,omitempty"`
}

// encode writes the frame. Characters that are special in HTML stay as they are: escaped they would take six times their room.
func (o outgoing) encode() ([]byte, error) {
	if o.Prompt != nil && !utf8.ValidString(*o.Prompt) {
		return nil, errors.New("the prompt is not valid UTF-8")
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(o); err != nil {
		return nil, fmt.Errorf("write a frame: %w", err)
	}
	encoded := bytes.TrimRight(b.Bytes(), "\n")
	if len(encoded) > maxSentFrame {
		return nil, fmt.Errorf("the message takes %d bytes, and AUTX accepts less than 1 MiB", len(encoded))
	}
	return encoded, nil
}

// joiner puts chunks together. A service that counts in UTF-16 may cut a character in two, and JSON spells the halves \ud83d and \ude00: read one by
// one, both would be lost.
type joiner struct{ half string } // the escape that a chunk ended with, waiting for the other half

// next reads the JSON string of a chunk, with the half character before it.
func (j *joiner) next(data json.RawMessage) (string, error) {
	literal := string(bytes.TrimSpace(data))
	const quotes = 2
	if len(literal) < quotes || literal[0] != '"' {
		return "", broken("a chunk has no text: its data is %s", excerpt(data))
	}
	inner := j.half + literal[1:len(literal)-1]
	j.half = ""
	if endsInHalf(inner) {
		j.half = inner[len(inner)-escapeLength:]
		inner = inner[:len(inner)-escapeLength]
	}
	var text string
	if err := json.Unmarshal([]byte(`"`+inner+`"`), &text); err != nil {
		return "", broken("a chunk cannot be read: %v", describeJSONError(err))
	}
	return text, nil
}

// rest is what is left when no other half comes: the sign for a character that cannot be read.
func (j *joiner) rest() string {
	if j.half == "" {
		return ""
	}
	j.half = ""
	return string(utf8.RuneError)
}

const escapeLength = len(`\ud83d`)

// endsInHalf tells whether the inside of a JSON string ends in the escape of a first half of a character.
func endsInHalf(inner string) bool {
	begin := len(inner) - escapeLength
	if begin < 0 {
		return false
	}
	escape := strings.ToLower(inner[begin:])
	if !strings.HasPrefix(escape, `\ud`) || escape[3] < '8' || (escape[3] > '9' && escape[3] != 'a' && escape[3] != 'b') {
		return false
	}
	before := inner[:begin]
	backslashes := len(before) - len(strings.TrimRight(before, `\`))
	return backslashes%2 == 0 // or the backslash of the escape is itself escaped
}
