package agent_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// The secrets of these tests hold characters that encodings change.
const (
	secretAPIKey      = `autx_live_S3cr3t/Ap1+K3y=&%"<~>`
	secretProviderKey = `sk-Pr0v1d3r/S3cr3t+K3y=&%"<~>`
	newProviderKey    = `sk-An0th3r/S3cr3t+K3y=&%"<~>`
)

// spellings are the forms in which a secret could get out.
func spellings(secrets ...string) map[string]string {
	out := map[string]string{}
	for _, secret := range secrets {
		quoted, err := json.Marshal(secret)
		if err != nil {
			panic(err)
		}
		forms := map[string]string{
			"as it is": secret, "JSON": strings.Trim(string(quoted), `"`), "Go": strings.Trim(strconv.Quote(secret), `"`),
			"URL query": url.QueryEscape(secret), "URL path": url.PathEscape(secret), "HTML": html.EscapeString(secret), "hex": hex.EncodeToString([]byte(secret)),
			// Escaped quotes only, as in HCL.
			"HCL": strings.ReplaceAll(secret, `"`, `\"`),
		}
		// Within other text, base64 has one of three alignments, and its ends depend on the neighbours.
		for offset := range 3 {
			for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
				encoded := encoding.EncodeToString(append(make([]byte, offset), secret...))
				skip := []int{0, 2, 3}[offset]
				forms[fmt.Sprintf("%s at %d", name, offset)] = encoded[skip : len(encoded)-2]
			}
		}
		for name, form := range forms {
			out[form] = fmt.Sprintf("%.12s… (%s)", secret, name)
		}
	}
	return out
}

// leaks finds secrets in what somebody may read.
func leaks(t *testing.T, where string, data []byte, forms map[string]string) {
	t.Helper()
	for form, name := range forms {
		if at := bytes.Index(data, []byte(form)); at >= 0 {
			t.Errorf("%s holds %s: …%q…", where, name, data[max(0, at-120):min(len(data), at+len(form)+40)])
		}
	}
}

// searchFiles looks for secrets in every file below a directory; plan files are looked into as well. It tells what it has read.
func searchFiles(t *testing.T, dir string, forms map[string]string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasSuffix(name, ".tf") {
			return err // the configuration holds no secret but is not what is looked for
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		files = append(files, relative)
		leaks(t, relative, data, forms)
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil //nolint:nilerr // no plan file
		}
		for _, packed := range archive.File {
			content, err := packed.Open()
			if err != nil {
				return err
			}
			data, err := io.ReadAll(content)
			if err != nil {
				return err
			}
			files = append(files, relative+"!"+packed.Name)
			leaks(t, relative+"!"+packed.Name, data, forms)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func secretSeed() mockserver.Option {
	seed, err := json.Marshal(map[string]any{"users": []any{map[string]any{
		"id": "me", "balance_usd": "1000", "launches_left_free": 0, "keys": []any{map[string]any{"key": secretAPIKey}},
	}}})
	if err != nil {
		panic(err)
	}
	return mockserver.WithSeedJSON(string(seed))
}

// TestAccSecrets lets the CLI write all that it can, while AUTX echoes the keys back in every answer that it may: neither the API key nor a provider key
// is in any of it.
func TestAccSecrets(t *testing.T) {
	t.Parallel()
	s := newScene(t, secretSeed())
	logs := t.TempDir()
	s.Setenv("TF_LOG", "TRACE")
	s.Setenv("TF_VAR_provider_key", secretProviderKey)
	forms := spellings(secretAPIKey, secretProviderKey, newProviderKey)
	run := func(wantSuccess bool, args ...string) acctest.Result {
		t.Helper()
		s.Setenv("TF_LOG_PATH", filepath.Join(logs, fmt.Sprintf("%d-%s.log", len(try(os.ReadDir(logs))), args[0])))
		result := s.Run(args...)
		if wantSuccess != (result.Code == 0) {
			t.Errorf("%v ended with status %d:\n%s", args, result.Code, result.Raw)
		}
		leaks(t, fmt.Sprintf("the output of %v", args), []byte(result.Raw), forms)
		leaks(t, fmt.Sprintf("the folded output of %v", args), []byte(result.Output), forms)
		return result
	}
	configure := func(version int, more string) {
		s.configure("variable \"provider_key\" {\n  type = string\n  ephemeral = true\n  sensitive = true\n}\n", agentBlock("a", "ONE", fmt.Sprintf(
			"provider_key = {\n provider = \"openai\"\n value_wo = var.provider_key\n value_wo_version = %d\n }", version), more))
	}
	// AUTX can repeat what the request brought, and only that is known to the provider when it reads the answer.
	first, second, others := echoes(secretAPIKey, secretProviderKey), echoes(secretAPIKey, newProviderKey), echoes(secretAPIKey)
	fault := func(operation, phase string, status int, body string) {
		t.Helper()
		if _, err := s.server.AddFaultRule(mockserver.Rule{Operation: operation, Phase: phase, Action: "status", Status: status, Body: mockserver.BodyText(body)}); err != nil {
			t.Fatal(err)
		}
	}

	// A launch that is refused in each shape of an error, then one that goes through with an answer that echoes.
	configure(1, "")
	for _, body := range first {
		fault("agents.create", "before", http.StatusUnprocessableEntity, body)
		run(false, "apply", "-auto-approve", "-no-color")
	}
	run(true, "plan", "-no-color", "-out=create.bin")
	run(true, "show", "-json", "create.bin")
	fault("agents.create", "after", http.StatusBadGateway, first[0])
	run(true, "apply", "-no-color", "create.bin")
	s.mustHaveCharged("$20.00")
	if got := s.agent("ONE").ProviderKeySHA256; got != digestOf(secretProviderKey) {
		t.Fatal("AUTX did not get the provider key, so there was nothing to leak")
	}

	// Another key, refused and then taken.
	s.Setenv("TF_VAR_provider_key", newProviderKey)
	configure(2, `description = "changed"`)
	for _, operation := range []string{"agents.update", "agents.set_provider_key"} { // in the order in which they are sent
		bodies := map[string][]string{"agents.update": others, "agents.set_provider_key": second}[operation]
		fault(operation, "before", http.StatusBadRequest, bodies[1])
		run(false, "apply", "-auto-approve", "-no-color")
		fault(operation, "after", http.StatusOK, "{ "+bodies[0])
		run(false, "apply", "-auto-approve", "-no-color") // an answer that can't be read
	}
	run(true, "apply", "-auto-approve", "-no-color", "-json")
	if got := s.agent("ONE").ProviderKeySHA256; got != digestOf(newProviderKey) {
		t.Fatal("AUTX did not get the new provider key")
	}
	run(true, "plan", "-no-color", "-detailed-exitcode")
	run(true, "show", "-json")
	run(true, "show", "-no-color")

	fault("agents.get", "before", http.StatusForbidden, others[2])
	run(false, "plan", "-no-color")
	fault("agents.delete", "before", http.StatusForbidden, others[3])
	run(false, "destroy", "-auto-approve", "-no-color")
	run(true, "destroy", "-auto-approve", "-no-color")
	s.mustHaveAgents()

	files := searchFiles(t, s.Dir, forms)
	files = append(files, searchFiles(t, logs, forms)...)
	for _, wanted := range []string{"terraform.tfstate", "terraform.tfstate.backup", "create.bin", "create.bin!tfplan", "create.bin!tfstate"} {
		if !slices.Contains(files, wanted) {
			t.Errorf("%s was not searched; searched were %v", wanted, files)
		}
	}
	for _, part := range []string{filepath.Join("autx", "records"), filepath.Join("autx", "runs"), "-apply.log", "-destroy.log", "-plan.log"} {
		if !slices.ContainsFunc(files, func(name string) bool { return strings.Contains(name, part) }) {
			t.Errorf("nothing like %s was searched; searched were %v", part, files)
		}
	}
	// The logs must be the real ones: they name the requests whose bodies held the keys.
	all := string(bytes.Join(readAll(t, logs), nil))
	for _, wanted := range []string{"AUTX request and answer", "/agents/", "request_body", "provider_api_key", "[redacted]"} {
		if !strings.Contains(all, wanted) {
			t.Errorf("the logs don't show %q, so nothing is proved by what they don't show", wanted)
		}
	}
	t.Logf("searched %d files in %d spellings of 3 secrets, %d bytes of logs", len(files), len(forms), len(all))
}

// echoes are bodies of errors that repeat secrets: as text, within JSON, as fields that are invalid, in a page, and encoded.
func echoes(secrets ...string) []string {
	all := strings.Join(secrets, " and ")
	var encoded []string
	for _, secret := range secrets {
		encoded = append(encoded, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), hex.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("Bearer "+secret)))
	}
	object := func(detail any) string {
		data, err := json.Marshal(map[string]any{"detail": detail})
		if err != nil {
			panic(err)
		}
		return string(data)
	}
	return []string{
		object("these are not right: " + all),
		"these are not right: " + all,
		object([]any{map[string]any{"loc": []any{"body", "provider_api_key"}, "msg": "not right: " + all, "type": "value_error"}, map[string]any{
			"loc": []any{"body", secrets[0]}, "msg": "not right", "type": all,
		}}),
		object("these are not right: " + strings.Join(encoded, " ")),
		"<html><head><title>" + html.EscapeString(all) + "</title></head></html>",
	}
}

