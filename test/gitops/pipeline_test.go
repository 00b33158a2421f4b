package gitops_test

import (
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

func pipeline(t *testing.T) (*actionlint.Workflow, string) {
	t.Helper()
	text := read(t, kit+"/pipeline/github-actions.yml")
	workflow, problems := actionlint.Parse([]byte(text))
	for _, problem := range problems {
		t.Error(problem)
	}
	if workflow == nil || workflow.Jobs["plan"] == nil || workflow.Jobs["apply"] == nil {
		t.Fatal("the pipeline lacks a job")
	}
	return workflow, text
}

// TestPipelineIsValid lints the pipeline as GitHub would read it.
func TestPipelineIsValid(t *testing.T) {
	t.Parallel()
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := linter.Lint("budget.yml", []byte(read(t, kit+"/pipeline/github-actions.yml")), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Error(problem)
	}
}

// TestPipelineActionsArePinned wants each action by its commit, with the version beside it for a reader.
func TestPipelineActionsArePinned(t *testing.T) {
	t.Parallel()
	_, text := pipeline(t)
	pinned := regexp.MustCompile(`^uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	count := 0
	for line := range strings.Lines(text) {
		if step := strings.TrimPrefix(strings.TrimSpace(line), "- "); strings.HasPrefix(step, "uses:") {
			count++
			if !pinned.MatchString(step) {
				t.Errorf("not pinned: %s", step)
			}
		}
	}
	if count == 0 {
		t.Error("no action is used")
	}
}

// TestPipelineEvents wants a plan also where nothing but a label has changed, as one may allow what was denied, and an apply for each merge to main.
func TestPipelineEvents(t *testing.T) {
	t.Parallel()
	workflow, _ := pipeline(t)
	got := map[string][]string{}
	for _, event := range workflow.On {
		hook, ok := event.(*actionlint.WebhookEvent)
		if !ok {
			t.Fatalf("the pipeline runs on %s", event.EventName())
		}
		for _, kind := range hook.Types {
			got[hook.EventName()] = append(got[hook.EventName()], kind.Value)
		}
		if hook.Branches != nil {
			for _, branch := range hook.Branches.Values {
				got[hook.EventName()] = append(got[hook.EventName()], branch.Value)
			}
		}
	}
	expectEqual(t, "the events", got, map[string][]string{
		"pull_request": {"opened", "synchronize", "reopened", "labeled", "unlabeled"}, "push": {"main"},
	})
}

// TestPipelinePermissions holds each job to the rights, the key and the mode that it is to have.
func TestPipelinePermissions(t *testing.T) {
	t.Parallel()
	workflow, _ := pipeline(t)
	if workflow.Permissions == nil || workflow.Permissions.All != nil || len(workflow.Permissions.Scopes) != 0 {
		t.Error("jobs get permissions that they do not ask for")
	}
	for name, want := range map[string]struct{ permissions, key, readOnly, environment string }{
		"plan":  {"contents: read", "${{ secrets.AUTX_API_KEY_PLAN }}", "true", ""},
		"apply": {"contents: read, pull-requests: read", "${{ secrets.AUTX_API_KEY_APPLY }}", "false", "autx-spending"},
	} {
		job := workflow.Jobs[name]
		var permissions []string
		for scope, permission := range job.Permissions.Scopes {
			permissions = append(permissions, scope+": "+permission.Value.Value)
		}
		slices.Sort(permissions)
		expectEqual(t, name+": permissions", strings.Join(permissions, ", "), want.permissions)
		expectEqual(t, name+": key", job.Env.Vars["autx_api_key"].Value.Value, want.key)
		expectEqual(t, name+": read_only", job.Env.Vars["tf_var_read_only"].Value.Value, want.readOnly)
		environment := ""
		if job.Environment != nil {
			environment = job.Environment.Name.Value
		}
		expectEqual(t, name+": environment", environment, want.environment)
	}
	apply := workflow.Jobs["apply"].Concurrency
	if apply == nil || strings.Contains(apply.Group.Value, "${{") || apply.CancelInProgress == nil || apply.CancelInProgress.Value {
		t.Error("applies of two merges may run at once, or cut each other off")
	}
}

// TestPipelineOrder holds the apply job to its order: the journal is there before the plan, the policy stands between plan and apply, what is applied
// is what was planned, and the journal is saved whatever happened.
func TestPipelineOrder(t *testing.T) {
	t.Parallel()
	workflow, _ := pipeline(t)
	const gate = "opa eval --fail-defined --format pretty --data policy --data labels.json --input plan.json 'data.spend.deny[message]'"
	journal := regexp.MustCompile(`variable "journal" \{[^}]*default\s+= "([^"]+)"`)
	directory := journal.FindStringSubmatch(read(t, filepath.Join(kit, "variables.tf")))
	if directory == nil {
		t.Fatal("the journal has no directory")
	}

	var steps, paths []string
	for _, step := range workflow.Jobs["apply"].Steps {
		switch exec := step.Exec.(type) {
		case *actionlint.ExecRun:
			steps = append(steps, exec.Run.Value)
		case *actionlint.ExecAction:
			action, _, _ := strings.Cut(exec.Uses.Value, "@")
			if path := exec.Inputs["path"]; path != nil {
				paths = append(paths, path.Value.Value)
			}
			if (strings.HasSuffix(action, "/save") || strings.HasSuffix(action, "upload-artifact")) && (step.If == nil || step.If.Value != "always()") {
				t.Errorf("%s does not run after a failure", action)
			}
			steps = append(steps, action)
		}
	}
	last := -1
	for _, want := range []string{
		"actions/checkout", "actions/cache/restore", "terraform init -lockfile=readonly", "terraform plan -no-color -out=plan", gate, "terraform apply -no-color plan",
		"actions/cache/save", "actions/upload-artifact",
	} {
		at := slices.Index(steps, want)
		if at <= last {
			t.Errorf("%q is missing or too early in %q", want, steps)
		}
		last = at
	}
	expectEqual(t, "the paths of the journal", paths, []string{directory[1], directory[1], directory[1]})

	planned := workflow.Jobs["plan"].Steps
	if run, ok := planned[len(planned)-1].Exec.(*actionlint.ExecRun); !ok || run.Run.Value != gate {
		t.Error("the policy is not what decides on a pull request")
	}
	for _, step := range planned {
		if run, ok := step.Exec.(*actionlint.ExecRun); ok && strings.Contains(run.Run.Value, "apply") {
			t.Errorf("a pull request applies: %s", run.Run.Value)
		}
	}
}
