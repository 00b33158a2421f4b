package proxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
)

// contentType is of what is sent to an agent (SDK reference).
const contentType = "application/json"

// question is what is asked of whom, as a configuration says it: what the resource, the data source, the ephemeral resource and the action have in
// common.
type question struct {
	Agent  types.String         `tfsdk:"agent"`
	Prompt types.String         `tfsdk:"prompt"`
	Body   jsontypes.Normalized `tfsdk:"body"`
}

// inquiry is a question whose values are all known.
type inquiry struct {
	agent string
	body  []byte // JSON, as it is sent
}

// inquiry reads the question. It fails where it asks nothing, or not with JSON, which an argument may turn out to do that was not known before.
func (q question) inquiry() (inquiry, diag.Diagnostics) {
	out := inquiry{agent: q.Agent.ValueString()}
	var diags diag.Diagnostics
	switch {
	case out.agent == "":
		diags.AddAttributeError(path.Root("agent"), "No agent", "agent is empty. Nothing was sent and nothing was charged.")
	case q.Prompt.IsNull() == q.Body.IsNull():
		diags.AddAttributeError(path.Root("prompt"), "Neither a prompt nor a body, or both", "Exactly one of prompt and body has to be given. "+
			"Nothing was sent and nothing was charged.")
	case q.Body.IsNull():
		out.body = promptBody(q.Prompt.ValueString())
	case !json.Valid([]byte(q.Body.ValueString())):
		diags.AddAttributeError(path.Root("body"), "Body is not JSON", "body is not JSON text; jsonencode writes it. Nothing was sent and nothing "+
			"was charged.")
	default:
		out.body = []byte(q.Body.ValueString())
	}
	return out, diags
}

// promptBody is the JSON in which a prompt is sent (SDK reference).
func promptBody(prompt string) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // as a person writes it
	if err := encoder.Encode(map[string]string{"prompt": prompt}); err != nil {
		return nil // text can always be written
	}
	return bytes.TrimSpace(buffer.Bytes())
}

// body is what the question sends; ok is false where it is not known, or asks nothing.
func (q question) body() (body []byte, ok bool) {
	switch {
	case q.Prompt.IsUnknown() || q.Body.IsUnknown():
		return nil, false
	case !q.Prompt.IsNull():
		return promptBody(q.Prompt.ValueString()), true
	case !q.Body.IsNull():
		return []byte(q.Body.ValueString()), true
	}
	return nil, false
}

// ref names the agent.
func (i inquiry) ref() live.Ref { return live.TickerOrID(i.agent) }

// digest is of what an idempotency key is bound to, for the purchase journal. It goes by what is sent, so a prompt and a body that say the same are
// one.
func (i inquiry) digest() string {
	encoded, err := json.Marshal(struct {
		Agent string `json:"agent"`
		Body  string `json:"body"`
	}{strings.ToLower(i.agent), canonical(i.body)})
	if err != nil {
		return "" // text can always be written; "" is not compared
	}
	digest := sha256.Sum256(encoded)
	return hex.EncodeToString(digest[:])
}

// digest is that of a question; "" where it is not known.
func (q question) digest() string {
	body, ok := q.body()
	if !ok || q.Agent.ValueString() == "" {
		return ""
	}
	return inquiry{agent: q.Agent.ValueString(), body: body}.digest()
}

// canonical is one spelling of a JSON text: without spaces, and with the names of objects in order. Numbers stay as they are written.
func canonical(text []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return string(text)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return string(text)
	}
	out, err := json.Marshal(value)
	if err != nil {
		return string(text)
	}
	return string(out)
}

// sameAgent tells whether two names are one: neither a ticker nor a UUID depends on its case.
func sameAgent(a, b string) bool { return strings.EqualFold(a, b) }

// keepSpelling plans the JSON text that is in state where configuration gives the same in other words. The type's semantic equality acts on what a
// provider answers, not on configuration.
type keepSpelling struct{}

// Description implements planmodifier.Describer.
func (keepSpelling) Description(context.Context) string {
	return "The same JSON in another spelling is no change."
}

// MarkdownDescription implements planmodifier.Describer.
func (k keepSpelling) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

// PlanModifyString implements planmodifier.String.
func (keepSpelling) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	was, now := req.StateValue, req.PlanValue
	if was.IsNull() || now.IsNull() || now.IsUnknown() {
		return
	}
	if canonical([]byte(was.ValueString())) == canonical([]byte(now.ValueString())) {
		resp.PlanValue = was
	}
}

// title names a request for a reader.
func title(key, agent types.String) string {
	name := "whose key is not known yet"
	if !key.IsUnknown() {
		name = fmt.Sprintf("%q", key.ValueString())
	}
	if agent.IsUnknown() {
		return "proxy request " + name
	}
	return "proxy request " + name + " to agent " + agent.ValueString()
}
