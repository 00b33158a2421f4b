package faultmatrix_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// block is the article as a resource.
func (a article) block() string {
	var out strings.Builder
	fmt.Fprintf(&out, "resource %q %q {\n", a.typeName, a.key)
	for _, name := range slices.Sorted(maps.Keys(a.config)) {
		fmt.Fprintf(&out, "  %s = %q\n", name, a.config[name])
	}
	return out.String() + "}\n\n"
}

// cliSequence is a sequence of runs of a real CLI, each with processes of its own that buy several articles at once.
type cliSequence struct {
	*acctest.CLI
	*account
	t    *testing.T
	gate *acctest.Gate
}

func newCLISequence(t *testing.T) *cliSequence {
	t.Helper()
	server := mockserver.New(t, mockserver.WithSeed(seed("1000")))
	s := &cliSequence{CLI: acctest.NewCLI(t, server), account: newAccount(server), t: t, gate: acctest.NewGate(t, server)}
	s.Setenv("AUTX_BASE_URL", s.gate.URL())
	return s
}

// configure writes a configuration and opens the hour in which a withdrawal may be made.
func (s *cliSequence) configure(articles []article) {
	s.t.Helper()
	var text strings.Builder
	text.WriteString("provider \"autx\" {\n  max_retries = 0\n  spending = { max_per_apply = \"100\", allow_deposits = true, allow_withdrawals = true }\n}\n\n")
	for _, a := range articles {
		s.applied[a.key] = a
		text.WriteString(a.block())
	}
	s.Write("main.tf", text.String())
	s.server.Advance(time.Hour + time.Second)
}

// run applies a configuration. The mishap strikes at the first request of the article's sort.
func (s *cliSequence) run(of turn) {
	s.t.Helper()
	s.configure(of.articles)
	var struck article
	if i := slices.IndexFunc(of.articles, func(a article) bool { return a.key == of.at }); i >= 0 {
		struck = of.articles[i]
	}
	if struck.key != "" && of.what.rule != "" {
		rule := s.server.AddFault(struck.operation + ":" + of.what.rule)
		defer rule.Remove()
	}
	if struck.key == "" || !of.what.dies {
		s.Apply()
		return
	}
	held := s.gate.HoldOutcome(http.MethodPost, struck.path)
	run := s.Start("apply", "-auto-approve", "-no-color")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run.Wait()
	}()
	select {
	case <-held.Reached():
		run.KillProviders()
		<-ended
		held.Release()
	case <-ended: // it was in state, or taken over, or the hour was over
	}
	s.gate.Clear()
}

// lose takes the state away.
func (s *cliSequence) lose() {
	s.t.Helper()
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.RemoveAll(s.Dir + "/" + name); err != nil {
			s.t.Fatal(err)
		}
	}
}

// stored are the ids in state, by key.
func (s *cliSequence) stored() map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, object := range s.Stored() {
		_, key, _ := strings.Cut(object.Address, ".")
		if object.Tainted || object.Deposed {
			s.t.Errorf("%s is tainted: %t, deposed: %t", key, object.Tainted, object.Deposed)
		}
		out[key] = object.Text("id")
	}
	return out
}

// mend applies everything that was ever applied until all is bought but what can't be told from another's, one withdrawal an hour.
func (s *cliSequence) mend() {
	s.t.Helper()
	all := slices.SortedFunc(maps.Values(s.applied), func(a, b article) int { return strings.Compare(a.key, b.key) })
	var last acctest.Result
	for range all {
		s.configure(all)
		if last = s.Apply(); last.Code == 0 || !strings.Contains(last.Output, "Too early for a withdrawal") {
			break
		}
	}
	ids := s.stored()
	for key := range s.applied {
		s.open[key] = ids[key] == ""
	}
	if last.Code != 0 && !strings.Contains(last.Output, "import {") {
		s.t.Errorf("not all can be bought, and nothing says why:\n%s", last.Raw)
	}
	s.mustHold(s.t, true)
	s.mustBeTheirs(s.t, ids)
	if last.Code == 0 {
		s.MustBeEmpty()
	}
}

// TestAccAnySequence is TestAnySequence with a real CLI, which buys several articles at once, and a few sequences only.
func TestAccAnySequence(t *testing.T) {
	t.Parallel()
	sequences := 2
	if os.Getenv(everythingEnv) != "" {
		sequences = 16
	}
	for number := range sequences {
		t.Run(strconv.Itoa(number), func(t *testing.T) {
			t.Parallel()
			s := newCLISequence(t)
			for _, of := range rapid.SliceOfN(turns(articles()), 3, 3).Example(number) {
				t.Logf("%s at %s of %d articles, state lost: %t", of.what.name, of.at, len(of.articles), of.loses)
				s.run(of)
				s.mustHold(t, false)
				if of.loses {
					s.lose()
				}
			}
			s.mend()
		})
	}
}
