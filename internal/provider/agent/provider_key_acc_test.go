package agent_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest"
)

// The provider keys of these tests.
const (
	firstSecret  = "sk-first-8f14e45fceea167a"
	secondSecret = "sk-second-c9f0f895fb98ab91"
	keyVariable  = "variable \"key\" {\n  type = string\n  sensitive = true\n  ephemeral = true\n}\n"
)

func keyBlock(provider string, version int) args {
	if provider != "" {
		provider = fmt.Sprintf("    provider = %q\n", provider)
	}
	return args{"auth_tier": `"buyer_key"`, "provider_key": fmt.Sprintf("{\n%s    value_wo = var.key\n    value_wo_version = %d\n  }", provider, version)}
}

// TestAccProviderKey sends a provider key at the launch, when its version changes, and when AUTX has lost it; it is kept nowhere.
func TestAccProviderKey(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	plain := cli.Env
	key := func(secret string) { cli.Env = append(append([]string{}, plain...), "TF_VAR_key="+secret) }
	stored := func() string { return must(t, server, "KEY").ProviderKeySHA256 }
	write := func(arguments ...args) { cli.Write("main.tf", keyVariable+agent("key", arguments...)) }

	key(firstSecret)
	write(keyBlock("openai", 1))
	cli.Settle(each("create", "key"))
	if sent := acctest.Sent(server); sent["agents.create"] != 1 || len(acctest.Writes(server)) != 1 {
		t.Errorf("the launch sent %v", sent)
	}
	if stored() != digest([]byte(firstSecret)) || *must(t, server, "KEY").Provider != "openai" {
		t.Errorf("the service has another key: %+v", must(t, server, "KEY"))
	}
	want := map[string]any{"provider": "openai", "value_wo": nil, "value_wo_version": 1.0}
	attributes := cli.Attributes(address("key"))
	if diff := cmp.Diff(want, attributes["provider_key"]); diff != "" || attributes["provider_key_configured"] != true {
		t.Errorf("state: configured %v, (-want +got):\n%s", attributes["provider_key_configured"], diff)
	}

	step := func(what string, writes []string, touches map[string][2]any) {
		t.Helper()
		server.ClearRequests()
		if touches == nil {
			cli.MustBeSettled()
			return
		}
		plan := cli.Look().MustDo(each("update", "key"))
		if diff := cmp.Diff(touches, changed(changeOf(t, cli.ShowPlan(), address("key")))); diff != "" {
			t.Errorf("%s: the plan's change (-want +got):\n%s", what, diff)
		}
		mustNotHold(t, cli, firstSecret, secondSecret)
		applied := cli.ApplyPlan().MustSucceed()
		if strings.Contains(plan.Raw+applied.Raw, firstSecret) || strings.Contains(plan.Raw+applied.Raw, secondSecret) {
			t.Errorf("%s: the output holds a secret", what)
		}
		cli.MustBeSettled()
		var sent []string
		for _, entry := range server.Requests() {
			if entry.Method != http.MethodGet {
				sent = append(sent, entry.Operation)
			}
		}
		if diff := cmp.Diff(writes, sent); diff != "" {
			t.Errorf("%s: what was sent (-want +got):\n%s", what, diff)
		}
	}
	key(secondSecret)
	step("another key under the same version is not seen", nil, nil)
	write(keyBlock("openai", 2))
	step("another version", []string{"agents.set_provider_key"}, map[string][2]any{
		"provider_key.value_wo_version": {1.0, 2.0}, "provider_key_configured": {true, unknown},
	})
	if stored() != digest([]byte(secondSecret)) {
		t.Error("the key was not sent")
	}
	write(keyBlock("anthropic", 2))
	step("another provider alone", []string{"agents.update"}, map[string][2]any{"provider_key.provider": {"openai", "anthropic"}})
	write(keyBlock("openai", 3))
	step("both", []string{"agents.update", "agents.set_provider_key"}, map[string][2]any{
		"provider_key.provider": {"anthropic", "openai"}, "provider_key.value_wo_version": {2.0, 3.0}, "provider_key_configured": {true, unknown},
	})
	write(keyBlock("", 3))
	step("no provider", []string{"agents.update"}, map[string][2]any{"provider_key.provider": {"openai", nil}})
	if p := must(t, server, "KEY").Provider; p != nil {
		t.Errorf("the provider is still %s", *p)
	}
	write(keyBlock("openai", 3))
	step("a provider again", []string{"agents.update"}, map[string][2]any{"provider_key.provider": {nil, "openai"}})

	// The service loses the key: a world with the same agent, but for the key.
	lost := world{}.seed()
	a := must(t, server, "KEY")
	lost.Agents = []mockserver.SeedAgent{{
		Owner: me, ID: a.ID, Ticker: "KEY", Name: a.Name, EndpointURL: a.EndpointURL, ServicePrice: &a.ServicePrice, AuthTier: "buyer_key", Provider: a.Provider,
	}}
	if err := server.PutSeed(lost); err != nil {
		t.Fatal(err)
	}
	step("the key is gone", []string{"agents.set_provider_key"}, map[string][2]any{"provider_key_configured": {false, unknown}})
	if stored() != digest([]byte(secondSecret)) {
		t.Error("the key was not sent again")
	}

	write(args{"auth_tier": `"buyer_key"`})
	cli.Look().MustDo(each("update", "key")).MustWarn("", "provider key stays at AUTX", "revoke it at the model provider", "jwt_default")
	server.ClearRequests()
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if len(acctest.Writes(server)) != 0 || !must(t, server, "KEY").ProviderKeyConfigured {
		t.Errorf("taking the block away sent %v", acctest.Writes(server))
	}
	write(keyBlock("openai", 3))
	step("the block again", []string{"agents.set_provider_key"}, map[string][2]any{
		"provider_key.provider": {nil, "openai"}, "provider_key.value_wo_version": {nil, 3.0}, "provider_key_configured": {true, unknown},
	})
	mustNotHold(t, cli, firstSecret, secondSecret)
}

