package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
)

// service is a mock server that counts connections.
type service struct {
	mock        *mockserver.Server
	url         string
	front       *http.Server
	connections atomic.Int64
}

func startService(latency time.Duration, perSecond float64) (*service, error) {
	mock, err := mockserver.Start(mockserver.WithSeedJSON(world), mockserver.WithLatency(latency), mockserver.WithRateLimit(perSecond))
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, mock.Close())
	}
	s := &service{mock: mock, url: "http://" + listener.Addr().String() + "/api/v1"}
	s.front = &http.Server{Handler: mock.Handler(), ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}}
	go func() { _ = s.front.Serve(listener) }() // ends with the front
	return s, nil
}

// begin forgets what was counted.
func (s *service) begin() {
	s.mock.ClearRequests()
	s.connections.Store(0)
}

// traffic is what was asked since begin.
func (s *service) traffic() sample {
	seen := sample{Requests: map[string]int{}, Connections: int(s.connections.Load())}
	for _, r := range s.mock.Requests() {
		if r.Status == http.StatusTooManyRequests {
			seen.Refused++
			continue
		}
		seen.Requests[r.Operation]++
		if r.Method != http.MethodGet {
			seen.Writes++
		}
	}
	return seen
}

// close ends the service, and tells if an invariant of its ledger broke.
func (s *service) close() error {
	return errors.Join(s.front.Close(), s.mock.CheckInvariants(), s.mock.Close())
}
