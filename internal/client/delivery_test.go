package client_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// rawServer takes connections and leaves what happens on them to the test. It counts how often something of a POST came in.
type rawServer struct {
	net.Listener
	mu         sync.Mutex
	deliveries int
	conns      int
}

func rawListen(t *testing.T, handle func(s *rawServer, conn net.Conn, earlier int)) *rawServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{Listener: listener}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			earlier := s.conns
			s.conns++
			s.mu.Unlock()
			running.Go(func() {
				defer func() { _ = conn.Close() }()
				handle(s, conn, earlier)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return s
}

func (s *rawServer) url() string { return "http://" + s.Addr().String() + "/api/v1" }

func (s *rawServer) delivered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries++
}

func (s *rawServer) count() (deliveries, conns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliveries, s.conns
}

// readRequest reads one whole request; false when the connection ends first.
func readRequest(reader *bufio.Reader) (*http.Request, bool) {
	req, err := http.ReadRequest(reader)
	if err != nil {
		return nil, false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return req, err == nil
}

// reset ends a connection with a TCP reset.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// TestAnswerCutAtEveryByte ends the connection after each number of bytes of the answer to a purchase. It must have been delivered once, and be
// called a success or possibly carried out, never more.
func TestAnswerCutAtEveryByte(t *testing.T) {
	t.Parallel()
	const agent = `{"id": "` + agentID + `", "name": "S", "ticker": "SUMM"}`
	answers := map[string]string{
		"with a length": "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(agent)) + "\r\n\r\n" + agent,
		"chunked": "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(agent), agent),
		"until it closes": "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n" + agent,
		"a wrong length":  "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(agent)+1) + "\r\n\r\n" + agent,
		"too short":       "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(agent)-1) + "\r\n\r\n" + agent,
	}
	for name, answer := range answers {
		for _, how := range []string{"close", "reset"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				for cut := 0; cut <= len(answer); cut++ {
					server := rawListen(t, func(s *rawServer, conn net.Conn, _ int) {
						if _, ok := readRequest(bufio.NewReader(conn)); !ok {
							return
						}
						s.delivered()
						_, _ = io.WriteString(conn, answer[:cut])
						if how == "reset" {
							reset(conn)
						}
					})
					_, err := newClient(t, server.url(), retries(3)).Agents.Create(t.Context(), create())
					if deliveries, conns := server.count(); deliveries != 1 || conns != 1 {
						t.Fatalf("cut after %d bytes: %d deliveries on %d connections", cut, deliveries, conns)
					}
					if err == nil {
						whole := len(answer)
						if name == "chunked" {
							whole -= len("\r\n") // net/http wants no more than the last chunk's head
						}
						if cut < whole || name == "a wrong length" || name == "too short" {
							t.Errorf("cut after %d of %d bytes: taken for complete", cut, len(answer))
						}
						continue
					}
					if e := mustFail(t, err); e.Outcome != client.Unknown || e.Attempts != 1 {
						t.Errorf("cut after %d bytes: outcome %s after %d attempts: %v", cut, e.Outcome, e.Attempts, e)
					}
					if cut == len(answer) && how == "close" && name != "a wrong length" && name != "too short" {
						t.Errorf("the whole answer is reported as %v", err)
					}
				}
			})
		}
	}
}

// TestRefusalCutShort cuts the body of a refusal: the status says enough.
func TestRefusalCutShort(t *testing.T) {
	t.Parallel()
	server := rawListen(t, func(s *rawServer, conn net.Conn, _ int) {
		if _, ok := readRequest(bufio.NewReader(conn)); ok {
			s.delivered()
			_, _ = io.WriteString(conn, "HTTP/1.1 402 Payment Required\r\nContent-Length: 1000\r\n\r\ntoo lit")
		}
	})
	_, err := newClient(t, server.url(), retries(3)).Agents.Create(t.Context(), create())
	if e := mustFail(t, err); e.Outcome != client.Refused || e.Status != 402 || e.Message != "too lit" {
		t.Errorf("outcome %s, status %d, message %q", e.Outcome, e.Status, e.Message)
	}
}

// requestLength is how many bytes a purchase is on the wire.
func requestLength(t *testing.T, what client.AgentCreate) int64 {
	t.Helper()
	length := make(chan int64, 1)
	server := rawListen(t, func(_ *rawServer, conn net.Conn, _ int) {
		var all bytes.Buffer
		if _, ok := readRequest(bufio.NewReader(io.TeeReader(conn, &all))); ok {
			length <- int64(all.Len())
		}
	})
	_, err := newClient(t, server.url()).Agents.Create(t.Context(), what)
	_ = mustFail(t, err)
	return <-length
}

