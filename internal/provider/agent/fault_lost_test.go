package agent_test

import (
	"os"
	"path/filepath"
	"testing"
)

func (s *scene) loseState() {
	s.t.Helper()
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.RemoveAll(filepath.Join(s.Dir, name)); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *scene) loseJournal() {
	s.t.Helper()
	journal := filepath.Join(s.Dir, ".terraform", "autx")
	if _, err := os.Stat(journal); err != nil {
		s.t.Fatalf("there is no journal to lose: %v", err)
	}
	if err := os.RemoveAll(journal); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) loseStateAndJournal() {
	s.t.Helper()
	s.loseState()
	s.loseJournal()
}

// TestAccLostState loses the state but keeps the journal. A launch that no state was ever seen to have is taken over; one that a plan has seen in a state
// may still be in another copy of it, so it is refused with an import block.
func TestAccLostState(t *testing.T) {
	t.Parallel()
	t.Run("right after the launch", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.configure(agentBlock("a", "ONE"))
		s.MustApply()
		s.loseState()
		s.mustSay(s.MustApply(), "Warning: Earlier purchase taken over", "charges nothing")
		s.mustHaveSent("agents.create", 1)
		s.mustBeWhole("autx_agent.a", "ONE")
	})
	t.Run("after a plan had read it", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.configure(agentBlock("a", "ONE"))
		s.MustApply()
		s.MustBeEmpty()
		s.loseState()
		result := s.Apply()
		s.mustFail(result, "Error: Agent is already yours", "ticker \"ONE\" is already yours (id "+s.agent("ONE").ID+")", "moved block", "untaint", "import {")
		s.mustHaveSent("agents.create", 1)
		s.mustHaveStored(nil)
		s.Write("import.tf", importBlockIn(t, result, "autx_agent.a"))
		s.MustApply()
		s.Remove("import.tf")
		s.mustBeWhole("autx_agent.a", "ONE")
	})
}

// TestAccLostJournal loses the journal but keeps the state: a plan teaches the journal anew, and a taint is refused as ever.
func TestAccLostJournal(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.configure(agentBlock("a", "ONE"))
	s.MustApply()
	s.loseJournal()
	s.mustBeWhole("autx_agent.a", "ONE")
	s.loseJournal()
	s.MustRun("taint", "autx_agent.a")
	s.mustFail(s.Apply(), "Error: Would be given up and bought again", "untaint")
	s.MustRun("untaint", "autx_agent.a")
	s.mustBeWhole("autx_agent.a", "ONE")
	s.mustHaveSent("agents.create", 1)
}
