package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// mostBytes is how large a message may be in its frame, which has to stay below 1 MiB (public chat page): the rest of the frame needs little.
const mostBytes = 1<<20 - 128

// messageSize refuses, at plan, a message that fits no frame: it could not be sent, and the session would be open by then.
type messageSize struct{}

func (messageSize) Description(context.Context) string { return "less than 1 MiB as JSON" }

func (v messageSize) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (messageSize) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	size, err := sizeAsJSON(req.ConfigValue.ValueString())
	if err == nil && size <= mostBytes {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Message is too long", fmt.Sprintf("%s has %d bytes as JSON, and AUTX takes less than 1 MiB in one "+
		"message. Say it in several.", req.Path, size))
}

// sizeAsJSON is how many bytes a text takes in a frame, where characters that are special in HTML stay as they are.
func sizeAsJSON(text string) (int, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(text)
	return b.Len() - len("\n"), err //nolint:wrapcheck // text can always be written
}
