package faultmatrix_test

import (
	"os"
	"slices"
	"testing"
)

// everythingEnv lets every cell run; without it a selection does in which each kind meets each fault or each ending somewhere.
const everythingEnv = "AUTX_FAULT_MATRIX"

// combination is one cell of the matrix.
type combination struct {
	kind   kind
	fault  fault
	ending ending
	// usual tells that it is one of those that run in every test run.
	usual bool
}

// combinations are all cells that there are. A deposit can't be refused for want of credits.
func combinations() []combination {
	var out []combination
	for k, kind := range kinds() {
		for f, fault := range kind.faults() {
			if fault.sort == refused && !kind.refusable() {
				continue
			}
			for e, ending := range endings() {
				usual := e == (f+2*k)%len(endings()) && (f+k)%2 == 0
				if kind.talks() {
					usual = slices.Contains(usualConversations(), [2]string{fault.name, ending.name})
				}
				out = append(out, combination{kind: kind, fault: fault, ending: ending, usual: usual})
			}
		}
	}
	return out
}

// usualConversations are the faults and endings of the conversations that every test run has: one for each part of a conversation that ends.
func usualConversations() [][2]string {
	return [][2]string{
		{"opening: answer lost after commit", "SIGKILL of the CLI, new apply at once"},
		{"opening: error 500 after commit", "apply again"},
		{"message 1: nothing wrong", "SIGINT once"},
		{"message 2: cut between chunks", "SIGKILL of the provider"},
		{"message 2: closed elsewhere in mid-stream", "apply again"},
	}
}

// TestAccFaultMatrix lets each purchase meet each fault, and end in each way. In the end there is one charge, or none where it was refused.
func TestAccFaultMatrix(t *testing.T) {
	t.Parallel()
	everything := os.Getenv(everythingEnv) != ""
	results := &table{}
	t.Cleanup(func() {
		t.Logf("\n%s", results)
		if everything {
			results.write(t)
		}
	})
	for _, c := range combinations() {
		if !everything && !c.usual {
			continue
		}
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() { results.failed(t.Failed()) })
			got := newCell(t, c).run()
			if want := c.expected(); got != want {
				t.Errorf("it came to %+v, want %+v", got, want)
			}
			results.add(c, got)
		})
	}
}

// TestSelection checks that the cells of every test run meet each fault of a request, each ending and each kind, and the conversations that they name.
func TestSelection(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	n, talks := 0, 0
	for _, c := range combinations() {
		switch {
		case c.usual && c.kind.talks():
			seen[c.kind.name], seen[c.ending.name] = true, true
			talks++
		case c.usual:
			seen[c.kind.name], seen[c.fault.name], seen[c.ending.name] = true, true, true
			n++
		}
	}
	want := len(kinds()) + len(faults()) + len(endings())
	if len(seen) != want || n < 20 || n > 30 || talks != len(usualConversations()) {
		t.Errorf("%d cells and %d conversations meet %d of %d kinds, faults and endings", n, talks, len(seen), want)
	}
}
