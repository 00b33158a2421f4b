package inventory_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/inventory"
)

// limited answers for agents, and refuses to list them: there is a limit for that alone.
type limited struct {
	mu          sync.Mutex
	gets, lists int
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	resp := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: req}
	id := path.Base(req.URL.Path)
	body := fmt.Sprintf(`{"id": %q}`, id)
	if id == "mine" {
		l.lists++
		resp.StatusCode, body = http.StatusTooManyRequests, `{"detail": "too many lists"}`
		resp.Header.Set("Retry-After", "30")
	} else {
		l.gets++
	}
	resp.Body = io.NopCloser(strings.NewReader(body))
	return resp, nil
}

// TestAListThatAloneIsLimited has the real client ask for a list that is refused for ever, while other requests are answered. Readers without a deadline
// get what they want by GETs, and who wants the list is told why there is none.
func TestAListThatAloneIsLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &limited{}
		api, err := client.New(client.Config{APIKey: client.KeyPrefix + "x", MaxRetries: client.DefaultMaxRetries, Transport: service})
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		var others, readers sync.WaitGroup
		others.Go(func() { // something else goes on all the time
			for {
				select {
				case <-over:
					return
				case <-time.After(100 * time.Millisecond): // of the bubble's time
				}
				if _, err := api.Agents.Get(t.Context(), "another"); err != nil {
					t.Error(err)
				}
			}
		})
		<-time.After(10 * time.Second)
		shelf := inventory.NewShelf(inventory.Source[*client.Agent]{
			Get:  api.Agents.Get,
			List: func(ctx context.Context) ([]*client.Agent, error) { return inventory.Pointers(api.Agents.Mine(ctx)) },
			ID:   func(a *client.Agent) string { return a.ID },
		})
		start := time.Now()
		for i := range 10 {
			readers.Go(func() {
				id := fmt.Sprint("id-", i)
				if agent, err := shelf.Get(t.Context(), id); err != nil || agent.ID != id {
					t.Errorf("%s: %v, %v", id, agent, err)
				}
			})
		}
		readers.Wait()
		const slowest = 10 * time.Second // between two requests, as the refusals slow everything down
		if took := time.Since(start); took > inventory.ListTime+12*slowest || service.lists < 2 {
			t.Errorf("the readers have waited for %s and %d lists", took, service.lists)
		}
		start = time.Now()
		_, err = shelf.All(t.Context())
		for _, says := range []string{"too many lists", "429"} {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("All: %v; want %q in it", err, says)
			}
		}
		if took := time.Since(start); took > inventory.ListTime {
			t.Errorf("who wants the list has waited for %s", took)
		}
		close(over)
		others.Wait()
	})
}
