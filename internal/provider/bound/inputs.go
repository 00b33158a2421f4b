// Package bound holds a plan to what was bought: the inputs under a key never change, and a key belongs to one resource.
package bound

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// PastTheError is how a destroy, which plans first, gets past an error of a plan.
const PastTheError = " (`destroy -refresh=false` gets past this error.)"

// Inputs compares a plan with the inputs of what was bought.
type Inputs struct {
	// Name names what was bought for a reader, such as order "k" (id 1).
	Name string
	// Diags are what the comparison found.
	Diags diag.Diagnostics
}

// Changed refuses another value under the same key.
func (b *Inputs) Changed(at path.Path, was, now string) {
	b.Diags.AddAttributeError(at, "This would buy again", fmt.Sprintf("%s of %s was %s, and is %s now. What was bought can't be changed, so this "+
		"would buy again: change idempotency_key too to authorise it. Otherwise put the old value back."+PastTheError, at, b.Name, was, now))
}

// Unknown says what the apply will do with a value that only it will know.
func (b *Inputs) Unknown(at path.Path) {
	b.Diags.AddAttributeWarning(at, "May turn out to buy again", fmt.Sprintf("%s is not known yet. It is bound to the idempotency_key of %s: if it "+
		"turns out to be what was bought, nothing happens; if it is something else, the apply refuses it before anything is sent, and idempotency_key "+
		"has to be changed too.", at, b.Name))
}

// Compare holds a text to what it was. A text that was null is not known, and is filled in.
func (b *Inputs) Compare(at path.Path, was, now types.String) {
	switch {
	case now.IsUnknown():
		b.Unknown(at)
	case !was.IsNull() && was.ValueString() != now.ValueString():
		b.Changed(at, Excerpt(was.ValueString()), Excerpt(now.ValueString()))
	}
}

// ComparePrompt holds a prompt to what it was. It quotes nothing: a prompt may be marked as sensitive in the configuration, which a provider is not
// told.
func (b *Inputs) ComparePrompt(at path.Path, was, now types.String) {
	switch {
	case now.IsUnknown():
		b.Unknown(at)
	case was.ValueString() != now.ValueString():
		b.Changed(at, "another text", fmt.Sprintf("one of %d bytes", len(now.ValueString())))
	}
}

// Excerpt quotes a value for a message.
func Excerpt(value string) string {
	const most = 60
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", value)
}
