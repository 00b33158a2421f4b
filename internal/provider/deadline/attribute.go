// Package deadline is the timeouts attribute of the resources.
package deadline

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Attribute is the attribute of the library that providers commonly take, with descriptions of what each operation's timeout bounds and what it
// defaults to: the operations that the resource has are those that are described.
func Attribute(ctx context.Context, description string, operations map[string]string) schema.Attribute {
	_, create := operations["create"]
	_, read := operations["read"]
	_, update := operations["update"]
	_, remove := operations["delete"]
	attribute := timeouts.Attributes(ctx, timeouts.Opts{Create: create, Read: read, Update: update, Delete: remove})
	nested, ok := attribute.(schema.SingleNestedAttribute)
	if !ok {
		return attribute
	}
	nested.MarkdownDescription = description
	for name, text := range operations {
		if inner, ok := nested.Attributes[name].(schema.StringAttribute); ok {
			inner.Description, inner.MarkdownDescription = "", text
			nested.Attributes[name] = inner
		}
	}
	return nested
}
