package credit

import (
	"fmt"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// cooldown is how long AUTX makes one wait between two withdrawals (SDK reference).
const cooldown = time.Hour

// nextWithdrawal is when a withdrawal is possible again; ok is false where none was made yet, or where AUTX's time can't be read.
func nextWithdrawal(balance *client.Balance) (next time.Time, ok bool) {
	last, ok := instant(balance.LastWithdrawalAt)
	return last.Add(cooldown), ok
}

// coolingDown tells when a withdrawal is possible again; empty where it is now. Now is the service's time.
func coolingDown(balance *client.Balance, now time.Time) string {
	next, ok := nextWithdrawal(balance)
	if !ok || !now.Before(next) {
		return ""
	}
	last := next.Add(-cooldown)
	return fmt.Sprintf("AUTX allows one withdrawal an hour, and the last one was at %s. The next is possible again at "+
		"%s.", stamp(last), stamp(next))
}

// stamp writes a time for a reader, to the second. A moment within a second is that second's end, so that nobody comes too early.
func stamp(at time.Time) string {
	if short := at.Truncate(time.Second); !short.Equal(at) {
		at = short.Add(time.Second)
	}
	return at.UTC().Format(time.RFC3339)
}

// instant reads a time as AUTX writes it. No source states the format; Python's ISO 8601 without a zone is taken for UTC.
func instant(f client.Field[string]) (time.Time, bool) {
	value, ok := f.Value()
	if !ok {
		return time.Time{}, false
	}
	return parseInstant(value)
}

func parseInstant(value string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999",
	} {
		if at, err := time.Parse(layout, value); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
