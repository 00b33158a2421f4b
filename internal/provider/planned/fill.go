// Package planned keeps Terraform's central promise to a user: what the plan said is what the state says after it.
package planned

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Fill gives the state to save after an apply: every value that the plan knew, verbatim, and for each that it did not, the value at the same place in
// observed. A provider that lets an answer's other spelling or a missing field override a planned value makes Terraform call the result
// inconsistent, which taints what was just paid for. A value that neither knows becomes null.
func Fill(plan, observed tftypes.Value) (tftypes.Value, error) {
	filled, err := tftypes.Transform(plan, func(at *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if value.IsKnown() {
			return value, nil
		}
		found, _, err := tftypes.WalkAttributePath(observed, at)
		if err != nil {
			return tftypes.NewValue(value.Type(), nil), nil //nolint:nilerr // observed has nothing there, for example below an object that is null
		}
		known, ok := found.(tftypes.Value)
		if !ok || !known.IsFullyKnown() {
			return tftypes.NewValue(value.Type(), nil), nil
		}
		return known, nil
	})
	if err != nil {
		return tftypes.Value{}, fmt.Errorf("fill the plan's unknown values: %w", err)
	}
	return filled, nil
}
