package order

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// base64Validator refuses, at plan, text that is not base64.
type base64Validator struct{}

func (base64Validator) Description(context.Context) string { return "standard base64" }

func (v base64Validator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (base64Validator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	decoder := base64.NewDecoder(base64.StdEncoding, strings.NewReader(req.ConfigValue.ValueString()))
	if _, err := io.Copy(io.Discard, decoder); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Content is not base64",
			fmt.Sprintf("The value of %s can't be decoded: %v. Use base64encode for text and filebase64 for a file, or give the file's path as source.", req.Path, err))
	}
}
