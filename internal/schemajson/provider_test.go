package schemajson_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/schemajson"
)

var update = flag.Bool("update", false, "rewrite the golden file of the provider's schema")

func init() { //nolint:gochecknoinits // TestMain needs it before any test runs.
	providers["autx"] = provider.New("test")
}

// A removed attribute, another type or a new requirement breaks users' configurations and states: the golden makes it visible in a review.
func TestProviderSchemaGolden(t *testing.T) {
	t.Parallel()

	var got bytes.Buffer
	if err := schemajson.Write(&got, "autx", autxSchema(t)); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "provider_schema.golden.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (make generate writes it)", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the schema has changed: if that is meant, run make generate and say in CHANGELOG.md what it means (-golden +now)\n%s", diff)
	}
}

// Descriptions are the documentation: a page has nothing else to say about an attribute.
func TestProviderSchemaIsDescribed(t *testing.T) {
	t.Parallel()

	schema := autxSchema(t)
	sentences := 0
	check := func(where, description string) {
		t.Helper()
		sentences++
		if complaint := notSentences(description); complaint != "" {
			t.Errorf("%s: the description %s: %q", where, complaint, description)
		}
	}

	blocks := map[string]*tfjson.SchemaBlock{"the provider": schema.ConfigSchema.Block}
	for kind, schemas := range map[string]map[string]*tfjson.Schema{
		"resource": schema.ResourceSchemas, "data source": schema.DataSourceSchemas,
		"ephemeral resource": schema.EphemeralResourceSchemas, "list resource": schema.ListResourceSchemas,
	} {
		for name, s := range schemas {
			blocks[kind+" "+name] = s.Block
		}
	}
	for name, s := range schema.ActionSchemas {
		blocks["action "+name] = s.Block
	}
	for where, block := range blocks {
		check(where, block.Description)
		for path, attribute := range attributesOf(block) {
			if path == "timeouts" {
				continue // It comes from a library, which describes only what is in it.
			}
			check(where+", "+path, attribute.Description)
			checkAttribute(t, where+", "+path, attribute)
		}
	}
	for name, identity := range schema.ResourceIdentitySchemas {
		for attribute, a := range identity.Attributes {
			check("identity of "+name+", "+attribute, a.Description)
		}
	}
	for name, function := range schema.Functions {
		check("function "+name, function.Summary)
		check("function "+name, function.Description)
		for _, parameter := range function.Parameters {
			check("function "+name+", "+parameter.Name, parameter.Description)
		}
	}
	if sentences < 50 {
		t.Errorf("only %d descriptions were looked at", sentences)
	}
}

// checkAttribute holds an attribute against the house rules for schemas.
func checkAttribute(t *testing.T, where string, attribute *tfjson.SchemaAttribute) {
	t.Helper()
	if attribute.DescriptionKind != tfjson.SchemaDescriptionKindMarkdown && !strings.Contains(where, "timeouts.") {
		t.Errorf("%s: the description is not Markdown, in which pages are written", where)
	}
	if attribute.WriteOnly && attribute.Sensitive {
		t.Errorf("%s is write-only and sensitive: the latter would hide the whole object in plans", where)
	}
	if attribute.WriteOnly && attribute.Computed {
		t.Errorf("%s is write-only and computed: a state would have to hold it", where)
	}
	if (attribute.Required || attribute.Optional) && !attribute.WriteOnly && !attribute.Sensitive && secretName.MatchString(where) {
		t.Errorf("%s looks like a secret: it must be sensitive or write-only", where)
	}
}

var secretName = regexp.MustCompile(`(api_key|secret|token|password)$`)

