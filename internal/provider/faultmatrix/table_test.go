package faultmatrix_test

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

const (
	// writeEnv lets the page of the documentation be written when every cell has run and passed.
	writeEnv = "AUTX_FAULT_MATRIX_WRITE"
	// page is the page's template.
	page = "../../../templates/guides/fault-matrix.md"
)

// header is what stands above the tables.
//
//go:embed header.md
var header string

// table collects what became of each cell.
type table struct {
	mu       sync.Mutex
	outcomes map[string]outcome
	broken   int
}

func (r *table) add(c combination, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcomes == nil {
		r.outcomes = map[string]outcome{}
	}
	r.outcomes[c.name()] = o
}

func (r *table) failed(failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if failed {
		r.broken++
	}
}

// String is the table as Markdown: for each kind the faults as rows and the endings as columns. A combination that has not run is empty.
func (r *table) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	for _, k := range kinds() {
		fmt.Fprintf(&out, "\n## %s (%s)\n\n| fault |", strings.ToUpper(k.name[:1])+k.name[1:], k.amount)
		for _, e := range endings() {
			fmt.Fprintf(&out, " %s |", e.name)
		}
		out.WriteString("\n|---|" + strings.Repeat("---|", len(endings())) + "\n")
		for _, f := range k.faults() {
			if f.sort == refused && !k.refusable() {
				continue
			}
			fmt.Fprintf(&out, "| %s |", f.name)
			for _, e := range endings() {
				text := ""
				if o, ran := r.outcomes[combination{kind: k, fault: f, ending: e}.name()]; ran {
					text = o.first + " → " + o.last + "; " + o.plan
				}
				fmt.Fprintf(&out, " %s |", text)
			}
			out.WriteString("\n")
		}
	}
	return out.String()
}

// write writes the page, not where a cell has failed.
func (r *table) write(t *testing.T) {
	t.Helper()
	if os.Getenv(writeEnv) == "" {
		return
	}
	if r.broken > 0 {
		t.Errorf("%d cells failed: the page is not written", r.broken)
		return
	}
	if err := os.WriteFile(page, []byte(header+r.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPage compares the page with what has to become of each cell, which the cells that run are held to.
func TestPage(t *testing.T) {
	t.Parallel()
	if os.Getenv(writeEnv) != "" {
		t.Skip("the page is being written")
	}
	want := &table{}
	for _, c := range combinations() {
		want.add(c, c.expected())
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != header+want.String() {
		t.Error("the page is not that of these combinations: run make test-faults, and commit the page")
	}
}
