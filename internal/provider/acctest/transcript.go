package acctest

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for something that has to happen.
const patience = time.Minute

// transcript is what a running command has written so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	grew chan struct{}
}

func newTranscript() *transcript { return &transcript{grew: make(chan struct{})} }

// Write implements io.Writer.
func (s *transcript) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.grew)
	s.grew = make(chan struct{})
	return s.text.Write(data)
}

// String is all that was written.
func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until the text was written, false when that does not happen in time.
func (s *transcript) await(text string, limit time.Duration) bool {
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		s.mu.Lock()
		found, grew := strings.Contains(s.text.String(), text), s.grew
		s.mu.Unlock()
		if found {
			return true
		}
		select {
		case <-grew:
		case <-late.C:
			return false
		}
	}
}

// Eventually waits for a condition that nothing announces, such as a line in a log file. It fails the test when that does not hold within a minute.
func Eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	const pollEvery = 10 * time.Millisecond
	late, again := time.NewTimer(patience), time.NewTicker(pollEvery)
	defer late.Stop()
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-late.C:
			t.Fatalf("within %s it did not happen that %s", patience, what)
		}
	}
}