// Examples are what users copy, and the documentation generator reads them by these names.
func TestProviderSchemaHasExamples(t *testing.T) {
	t.Parallel()

	schema := autxSchema(t)
	importable := map[string]bool{}
	for _, construct := range provider.New("test")().Resources(t.Context()) {
		r := construct()
		var metadata resource.MetadataResponse
		r.Metadata(t.Context(), resource.MetadataRequest{ProviderTypeName: "autx"}, &metadata)
		_, importable[metadata.TypeName] = r.(resource.ResourceWithImportState)
	}

	var want []string
	for name := range schema.ResourceSchemas {
		want = append(want, filepath.Join("resources", name, "resource.tf"))
		if importable[name] {
			want = append(want, filepath.Join("resources", name, "import.sh"), filepath.Join("resources", name, "import-by-string-id.tf"))
		}
		if schema.ResourceIdentitySchemas[name] != nil {
			want = append(want, filepath.Join("resources", name, "import-by-identity.tf"))
		}
	}
	for name := range schema.DataSourceSchemas {
		want = append(want, filepath.Join("data-sources", name, "data-source.tf"))
	}
	for name := range schema.ListResourceSchemas {
		want = append(want, filepath.Join("list-resources", name, "list-resource.tfquery.hcl"))
	}
	for name := range schema.EphemeralResourceSchemas {
		want = append(want, filepath.Join("ephemeral-resources", name, "ephemeral-resource.tf"))
	}
	for name := range schema.ActionSchemas {
		want = append(want, filepath.Join("actions", name, "action.tf"))
	}
	for name := range schema.Functions {
		want = append(want, filepath.Join("functions", name, "function.tf"))
	}
	want = append(want, filepath.Join("provider", "provider.tf"))

	root := filepath.Join("..", "..", "examples")
	for _, file := range want {
		if content, err := os.ReadFile(filepath.Join(root, file)); err != nil || len(bytes.TrimSpace(content)) == 0 {
			t.Errorf("there is no example %s: %v", file, err)
		}
	}
	// And none is left of what is gone.
	directories, err := filepath.Glob(filepath.Join(root, "*s", "autx_*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, directory := range directories {
		kind, name := filepath.Base(filepath.Dir(directory)), filepath.Base(directory)
		if !slices.ContainsFunc(want, func(file string) bool {
			return strings.HasPrefix(file, filepath.Join(kind, name)+string(filepath.Separator))
		}) {
			t.Errorf("%s/%s is an example of something that the provider does not offer", kind, name)
		}
	}
}

// Identity and list resources are newer than some CLIs; that each listable resource has all three is what makes `terraform query` useful.
func TestProviderSchemaResourcesCanBeFound(t *testing.T) {
	t.Parallel()

	schema := autxSchema(t)
	for name := range schema.ListResourceSchemas {
		if schema.ResourceSchemas[name] == nil {
			t.Errorf("list resource %s lists no resource of the provider", name)
		}
		if schema.ResourceIdentitySchemas[name] == nil {
			t.Errorf("%s can be listed but has no identity", name)
		}
	}
	for name, identity := range schema.ResourceIdentitySchemas {
		for attribute := range identity.Attributes {
			if schema.ResourceSchemas[name].Block.Attributes[attribute] == nil {
				t.Errorf("the identity of %s has an attribute %s that the resource has not", name, attribute)
			}
		}
	}
}

func autxSchema(t *testing.T) *tfjson.ProviderSchema {
	t.Helper()
	schema, err := schemajson.FromProvider(t.Context(), provider.New("test")())
	if err != nil {
		t.Fatal(err)
	}

	return schema
}

// attributesOf returns all attributes of a block, nested ones included, by their path.
func attributesOf(block *tfjson.SchemaBlock) map[string]*tfjson.SchemaAttribute {
	found := map[string]*tfjson.SchemaAttribute{}
	var walk func(prefix string, attributes map[string]*tfjson.SchemaAttribute)
	walk = func(prefix string, attributes map[string]*tfjson.SchemaAttribute) {
		for name, attribute := range attributes {
			found[prefix+name] = attribute
			if attribute.AttributeNestedType != nil {
				walk(prefix+name+".", attribute.AttributeNestedType.Attributes)
			}
		}
	}
	walk("", block.Attributes)
	for name, nested := range block.NestedBlocks {
		for path, attribute := range attributesOf(nested.Block) {
			found[name+"."+path] = attribute
		}
	}

	return found
}

// notSentences says what keeps a text from being one or more whole sentences, or returns "".
func notSentences(text string) string {
	first := strings.TrimLeft(text, "`*[(\"'")
	switch {
	case strings.TrimSpace(text) == "":
		return "is missing"
	case text != strings.TrimSpace(text):
		return "has white space around it"
	case !strings.HasSuffix(strings.TrimRight(text, "`*)\"'"), "."):
		return "does not end with a full stop"
	case first == "" || (first[0] >= 'a' && first[0] <= 'z' && text[0] == first[0]):
		return "does not start with a capital letter"
	case strings.Contains(text, "  "):
		return "has two spaces in a row"
	}

	return ""
}

func TestNotSentences(t *testing.T) {
	t.Parallel()

	for text, good := range map[string]bool{
		"A sentence.": true, "`code` starts it.": true, "One. Two (three).": true, "Uses `a.b`.": true, "Ends in (brackets.)": true,
		"": false, " ": false, "no capital.": false, "No stop": false, "Two  spaces.": false, "Trailing. ": false, "`code`": false,
	} {
		if complaint := notSentences(text); (complaint == "") != good {
			t.Errorf("notSentences(%q) = %q", text, complaint)
		}
	}
	if fmt.Sprint(slices.Sorted(maps.Keys(attributesOf(&tfjson.SchemaBlock{
		Attributes: map[string]*tfjson.SchemaAttribute{"a": {AttributeNestedType: &tfjson.SchemaNestedAttributeType{
			Attributes: map[string]*tfjson.SchemaAttribute{"b": {}},
		}}},
		NestedBlocks: map[string]*tfjson.SchemaBlockType{"c": {Block: &tfjson.SchemaBlock{Attributes: map[string]*tfjson.SchemaAttribute{"d": {}}}}},
	})))) != "[a a.b c.d]" {
		t.Error("attributesOf misses nested attributes")
	}
}
