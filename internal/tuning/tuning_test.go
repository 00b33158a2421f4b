package tuning_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/tuning"
)

// TestNobodyReadsTheLogs: without a TF_LOG variable the plugin libraries are told to be quiet; with any of them they keep the levels that they were given.
func TestNobodyReadsTheLogs(t *testing.T) {
	libraries := []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_AUTX"}
	for _, asked := range []string{"", "TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_CORE", "TF_LOG_SDK_PROTO", "TF_LOG_PROVIDER_AUTX", "TF_LOG_PATH"} {
		t.Run(asked, func(t *testing.T) {
			for _, entry := range os.Environ() {
				if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "TF_LOG") {
					t.Setenv(name, "")
				}
			}
			for _, name := range libraries {
				t.Setenv(name, "") // so that it is as before after the test
			}
			if asked != "" {
				t.Setenv(asked, "warn")
			}
			t.Setenv("GOGC", "100")
			if err := tuning.Apply(); err != nil {
				t.Fatal(err)
			}
			for _, name := range libraries {
				want := "off"
				switch asked {
				case "":
				case name:
					want = "warn"
				default:
					want = ""
				}
				if got := os.Getenv(name); got != want {
					t.Errorf("with %s, %s is %q; want %q", asked, name, got, want)
				}
			}
		})
	}
}

// child is set in the process that TestTheLibrariesObey starts, as the libraries write to the standard error that a process begins with.
const child = "AUTX_TUNING_CHILD"

// TestTheLibrariesObey calls the provider as the plugin server does, in a process of its own, and looks for log lines on its standard error.
func TestTheLibrariesObey(t *testing.T) {
	t.Parallel()
	if os.Getenv(child) != "" {
		answerOneCall(t)
		return
	}
	for asked, lines := range map[string]bool{"": false, "TF_LOG=trace": true} {
		t.Run(asked, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheLibrariesObey$")
			for _, entry := range os.Environ() {
				if !strings.HasPrefix(entry, "TF_LOG") {
					cmd.Env = append(cmd.Env, entry)
				}
			}
			cmd.Env = append(cmd.Env, child+"=1", asked)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if out, err := cmd.Output(); err != nil {
				t.Fatalf("%v: %s%s", err, out, stderr.String())
			}
			if strings.Contains(stderr.String(), "tf_rpc") != lines {
				t.Errorf("on standard error: %q; want log lines: %t", stderr.String(), lines)
			}
		})
	}
}

func answerOneCall(t *testing.T) {
	t.Helper()
	if err := tuning.Apply(); err != nil {
		t.Fatal(err)
	}
	server, err := providerserver.NewProtocol6WithError(provider.New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tf6server.New("registry.terraform.io/autx-ai/autx", server).GetMetadata(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}
