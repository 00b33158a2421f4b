package client

import (
	"encoding/json"
	"fmt"
)

// availability is the answer to an availability check (client 0.4.1).
type availability struct{ available bool }

// UnmarshalJSON fails when the answer does not say it: taking that for a no, or a yes, would be a guess.
func (a *availability) UnmarshalJSON(data []byte) error {
	var wire struct {
		Available Field[bool] `json:"available"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("read an availability: %w", describeJSONError(err))
	}
	available, ok := wire.Available.Value()
	if !ok {
		return incomplete("it does not say whether it is available")
	}
	a.available = available
	return nil
}
