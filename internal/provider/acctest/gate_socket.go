package acctest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"sync"
)

// HoldFrames lets everything that the mock server says over the next WebSocket wait from the moment at which the client's n-th text frame passes: 1 is
// its auth frame, 2 its first message. The frame itself passes, so the mock server has whatever it asks for. The path is that of HoldRequest.
func (g *Gate) HoldFrames(pattern string, n int) *Held {
	h := g.newHeld()
	g.wrapSocket(pattern, func(conn io.ReadWriteCloser) io.ReadWriteCloser {
		return &heldSocket{ReadWriteCloser: conn, held: h, after: n, holding: make(chan struct{})}
	})
	return h
}

// CutAfterFrame cuts the next WebSocket behind the mock server's n-th frame that has this text in it. What follows is lost.
func (g *Gate) CutAfterFrame(pattern, text string, n int) {
	g.wrapSocket(pattern, func(conn io.ReadWriteCloser) io.ReadWriteCloser {
		return &cutSocket{ReadWriteCloser: conn, text: []byte(text), left: n}
	})
}

// AnswerHeld answers the next request of a sort in place of the mock server, when the hold is over.
func (g *Gate) AnswerHeld(method, pattern string, handler http.HandlerFunc) *Held {
	h := g.newHeld()
	g.add(&gateRule{method: method, pattern: pattern, before: func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if !h.wait(r) {
			panic(http.ErrAbortHandler)
		}
		handler(w, r)
		return true
	}})
	return h
}

func (g *Gate) wrapSocket(pattern string, wrap func(io.ReadWriteCloser) io.ReadWriteCloser) {
	g.add(&gateRule{method: http.MethodGet, pattern: pattern, after: func(answer *http.Response, _ []byte) error {
		conn, ok := answer.Body.(io.ReadWriteCloser)
		if answer.StatusCode != http.StatusSwitchingProtocols || !ok {
			return errors.New("the answer is no WebSocket")
		}
		answer.Body = wrap(conn)
		return nil
	}})
}

// heldSocket is the mock server's side of a WebSocket that is held.
type heldSocket struct {
	io.ReadWriteCloser
	held    *Held
	after   int // text frames of the client, from which on nothing is passed to it
	seen    int
	frames  frameReader
	holding chan struct{} // closed when it begins
	once    sync.Once
}

// Write passes on what the client says.
func (s *heldSocket) Write(data []byte) (int, error) {
	for _, f := range s.frames.read(data) {
		if f.opcode != textFrame {
			continue
		}
		if s.seen++; s.seen == s.after {
			close(s.holding) // before the frame arrives, as the answer may come at once
			close(s.held.arrived)
		}
	}
	return s.ReadWriteCloser.Write(data)
}

// Read gives what the mock server says, once it may pass.
func (s *heldSocket) Read(into []byte) (int, error) {
	n, err := s.ReadWriteCloser.Read(into)
	select {
	case <-s.holding:
		select {
		case <-s.held.release:
		case <-s.held.gone:
		}
	default:
	}
	return n, err
}

// Close ends both directions: the client has gone, or the hold is over.
func (s *heldSocket) Close() error {
	s.once.Do(func() { close(s.held.gone) })
	return s.ReadWriteCloser.Close()
}

// cutSocket is the mock server's side of a WebSocket that is cut.
type cutSocket struct {
	io.ReadWriteCloser
	text   []byte
	left   int
	frames frameReader
	cut    bool
}

// Read gives what the mock server says, up to the cut.
func (s *cutSocket) Read(into []byte) (int, error) {
	if s.cut {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.ReadWriteCloser.Read(into)
	for _, f := range s.frames.read(into[:n]) {
		if !bytes.Contains(f.payload, s.text) {
			continue
		}
		if s.left--; s.left == 0 {
			s.cut = true
			return f.end, nil
		}
	}
	return n, err
}

// textFrame is the opcode of a frame of text (RFC 6455).
const textFrame = 1

// wireFrame is a frame that has passed.
type wireFrame struct {
	opcode  byte
	payload []byte
	end     int // where it ends in the bytes that were read last
}

// frameReader finds the frames in bytes that come in any pieces. The parties of these tests neither fragment nor compress.
type frameReader struct{ buffered []byte }

func (r *frameReader) read(data []byte) []wireFrame {
	r.buffered = append(r.buffered, data...)
	var found []wireFrame
	for {
		f, length, ok := cutFrame(r.buffered)
		if !ok {
			return found
		}
		r.buffered = r.buffered[length:]
		f.end = len(data) - len(r.buffered)
		found = append(found, f)
	}
}

// cutFrame reads the frame that bytes begin with, if it is complete.
func cutFrame(data []byte) (f wireFrame, length int, ok bool) {
	const headLength, maskLength = 2, 4
	if len(data) < headLength {
		return f, 0, false
	}
	size, at, extended := uint64(data[1]&0x7f), headLength, map[byte]int{126: 2, 127: 8}[data[1]&0x7f]
	if extended > 0 {
		if len(data) < at+extended {
			return f, 0, false
		}
		var wide [8]byte
		copy(wide[8-extended:], data[at:at+extended])
		size, at = binary.BigEndian.Uint64(wide[:]), at+extended
	}
	var mask []byte
	if masked := data[1]&0x80 != 0; masked {
		if len(data) < at+maskLength {
			return f, 0, false
		}
		mask, at = data[at:at+maskLength], at+maskLength
	}
	if uint64(len(data)-at) < size {
		return f, 0, false
	}
	length = at + int(size)
	f = wireFrame{opcode: data[0] & 0x0f, payload: bytes.Clone(data[at:length])}
	for i := range mask {
		for j := i; j < len(f.payload); j += maskLength {
			f.payload[j] ^= mask[i]
		}
	}
	return f, length, true
}
