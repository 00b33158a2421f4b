// Package identity is the resource identity of the resources that have one: the id alone, which locates the object and never changes.
package identity

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
)

// Set sets an identity. It comes before any early return, as Terraform takes an answer without identity for a bug. There is nothing to set where the
// CLI sent no identity, or where the id is not known.
func Set(ctx context.Context, identity *tfsdk.ResourceIdentity, id string) diag.Diagnostics {
	if identity == nil || id == "" {
		return nil
	}
	return identity.SetAttribute(ctx, path.Root("id"), id)
}
