// Package object reads objects of a plan or state that may be null or unknown as a whole, which the framework does not read into a struct.
package object

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// Get reads an object that is known; ok is false where it is null or unknown, or can't be read.
func Get[T any](ctx context.Context, value types.Object) (out T, ok bool, diags diag.Diagnostics) {
	if value.IsNull() || value.IsUnknown() {
		return out, false, nil
	}
	diags = value.As(ctx, &out, basetypes.ObjectAsOptions{})
	return out, !diags.HasError(), diags
}
