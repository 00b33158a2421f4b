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
			fmt.Sprintf("The value of %s can't be decoded: %v. Use base64encode for text and filebase64 for a file, or give the file's path as "+
				"source.", req.Path, err))
	}
}

// filesValidator refuses, at plan, files without a name.
type filesValidator struct{}

func (filesValidator) Description(context.Context) string { return "each file has a name" }

func (v filesValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (filesValidator) ValidateList(ctx context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	elements, diags := fileElements(ctx, req.ConfigValue)
	resp.Diagnostics.Append(diags...)
	for i, element := range req.ConfigValue.Elements() {
		if element.IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(i), "File is null", fmt.Sprintf("%s is null. Leave it out of the list instead, with "+
				"[for f in ... : f if f != null].", req.Path.AtListIndex(i)))
		}
	}
	for i, file := range elements {
		if file != nil && file.Name.IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(i).AtName("name"), "File without a name", fmt.Sprintf("%s has no name. The agent is "+
				"told one, such as "+
				"report.pdf, and its extension tells the file's type.", req.Path.AtListIndex(i)))
		}
	}
}
