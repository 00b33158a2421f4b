package schemajson_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/autx-ai/terraform-provider-autx/internal/provider"
)

// offered is what the provider offers, by the word that guides use for its kind.
func offered(t *testing.T) map[string][]string {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(provider.New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	all, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}

	return map[string][]string{
		"resource":           slices.Collect(maps.Keys(all.ResourceSchemas)),
		"data source":        slices.Collect(maps.Keys(all.DataSourceSchemas)),
		"list resource":      slices.Collect(maps.Keys(all.ListResourceSchemas)),
		"ephemeral resource": slices.Collect(maps.Keys(all.EphemeralResourceSchemas)),
		"action":             slices.Collect(maps.Keys(all.ActionSchemas)),
	}
}

var (
	named = regexp.MustCompile("`(autx_[a-z_]+)[`.]")
	// ofKind is a kind with the names after it: "actions `a`, `b`", or two kinds of one name: "resource and data source `c`".
	ofKind = regexp.MustCompile("((?:ephemeral |list )?resource|data source|action)s?(?: and (data source|ephemeral resource))?" +
		"((?:(?:,| and|) `autx_[a-z_]+`)+)")
)

// TestGuidesNameWhatIsThere keeps guides from promising what the provider does not offer.
func TestGuidesNameWhatIsThere(t *testing.T) {
	t.Parallel()

	kinds := offered(t)
	every := slices.Concat(slices.Collect(maps.Values(kinds))...)
	guides, err := filepath.Glob("../../templates/guides/*")
	if err != nil || len(guides) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, guide := range append(guides, "../../README.md", "../../templates/index.md.tmpl") {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			// What is no name of the provider: a module of the Python package, and how an API key begins.
			if name := match[1]; !slices.Contains(every, name) && name != "autx_verify" && name != "autx_live_" {
				t.Errorf("%s: the provider has no %s", filepath.Base(guide), name)
			}
		}
	}
}

// TestGuideOfMethodsIsComplete holds the guide for those who know the SDK to the provider's schema, in both directions.
func TestGuideOfMethodsIsComplete(t *testing.T) {
	t.Parallel()

	kinds := offered(t)
	text, err := os.ReadFile("../../templates/guides/sdk.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][]string{}
	for _, match := range ofKind.FindAllStringSubmatch(string(text), -1) {
		names := named.FindAllStringSubmatch(match[3], -1)
		for _, kind := range []string{match[1], match[2]} {
			for _, name := range names {
				if kind == "" {
					continue
				}
				told[kind] = append(told[kind], name[1])
				if !slices.Contains(kinds[kind], name[1]) {
					t.Errorf("%q: the provider has no %s %s", strings.TrimSpace(match[0]), kind, name[1])
				}
			}
		}
	}
	for kind, names := range kinds {
		for _, name := range names {
			if !slices.Contains(told[kind], name) {
				t.Errorf("the guide does not tell what the %s %s is for", kind, name)
			}
		}
	}
}
