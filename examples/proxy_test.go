package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAccExamplesEphemeralProxy takes a provider key from an agent's answer. It reaches AUTX, and is kept in no file.
func TestAccExamplesEphemeralProxy(t *testing.T) {
	t.Parallel()

	const (
		example = "ephemeral-resources/autx_proxy/ephemeral-resource.tf"
		secret  = "sk-example-0123456789"
		asked   = `prompt = "sk-example-0123456789"`
	)
	w := newWorkspace(t, nil, providerFile)
	// The prompt is an argument, which has to be known in a plan; here it would give the secret away.
	content := strings.Replace(read(t, example), asked, `prompt = join("-", ["sk", "example", "0123456789"])`, 1)
	if strings.Contains(content, secret) {
		t.Fatal("the example has another prompt by now")
	}
	w.write(t, "main.tf", content)
	out := w.apply(t)
	if w.attribute(t, "autx_agent.translator", "provider_key_configured") != true {
		t.Error("the key did not reach AUTX")
	}
	if w.requested(t, "proxy.call") == 0 {
		t.Error("no agent was asked")
	}
	if strings.Contains(out, secret) {
		t.Error("the answer is in the CLI's output")
	}
	err := filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(read(t, path), secret) {
			t.Errorf("the answer is in %s", path)
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range w.server.State().Transactions {
		if entry.Type == "consume" && entry.Amount.String() != "20" { // the launch
			t.Errorf("asking was charged %s", entry.Amount.USD())
		}
	}
	w.destroy(t)
}