// TestRequestCutAtManyBytes lets the server go away after each of many numbers of bytes of a purchase, the last being all of it.
func TestRequestCutAtManyBytes(t *testing.T) {
	t.Parallel()
	big := create()
	big.Description = client.Of(strings.Repeat("x", 8<<20)) // larger than the socket buffers, so that writing it fails midway
	for name, what := range map[string]client.AgentCreate{"small": create(), "big": big} {
		for _, how := range []string{"close", "reset"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				length := requestLength(t, what)
				for cut := int64(1); ; cut = min(cut+max(11, length/8), length) {
					server := rawListen(t, func(s *rawServer, conn net.Conn, _ int) {
						if n, _ := io.CopyN(io.Discard, conn, cut); n > 0 {
							s.delivered()
						}
						if how == "reset" {
							reset(conn)
						}
					})
					_, err := newClient(t, server.url(), retries(3)).Agents.Create(t.Context(), what)
					e := mustFail(t, err)
					if deliveries, conns := server.count(); deliveries != 1 || conns != 1 {
						t.Fatalf("cut after %d bytes: %d deliveries on %d connections", cut, deliveries, conns)
					}
					if e.Outcome != client.Unknown || e.Attempts != 1 || e.Status != 0 {
						t.Errorf("cut after %d bytes: outcome %s, %d attempts: %v", cut, e.Outcome, e.Attempts, e)
					}
					if cut == length {
						break
					}
				}
			})
		}
	}
}

// TestKeptConnectionDies reads once, so that a connection is kept, and lets the server end it as soon as something comes in on it again. Neither we
// nor net/http may deliver a purchase twice, with the client's own transport or with one that keeps connections.
func TestKeptConnectionDies(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*client.Config){
		"own transport": func(*client.Config) {},
		"kept": func(c *client.Config) {
			if standard, ok := http.DefaultTransport.(*http.Transport); ok {
				c.Transport = standard.Clone()
			}
		},
	} {
		for _, method := range []string{"create", "reserve", "activate"} {
			for _, how := range []string{"close", "reset", "half an answer"} {
				t.Run(name+"/"+method+"/"+how, func(t *testing.T) {
					t.Parallel()
					server := rawListen(t, func(s *rawServer, conn net.Conn, _ int) {
						reader := bufio.NewReader(conn)
						for {
							if _, err := reader.Peek(1); err != nil {
								return
							}
							req, ok := readRequest(reader)
							if !ok {
								return
							}
							if req.Method == http.MethodPost {
								s.delivered()
								switch how {
								case "reset":
									reset(conn)
								case "half an answer":
									_, _ = io.WriteString(conn, "HTTP/1.1 20")
								}
								return
							}
							_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(fullAgent))+"\r\n\r\n"+fullAgent)
						}
					})
					c := newClient(t, server.url(), retries(3), change)
					if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
						t.Fatal(err)
					}
					e := mustFail(t, oneOfEachKind()[method].call(t.Context(), c))
					deliveries, conns := server.count()
					if deliveries != 1 || e.Outcome != client.Unknown || e.Attempts != 1 {
						t.Errorf("%d deliveries, outcome %s after %d attempts: %v", deliveries, e.Outcome, e.Attempts, e)
					}
					if wantConns := map[string]int{"own transport": 2, "kept": 1}[name]; conns != wantConns {
						t.Errorf("%d connections; want %d", conns, wantConns)
					}
				})
			}
		}
	}
}

// TestPurchasesAvoidStaleConnections closes every kept connection at the server: a purchase must not be lost on one.
func TestPurchasesAvoidStaleConnections(t *testing.T) {
	t.Parallel()
	server := serveJSON(t, http.StatusOK, fullAgent)
	c := server.client(t)
	for range 5 {
		if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
		if err := oneOfEachKind()["create"].call(t.Context(), c); err != nil {
			t.Errorf("a purchase on a connection that had died: %v", err)
		}
	}
	if server.count() != 10 {
		t.Errorf("%d requests", server.count())
	}
}

