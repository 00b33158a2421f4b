package mockserver

// TB is the part of testing.TB that New needs; *testing.T is one.
type TB interface {
	// Helper marks the caller as a helper.
	Helper()
	// Cleanup runs a function when the test is over.
	Cleanup(f func())
	// Errorf fails the test.
	Errorf(format string, args ...any)
	// Fatalf fails and ends the test.
	Fatalf(format string, args ...any)
	// Logf notes something.
	Logf(format string, args ...any)
}

// New starts a server for a test, on a free loopback port. When the test is over the server is closed, and the test fails if an invariant broke or
// a rule never struck.
func New(t TB, opts ...Option) *Server {
	t.Helper()
	s, err := Start(opts...)
	if err != nil {
		t.Fatalf("mockserver: %v", err)
	}
	s.fatal = t.Fatalf
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("mockserver: close: %v", err)
		}
		if err := s.CheckInvariants(); err != nil {
			t.Errorf("mockserver: %v", err)
		}
		for _, rule := range s.UnfiredFaults() {
			t.Errorf("mockserver: the rule %s never struck", rule)
		}
	})
	return s
}
