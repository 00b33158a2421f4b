package client_test

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // the WebSocket handshake is made with it
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// The opcodes of WebSocket frames.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
	opFinal        = 0x80 // goes with the last frame of a message
)

const sessionFrame = `{"type":"session","session_id":"ses_1","agent_ticker":"CHAT","credits_reserved":"0.05"}`

// peer is the service's side of a WebSocket without a network, so that time in a synctest bubble stands still while nobody waits. It sends what a test
// tells it to, however wrong.
type peer struct {
	t     *testing.T
	conn  net.Conn
	said  chan string   // the client's texts; closed when nothing more comes
	left  chan struct{} // closed when the client has gone
	deaf  atomic.Bool   // answers neither pings nor the closing
	stuck atomic.Bool   // takes nothing more from the connection
	pongs chan []byte   // they wait for what is being sent
	lock  chan struct{} // held while a frame is written; a mutex would stop the time of a bubble
}

// peers answers upgrades with WebSockets.
type peers struct {
	t      *testing.T
	opened chan *peer
	seen   chan http.Header
	refuse func(req *http.Request, earlier int) *http.Response // nil for an upgrade
	dials  atomic.Int32
}

func newPeers(t *testing.T) *peers {
	t.Helper()
	const plenty = 100
	return &peers{t: t, opened: make(chan *peer, plenty), seen: make(chan http.Header, plenty)}
}

func (p *peers) RoundTrip(req *http.Request) (*http.Response, error) {
	earlier := int(p.dials.Add(1)) - 1
	p.seen <- req.Header.Clone()
	if p.refuse != nil {
		if resp := p.refuse(req, earlier); resp != nil {
			return resp, nil
		}
	}
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // as above
	here, there := net.Pipe()
	service := &peer{t: p.t, conn: there, said: make(chan string, 100), left: make(chan struct{}), pongs: make(chan []byte, 100), lock: make(chan struct{}, 1)}
	go service.read()
	go service.pong()
	p.t.Cleanup(func() { _ = there.Close() })
	p.opened <- service
	header := http.Header{}
	header.Set("Connection", "Upgrade")
	header.Set("Upgrade", "websocket")
	header.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	return &http.Response{
		StatusCode: http.StatusSwitchingProtocols, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Body: here, Request: req,
	}, nil
}

func (p *peers) client(change ...func(*client.Config)) *client.Client {
	p.t.Helper()
	use := func(c *client.Config) { c.Transport = p }
	return newClient(p.t, "https://autx.test/api/v1", append([]func(*client.Config){use}, change...)...)
}

// read takes the client's frames.
func (p *peer) read() {
	defer close(p.left)
	defer close(p.said)
	defer close(p.pongs)
	from := bufio.NewReader(gate{p})
	for {
		op, payload, err := readClientFrame(from)
		if err != nil {
			return
		}
		switch {
		case op == opText|opFinal:
			p.said <- string(payload)
		case op == opPing|opFinal && !p.deaf.Load():
			p.pongs <- payload
		case op == opClose|opFinal && !p.deaf.Load():
			p.frame(opClose|opFinal, payload)
		}
	}
}

func (p *peer) pong() {
	for payload := range p.pongs {
		p.frame(opPong|opFinal, payload)
	}
}

// gate is what the client sends, until the peer is stuck.
type gate struct{ *peer }

func (g gate) Read(into []byte) (int, error) {
	if g.stuck.Load() {
		<-g.t.Context().Done()
		return 0, io.EOF
	}
	return g.conn.Read(into)
}

// readClientFrame reads a frame, which a client must mask.
func readClientFrame(from *bufio.Reader) (op byte, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(from, head); err != nil {
		return 0, nil, err
	}
	if head[1]&0x80 == 0 {
		return 0, nil, fmt.Errorf("a frame that is not masked: %x", head)
	}
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		var wide uint16
		err = binary.Read(from, binary.BigEndian, &wide)
		size = uint64(wide)
	case 127:
		err = binary.Read(from, binary.BigEndian, &size)
	}
	if err != nil {
		return 0, nil, err
	}
	masked := make([]byte, 4+size)
	if _, err := io.ReadFull(from, masked); err != nil {
		return 0, nil, err
	}
	mask, payload := masked[:4], masked[4:]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0], payload, nil
}

// frame sends one frame; what the client no longer takes is lost.
func (p *peer) frame(op byte, payload []byte) {
	p.raw(append(frameHead(op, uint64(len(payload))), payload...))
}

// frameHead is the head of a frame of some size.
func frameHead(op byte, size uint64) []byte {
	switch {
	case size < 126:
		return []byte{op, byte(size)}
	case size < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{op, 126}, uint16(size))
	}
	return binary.BigEndian.AppendUint64([]byte{op, 127}, size)
}

func (p *peer) raw(data []byte) {
	p.lock <- struct{}{}
	defer func() { <-p.lock }()
	_, _ = p.conn.Write(data)
}

// send sends texts, one a frame.
func (p *peer) send(texts ...string) {
	for _, text := range texts {
		p.frame(opText|opFinal, []byte(text))
	}
}

// hear waits for the client's next text; it is empty when nothing more comes.
func (p *peer) hear() string { return <-p.said }

// pause lets time pass; false when the client has gone.
func (p *peer) pause(d time.Duration) bool {
	select {
	case <-p.left:
		return false
	case <-time.After(d):
		return true
	}
}

// close closes the WebSocket with a code and a reason.
func (p *peer) close(code uint16, reason string) {
	p.frame(opClose|opFinal, append(binary.BigEndian.AppendUint16(nil, code), reason...))
}

// cut ends the connection without a word.
func (p *peer) cut() { _ = p.conn.Close() }

// converse opens a conversation with a peer.
func (p *peers) converse(change ...func(*client.Config)) (*client.Conversation, *peer) {
	p.t.Helper()
	greeted := make(chan *peer, 1)
	go func() {
		service := <-p.opened
		service.hear()
		service.send(sessionFrame)
		greeted <- service
	}()
	conversation, err := p.client(change...).Sessions.Open(p.t.Context(), "CHAT")
	if err != nil {
		p.t.Fatal(err)
	}
	return conversation, <-greeted
}

// newTLSFront serves a handler over TLS, with HTTP/2 on offer.
func newTLSFront(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	front := httptest.NewUnstartedServer(handler)
	front.EnableHTTP2 = true
	front.StartTLS()
	t.Cleanup(front.Close)
	return front
}
