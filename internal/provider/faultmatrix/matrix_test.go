package faultmatrix_test

import (
	"os"
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
		for f, fault := range faults() {
			if fault.sort == refused && !kind.refusable() {
				continue
			}
			for e, ending := range endings() {
				out = append(out, combination{kind: kind, fault: fault, ending: ending, usual: e == (f+2*k)%len(endings()) && (f+k)%2 == 0})
			}
		}
	}
	return out
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

// TestSelection checks that the cells of every test run meet each fault, each ending and each kind.
func TestSelection(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	n := 0
	for _, c := range combinations() {
		if c.usual {
			seen[c.kind.name], seen[c.fault.name], seen[c.ending.name] = true, true, true
			n++
		}
	}
	want := len(kinds()) + len(faults()) + len(endings())
	if len(seen) != want || n < 20 || n > 30 {
		t.Errorf("%d cells meet %d of %d kinds, faults and endings", n, len(seen), want)
	}
}
