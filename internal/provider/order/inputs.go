package order

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// boundFile is what of a file an idempotency key is bound to.
type boundFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// inputsDigest is the digest of what an idempotency key is bound to, for the purchase journal.
func inputsDigest(agentID, prompt, paymentMethod string, files []boundFile) string {
	encoded, err := json.Marshal(struct {
		AgentID       string      `json:"agent_id"`
		Prompt        string      `json:"prompt"`
		PaymentMethod string      `json:"payment_method"`
		Files         []boundFile `json:"files,omitempty"`
	}{strings.ToLower(agentID), prompt, paymentMethod, files})
	if err != nil {
		return "" // text and lists of text can always be written; "" is not compared
	}
	digest := sha256.Sum256(encoded)
	return hex.EncodeToString(digest[:])
}

// digest is inputsDigest of an order in state; "" where it is not known with which inputs it was bought.
func (m resourceModel) digest(ctx context.Context) string {
	if m.AgentID.IsNull() || m.Prompt.IsNull() || m.PaymentMethod.IsNull() {
		return ""
	}
	elements, diags := fileElements(ctx, m.Files)
	files := make([]boundFile, len(elements))
	for i, file := range elements {
		if file == nil || file.SHA256.ValueString() == "" {
			return ""
		}
		files[i] = boundFile{file.Name.ValueString(), file.SHA256.ValueString()}
	}
	if diags.HasError() {
		return ""
	}
	return inputsDigest(m.AgentID.ValueString(), m.Prompt.ValueString(), m.PaymentMethod.ValueString(), files)
}

// measured reads through the files of a plan whose values are all known, right before they are sent. A content that is not the planned one is an
// error.
func measured(ctx context.Context, list types.List) ([]*content, diag.Diagnostics) {
	elements, diags := fileElements(ctx, list)
	out := make([]*content, 0, len(elements))
	for i, file := range elements {
		if file == nil {
			continue // nothing is unknown any more in an apply
		}
		read, err := file.read()
		if err != nil {
			diags.AddAttributeError(sourceOf(i), "File can't be used", fmt.Sprintf("files[%d], %s: %v. Nothing was sent and nothing was charged. "+
				"If the order was bought before, bring the file back, and it is taken over; or import the order.", i, file.Name.ValueString(), err))
			continue
		}
		if planned := file.SHA256; !planned.IsUnknown() && !planned.IsNull() && planned.ValueString() != read.sha256 {
			diags.AddAttributeError(sourceOf(i), "File changed after the plan", fmt.Sprintf("files[%d], %s: the content has the SHA-256 %s, and "+
				"the plan "+
				"was made for %s. Nothing was sent and nothing was charged. Plan again.", i, file.Name.ValueString(), read.sha256, planned.ValueString()))
			continue
		}
		out = append(out, read)
	}
	return out, diags
}

// withDigests is a list of files with the digests that are known at plan, and the contents that could be read, nil for those that could not. The
// elements of prior, where there are any, are what was bought.
func withDigests(ctx context.Context, list types.List, prior []*fileModel) (types.List, []*content, diag.Diagnostics) {
	if list.IsNull() || list.IsUnknown() {
		return list, nil, nil
	}
	elements, diags := fileElements(ctx, list)
	objects := make([]types.Object, len(elements))
	contents := make([]*content, len(elements))
	for i, file := range elements {
		if file == nil {
			objects[i] = types.ObjectUnknown(fileTypes)
			continue
		}
		bought := types.StringUnknown()
		if i < len(prior) && prior[i] != nil {
			bought = prior[i].SHA256
		}
		file.SHA256 = types.StringUnknown()
		if file.readable() {
			read, err := file.read()
			switch {
			case err == nil:
				contents[i], file.SHA256 = read, types.StringValue(read.sha256)
			case bought.IsUnknown() && errors.Is(err, fs.ErrNotExist):
				diags.AddAttributeWarning(sourceOf(i), "File is not there yet", fmt.Sprintf("files[%d], %s: there is no file %s. The apply needs it: "+
					"if no "+
					"other resource makes it, correct the path.", i, file.Name.ValueString(), file.Source.ValueString()))
			case bought.IsUnknown():
				diags.AddAttributeError(sourceOf(i), "File can't be used", fmt.Sprintf("files[%d], %s: %v.", i, file.Name.ValueString(), err))
			}
		}
		if file.SHA256.IsUnknown() && !bought.IsUnknown() {
			file.SHA256 = bought // what was sent does not change because it can't be read again
		}
		out, more := types.ObjectValueFrom(ctx, fileTypes, file)
		diags.Append(more...)
		objects[i] = out
	}
	out, more := types.ListValueFrom(ctx, types.ObjectType{AttrTypes: fileTypes}, objects)
	diags.Append(more...)
	return out, contents, diags
}

// withSent is a list of files with the digests of what was sent.
func withSent(ctx context.Context, list types.List, sent []*content) (types.List, diag.Diagnostics) {
	if list.IsNull() || list.IsUnknown() {
		return list, nil
	}
	elements, diags := fileElements(ctx, list)
	for i, file := range elements {
		if file != nil && i < len(sent) {
			file.SHA256 = types.StringValue(sent[i].sha256)
		}
	}
	out, more := types.ListValueFrom(ctx, types.ObjectType{AttrTypes: fileTypes}, elements)
	diags.Append(more...)
	return out, diags
}

// sourceOf is where a file comes from.
func sourceOf(index int) path.Path { return path.Root("files").AtListIndex(index).AtName("source") }

// sameAgent tells whether two ids name one agent: a UUID may be spelled in either case.
func sameAgent(a, b string) bool { return strings.EqualFold(a, b) }
