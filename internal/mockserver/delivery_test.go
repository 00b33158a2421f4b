package mockserver_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// raw opens a connection to a server, without an HTTP client in between.
func raw(t *testing.T, s *mockserver.Server) net.Conn {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/api/v1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestARequestThatIsCutOffIsNotCarriedOut sends less of the body than the headers promise.
func TestARequestThatIsCutOffIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	s, _, _ := newShop(t)
	body := `{"agent_id":"` + idSumm + `","prompt":"x"}`
	for cut := range len(body) {
		s.ClearRequests()
		conn := raw(t, s)
		head := "POST /api/v1/orders/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer autx_live_buyer\r\nContent-Length: %d\r\n\r\n%s"
		if _, err := fmt.Fprintf(conn, head, len(body), body[:cut]); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		<-s.Await("orders.create", 1)
		if got := last(t, s); got.Status != 0 || got.Committed || got.User != "buyer" {
			t.Errorf("cut after %d bytes: %+v", cut, got)
		}
	}
	wantFunds(t, s, "buyer", "100", "0")
}

func TestABodyThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s, buyer, _ := newShop(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/proxy/FREE", io.LimitReader(zeros{}, 65<<20))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+buyer.key)
	resp, err := buyer.http.Do(req)
	if err == nil { // else the server closed before it had read everything
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", resp.StatusCode)
		}
	}
	<-s.Await("proxy.call", 1)
	if got := last(t, s); got.Status != http.StatusRequestEntityTooLarge || got.Committed {
		t.Errorf("%+v", got)
	}
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestContentLengths holds because a client must be able to see that a body was cut.
func TestContentLengths(t *testing.T) {
	t.Parallel()
	_, buyer, seller := newShop(t)
	for _, got := range []reply{
		buyer.get("/agents/"), buyer.get("/agents/nope"), buyer.post("/proxy/FREE", `{"prompt":"é"}`), buyer.post("/orders/", `{}`), buyer.get("/nowhere"),
		seller.delete("/agents/" + idSumm),
	} {
		length := got.header.Get("Content-Length")
		if want := strconv.Itoa(len(got.body)); length != want && (got.status != http.StatusNoContent || length != "") {
			t.Errorf("%d: Content-Length %q; %s bytes came", got.status, length, want)
		}
	}
}