// TestAccProviderNameChangedOutside changes the name of the model provider outside of Terraform.
func TestAccProviderNameChangedOutside(t *testing.T) {
	t.Parallel()
	server, cli := begin(t, world{})
	cli.Env = append(cli.Env, "TF_VAR_key="+firstSecret)
	cli.Write("main.tf", keyVariable+agent("key", keyBlock("openai", 1)))
	cli.Settle(each("create", "key"))
	patch(t, server, "KEY", `{"provider": "cohere"}`)
	cli.Look().MustDo(each("update", "key")).MustDrift(each("update", "key"))
	if diff := cmp.Diff(map[string][2]any{"provider_key.provider": {"cohere", "openai"}}, changed(changeOf(t, cli.ShowPlan(), address("key")))); diff != "" {
		t.Errorf("the plan's change (-want +got):\n%s", diff)
	}
	cli.ApplyPlan().MustSucceed()
	cli.MustBeSettled()
	if *must(t, server, "KEY").Provider != "openai" {
		t.Error("it was not mended")
	}
}

// mustNotHold fails the test if a file of the working directory, the parts of a plan file included, or the output of show holds a secret.
func mustNotHold(t *testing.T, cli *acctest.CLI, secrets ...string) {
	t.Helper()
	inspect := func(name string, content []byte) {
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret", name)
			}
		}
	}
	err := filepath.WalkDir(cli.Dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		inspect(path, content)
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil //nolint:nilerr // no archive
		}
		for _, file := range archive.File {
			part, err := file.Open()
			if err != nil {
				return err
			}
			content, err := io.ReadAll(part)
			if err != nil {
				return err
			}
			inspect(path+" "+file.Name, content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range [][]string{{"show", "-json"}, {"show", "-json", "plan.bin"}, {"show", "-no-color"}, {"show", "-no-color", "plan.bin"}} {
		inspect(fmt.Sprint(of), []byte(cli.MustRun(of...).Raw))
	}
}
