package session

import (
	"strings"
	"time"
)

const (
	defaultReadTimeout  = 5 * time.Minute
	defaultCloseTimeout = 5 * time.Minute
)

// brief writes a duration as a configuration would: 20m, not 20m0s.
func brief(d time.Duration) string { return strings.TrimSuffix(d.String(), "0s") }
