package provider_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// visit calls a function with every attribute of every schema, its place, and whether it is at the top.
func visit(d *protocol.Driver, each func(place string, attribute *tfprotov6.SchemaAttribute, top bool)) {
	all := map[string]*tfprotov6.Schema{"provider": d.Schemas().Provider}
	for kind, schemas := range map[string]map[string]*tfprotov6.Schema{
		"resource": d.Schemas().ResourceSchemas, "data source": d.Schemas().DataSourceSchemas, "list resource": d.Schemas().ListResourceSchemas,
		"ephemeral resource": d.Schemas().EphemeralResourceSchemas, "action": actionSchemas(d),
	} {
		for name, schema := range schemas {
			all[kind+" "+name] = schema
		}
	}
	var walk func(place string, attributes []*tfprotov6.SchemaAttribute, top bool)
	walk = func(place string, attributes []*tfprotov6.SchemaAttribute, top bool) {
		for _, attribute := range attributes {
			here := place + ", " + attribute.Name
			each(here, attribute, top)
			if attribute.NestedType != nil {
				walk(here, attribute.NestedType.Attributes, false)
			}
		}
	}
	for name, schema := range all {
		walk(name, schema.Block.Attributes, true)
	}
}

// actionSchemas are the schemas of the actions' configurations.
func actionSchemas(d *protocol.Driver) map[string]*tfprotov6.Schema {
	out := map[string]*tfprotov6.Schema{}
	for name, schema := range d.Schemas().ActionSchemas {
		out[name] = schema.Schema
	}
	return out
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	d := protocol.New(t)
	seen := 0
	visit(d, func(place string, attribute *tfprotov6.SchemaAttribute, _ bool) {
		seen++
		text := attribute.Description
		switch {
		case strings.HasPrefix(place, "action ") && strings.HasSuffix(place, ", timeouts"):
			// the library that all providers take describes what is in it
		case text == "":
			t.Errorf("%s: no description", place)
		case strings.Contains(place, ", timeouts, "):
			// described by the library that all providers take
		case !strings.HasSuffix(text, "."):
			t.Errorf("%s: not a sentence: %q", place, text)
		case attribute.DescriptionKind != tfprotov6.StringKindMarkdown:
			t.Errorf("%s: described in plain text", place)
		}
	})
	if seen < 150 {
		t.Errorf("only %d attributes were looked at", seen)
	}
	for _, schemas := range []map[string]*tfprotov6.Schema{
		d.Schemas().ResourceSchemas, d.Schemas().DataSourceSchemas, d.Schemas().ListResourceSchemas, d.Schemas().EphemeralResourceSchemas, actionSchemas(d),
	} {
		if len(schemas) == 0 {
			t.Error("a kind has no schemas")
		}
		for name, schema := range schemas {
			if !strings.HasSuffix(schema.Block.Description, ".") {
				t.Errorf("%s: described as %q", name, schema.Block.Description)
			}
		}
	}
	for name, identity := range d.Identities() {
		for _, attribute := range identity.IdentityAttributes {
			if attribute.Description == "" {
				t.Errorf("identity of %s, %s: no description", name, attribute.Name)
			}
		}
	}
}

// TestNamesTerraformKeepsForItself: an attribute of such a name could never be set.
func TestNamesTerraformKeepsForItself(t *testing.T) {
	t.Parallel()
	reserved := []string{"provider", "count", "for_each", "lifecycle", "depends_on", "connection", "provisioner", "alias", "version", "limit", "include_resource"}
	valid := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	visit(protocol.New(t), func(place string, attribute *tfprotov6.SchemaAttribute, top bool) {
		ofList := strings.HasPrefix(place, "list resource")
		if top && slices.Contains(reserved[:len(reserved)-2], attribute.Name) || ofList && top && slices.Contains(reserved, attribute.Name) {
			t.Errorf("%s: the name is Terraform's own", place)
		}
		if !valid.MatchString(attribute.Name) {
			t.Errorf("%s: not a name", place)
		}
	})
}

// TestSecretsAreMarked: what is secret is either sensitive or, better, never kept.
func TestSecretsAreMarked(t *testing.T) {
	t.Parallel()
	marked := map[string]bool{}
	visit(protocol.New(t), func(place string, attribute *tfprotov6.SchemaAttribute, _ bool) {
		if attribute.Sensitive || attribute.WriteOnly {
			marked[place] = true
		}
		if attribute.Sensitive && attribute.WriteOnly {
			t.Errorf("%s: sensitive and write-only: that makes the whole object sensitive", place)
		}
		if attribute.WriteOnly && attribute.Computed {
			t.Errorf("%s: write-only and computed", place)
		}
	})
	want := []string{"provider, api_key", "resource autx_agent, provider_key, value_wo"}
	for _, place := range want {
		if !marked[place] {
			t.Errorf("%s: a secret that is not marked", place)
		}
		delete(marked, place)
	}
	for place := range marked {
		t.Errorf("%s: marked as a secret, which nobody wrote down here", place)
	}
}

// TestNoBlocks: everything is an attribute, so that each can be null, unknown or set by an expression.
func TestNoBlocks(t *testing.T) {
	t.Parallel()
	for name, schema := range protocol.New(t).Schemas().ResourceSchemas {
		if len(schema.Block.BlockTypes) > 0 || schema.Version != 0 {
			t.Errorf("%s: %d blocks, version %d", name, len(schema.Block.BlockTypes), schema.Version)
		}
	}
}