func try[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func readAll(t *testing.T, dir string) [][]byte {
	t.Helper()
	var out [][]byte
	for _, entry := range try(os.ReadDir(dir)) {
		out = append(out, try(os.ReadFile(filepath.Join(dir, entry.Name()))))
	}
	return out
}

// TestAccSecretsInACrash kills the provider while it sends the keys, so that it dumps what it was doing, and searches all that the CLI shows and writes.
func TestAccSecretsInACrash(t *testing.T) {
	t.Parallel()
	for name, traced := range map[string]string{"quiet": "", "traced": "TRACE"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, secretSeed())
			gate := s.gate()
			forms := spellings(secretAPIKey, secretProviderKey)
			s.Setenv("TF_VAR_provider_key", secretProviderKey)
			s.Setenv("GOTRACEBACK", "all")
			log := filepath.Join(t.TempDir(), "crash.log")
			s.Setenv("TF_LOG", traced)
			s.Setenv("TF_LOG_PATH", log)
			s.configure("variable \"provider_key\" {\n  type = string\n  ephemeral = true\n}\n",
				agentBlock("a", "ONE", "provider_key = {\n value_wo = var.provider_key\n value_wo_version = 1\n }"))
			process, held := s.holding(gate, true)
			process.SignalProviders(syscall.SIGABRT)
			result := process.Wait()
			held.Gone()
			if result.Code == 0 {
				t.Errorf("it did not fail:\n%s", result.Raw)
			}
			leaks(t, "the output", []byte(result.Raw), forms)
			if traced != "" { // without a log the CLI shows nothing of the dump
				data := try(os.ReadFile(log))
				leaks(t, "the log", data, forms)
				if !bytes.Contains(data, []byte("SIGABRT")) || !bytes.Contains(data, []byte("goroutine ")) {
					t.Errorf("there is no dump, so nothing is proved:\n%s", data)
				}
			}
			searchFiles(t, s.Dir, forms)
			s.MustApply()
			s.mustBeWhole("autx_agent.a", "ONE")
		})
	}
}
