package schemajson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/autx-ai/terraform-provider-autx/internal/schemajson"
)

type attrType = attr.Type

// The expected document is what the CLI's format asks for, written down by hand: TestAccSameAsCLI holds the same provider against real CLIs, which
// do not know all of these kinds.
const tinyDocument = `{
  "format_version": "1.0",
  "provider_schemas": {"tiny": {
    "provider": {"version": 0, "block": {
      "attributes": {"token": {"type": "string", "description": "A token.", "description_kind": "plain", "optional": true, "sensitive": true}},
      "description": "A *tiny* provider.", "description_kind": "markdown"
    }},
    "resource_schemas": {"tiny_thing": {"version": 3, "block": {
      "attributes": {
        "id": {"type": "string", "description": "The id.", "description_kind": "plain", "computed": true},
        "secret": {"type": "string", "description": "A secret.", "description_kind": "markdown", "optional": true, "write_only": true},
        "old": {"type": "bool", "description_kind": "plain", "deprecated": true, "optional": true},
        "any": {"type": "dynamic", "description_kind": "plain", "optional": true},
        "number": {"type": "number", "description_kind": "plain", "optional": true, "computed": true},
        "names": {"type": ["set", "string"], "description_kind": "plain", "optional": true},
        "object": {"type": ["object", {"a": ["list", "bool"]}], "description_kind": "plain", "optional": true},
        "single": {"nested_type": {"nesting_mode": "single", "attributes": LEAF}, "description": "1.", "description_kind": "plain", "optional": true},
        "listed": {"nested_type": {"nesting_mode": "list", "attributes": LEAF}, "description_kind": "plain", "optional": true},
        "set": {"nested_type": {"nesting_mode": "set", "attributes": LEAF}, "description_kind": "plain", "optional": true},
        "mapped": {"nested_type": {"nesting_mode": "map", "attributes": LEAF}, "description_kind": "plain", "optional": true}
      },
      "block_types": {
        "one": {"nesting_mode": "single", "block": {"attributes": LEAF, "description_kind": "plain"}},
        "many": {"nesting_mode": "list", "block": {"attributes": LEAF, "description": "Many.", "description_kind": "plain"}},
        "bag": {"nesting_mode": "set", "block": {"attributes": LEAF, "description_kind": "plain"}}
      },
      "description": "A thing with ` + "`<angle>`" + ` brackets.", "description_kind": "markdown", "deprecated": true
    }}},
    "data_source_schemas": {"tiny_lookup": {"version": 0, "block": {
      "attributes": {"rate": {"type": "number", "description": "A rate.", "description_kind": "plain", "computed": true}},
      "description_kind": "plain"
    }}},
    "ephemeral_resource_schemas": {"tiny_token": {"version": 0, "block": {
      "attributes": {"token": {"type": "string", "description_kind": "plain", "computed": true, "sensitive": true}},
      "description_kind": "plain"
    }}},
    "list_resource_schemas": {"tiny_thing": {"version": 0, "block": {
      "attributes": {"status": {"type": "string", "description": "Only these.", "description_kind": "plain", "optional": true}},
      "description_kind": "plain"
    }}},
    "action_schemas": {"tiny_poke": {"block": {
      "attributes": {"times": {"type": "number", "description": "How often.", "description_kind": "plain", "required": true}},
      "description_kind": "plain"
    }}},
    "functions": {"join": {
      "description": "Joins the parts.", "summary": "Joins.", "deprecation_message": "use the built-in one",
      "return_type": ["list", "string"],
      "parameters": [{"name": "separator", "description": "What goes between.", "is_nullable": true, "type": "string"}],
      "variadic_parameter": {"name": "parts", "type": "string"}
    }},
    "resource_identity_schemas": {"tiny_thing": {"version": 2, "attributes": {
      "id": {"type": "string", "description": "The id.", "required_for_import": true},
      "region": {"type": "string", "optional_for_import": true}
    }}}
  }}
}`

func TestWriteCoversEveryKind(t *testing.T) {
	t.Parallel()

	want := strings.ReplaceAll(tinyDocument, "LEAF",
		`{"leaf": {"type": "number", "description": "A leaf.", "description_kind": "plain", "required": true}}`)
	if diff := cmp.Diff(decode(t, []byte(want)), decode(t, write(t, tinyProvider{}))); diff != "" {
		t.Errorf("the document differs (-want +got):\n%s", diff)
	}
}

func TestWriteIsReproducibleAndReadable(t *testing.T) {
	t.Parallel()

	first := write(t, tinyProvider{})
	for range 20 {
		if again := write(t, tinyProvider{}); !bytes.Equal(first, again) {
			t.Fatal("two documents of one schema differ")
		}
	}
	// A reviewer reads the golden: no \u003c in it.
	if !bytes.Contains(first, []byte("`<angle>`")) {
		t.Error("angle brackets are escaped")
	}
	// The reader that tfplugindocs uses must accept it.
	var document tfjson.ProviderSchemas
	if err := json.Unmarshal(first, &document); err != nil {
		t.Fatalf("the document cannot be read back: %v", err)
	}
	if got := document.Schemas["tiny"].ResourceSchemas["tiny_thing"].Block.Attributes["secret"]; !got.WriteOnly {
		t.Error("write_only is lost when the document is read back")
	}
}

func TestInvalidSchemaIsAnError(t *testing.T) {
	t.Parallel()

	// `count` is a name that the CLI keeps for itself, which the framework reports when it is asked for the schema.
	broken := tinyProvider{resourceSchema: &schema.Schema{
		Attributes: map[string]schema.Attribute{"count": schema.StringAttribute{Optional: true}},
	}}
	schemaOf, err := schemajson.FromProvider(t.Context(), broken)
	if err == nil || !strings.Contains(err.Error(), `"count" is a reserved root attribute`) {
		t.Errorf("got schema %v and error %v, want the framework's complaint about the name count", schemaOf, err)
	}
}

// write returns the document of the provider under the name tiny.
func write(t *testing.T, p provider.Provider) []byte {
	t.Helper()
	schemaOf, err := schemajson.FromProvider(t.Context(), p)
	if err != nil {
		t.Fatalf("FromProvider: %v", err)
	}
	var out bytes.Buffer
	if err := schemajson.Write(&out, "tiny", schemaOf); err != nil {
		t.Fatalf("Write: %v", err)
	}

	return out.Bytes()
}

// decode returns plain maps, so that a field that is there but empty differs from one that is absent.
func decode(t *testing.T, document []byte) any {
	t.Helper()
	var decoded any
	if err := json.Unmarshal(document, &decoded); err != nil {
		t.Fatalf("invalid JSON: %v\n%s", err, document)
	}

	return decoded
}