// TestReadsReuseConnections has 10 workers read 20 times each: no more connections than workers.
func TestReadsReuseConnections(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, fullAgent) }))
	var mu sync.Mutex
	conns := 0
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			mu.Lock()
			defer mu.Unlock()
			conns++
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := newClient(t, server.URL)
	var workers sync.WaitGroup
	for range 10 {
		workers.Go(func() {
			for range 20 {
				if err := oneOfEachKind()["GET"].call(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
	mu.Lock()
	defer mu.Unlock()
	// A dial that was overtaken by a connection coming free is kept as well, so there may be a few spare ones.
	if conns > 20 {
		t.Errorf("200 reads by 10 workers opened %d connections", conns)
	}
	t.Logf("200 reads by 10 workers opened %d connections", conns)
}

// TestNobodyListens has no server at all: a purchase is tried again, since it surely never arrived.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	for _, method := range []string{"create", "GET"} {
		e := mustFail(t, oneOfEachKind()[method].call(t.Context(), newClient(t, "http://"+address, retries(1))))
		if e.Outcome != client.NotSent || e.Attempts != 2 || e.Status != 0 || !strings.Contains(e.Error(), address) {
			t.Errorf("%s: outcome %s, %d attempts: %v", method, e.Outcome, e.Attempts, e)
		}
	}
}

// TestTheHostComesBack refuses the first connections, as a service does that is being restarted.
func TestTheHostComesBack(t *testing.T) {
	t.Parallel()
	server := serveJSON(t, http.StatusCreated, fullAgent)
	var mu sync.Mutex
	dials := 0
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		dials++
		first := dials == 1
		mu.Unlock()
		if first {
			return nil, errDial
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	err := oneOfEachKind()["create"].call(t.Context(), server.client(t, retries(1), func(c *client.Config) { c.Transport = transport }))
	if err != nil || server.count() != 1 {
		t.Errorf("%d requests, %v", server.count(), err)
	}
}

// TestHandshakeFails ends connections during the TLS handshake: nothing of the request was sent.
func TestHandshakeFails(t *testing.T) {
	t.Parallel()
	server := rawListen(t, func(_ *rawServer, conn net.Conn, _ int) {
		_, _ = io.CopyN(io.Discard, conn, 10)
		reset(conn)
	})
	e := mustFail(t, oneOfEachKind()["create"].call(t.Context(), newClient(t, "https://"+server.Addr().String(), retries(1))))
	if _, conns := server.count(); conns != 2 || e.Outcome != client.NotSent {
		t.Errorf("%d connections, outcome %s: %v", conns, e.Outcome, e)
	}
}

// TestUntrustedCertificate is no passing failure.
func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, fullAgent) }))
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	t.Cleanup(server.Close)
	for _, method := range []string{"create", "GET"} {
		e := mustFail(t, oneOfEachKind()[method].call(t.Context(), newClient(t, server.URL, retries(3))))
		if e.Outcome != client.NotSent || e.Attempts != 1 || !strings.Contains(e.Error(), "certificate") {
			t.Errorf("%s: outcome %s, %d attempts: %v", method, e.Outcome, e.Attempts, e)
		}
	}
}

// TestPlainHTTPBehindHTTPS is no passing failure either.
func TestPlainHTTPBehindHTTPS(t *testing.T) {
	t.Parallel()
	server := serveJSON(t, 200, fullAgent)
	server.Config.ErrorLog = quiet()
	e := mustFail(t, oneOfEachKind()["create"].call(t.Context(), newClient(t, "https"+strings.TrimPrefix(server.URL, "http"), retries(3))))
	if e.Outcome != client.NotSent || e.Attempts != 1 {
		t.Errorf("outcome %s, %d attempts: %v", e.Outcome, e.Attempts, e)
	}
}

// TestCancelledPurchaseOnTheWire ends the context when the server has read a purchase.
func TestCancelledPurchaseOnTheWire(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	server := rawListen(t, func(s *rawServer, conn net.Conn, _ int) {
		if _, ok := readRequest(bufio.NewReader(conn)); ok {
			s.delivered()
			cancel()
			<-released
		}
	})
	start := time.Now()
	e := mustFail(t, oneOfEachKind()["create"].call(ctx, newClient(t, server.url(), retries(3))))
	close(released)
	if deliveries, _ := server.count(); deliveries != 1 || e.Outcome != client.Unknown || time.Since(start) > 5*time.Second {
		t.Errorf("%d deliveries, outcome %s after %s", deliveries, e.Outcome, time.Since(start))
	}
}

// TestGarbageInsteadOfHTTP is an answer nobody can read.
func TestGarbageInsteadOfHTTP(t *testing.T) {
	t.Parallel()
	server := rawListen(t, func(s *rawServer, conn net.Conn, _ int) {
		if _, ok := readRequest(bufio.NewReader(conn)); ok {
			s.delivered()
			_, _ = conn.Write(bytes.Repeat([]byte("\x00\xff"), 100))
		}
	})
	e := mustFail(t, oneOfEachKind()["create"].call(t.Context(), newClient(t, server.url(), retries(3))))
	if deliveries, _ := server.count(); deliveries != 1 || e.Outcome != client.Unknown || strings.ContainsRune(e.Error(), 0) {
		t.Errorf("%d deliveries, outcome %s: %q", deliveries, e.Outcome, e.Error())
	}
}

// TestEndlessHeader sends header lines for ever.
func TestEndlessHeader(t *testing.T) {
	t.Parallel()
	server := rawListen(t, func(_ *rawServer, conn net.Conn, _ int) {
		if _, ok := readRequest(bufio.NewReader(conn)); !ok {
			return
		}
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for i := 0; err == nil; i++ {
			_, err = fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1000))
		}
	})
	e := mustFail(t, oneOfEachKind()["create"].call(t.Context(), newClient(t, server.url(), retries(0))))
	if e.Outcome != client.Unknown {
		t.Errorf("outcome %s: %v", e.Outcome, e)
	}
}
