package client

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// minSecret is the length below which a value is taken for no secret: replacing every "a" would make messages unreadable and hide nothing.
const minSecret = 4

// secretList holds every spelling under which the secrets of one call could come back in a message: as they are, and encoded for JSON and URLs.
type secretList struct{ spellings []string }

func secretsOf(values ...string) secretList {
	var l secretList
	for _, value := range values {
		if len(value) < minSecret {
			continue
		}
		l.spellings = append(l.spellings, value, url.QueryEscape(value), url.PathEscape(value))
		if quoted, err := json.Marshal(value); err == nil {
			l.spellings = append(l.spellings, strings.Trim(string(quoted), `"`))
		}
	}
	slices.Sort(l.spellings)
	l.spellings = slices.Compact(l.spellings)
	// The longest first: one secret may be the beginning of another.
	slices.SortStableFunc(l.spellings, func(a, b string) int { return len(b) - len(a) })
	return l
}

// with is the list and more secrets.
func (l secretList) with(values ...string) secretList {
	more := secretsOf(values...)
	more.spellings = append(more.spellings, l.spellings...)
	slices.SortStableFunc(more.spellings, func(a, b string) int { return len(b) - len(a) })
	return more
}

// scrub replaces every secret in text.
func (l secretList) scrub(text string) string {
	for _, spelling := range l.spellings {
		if strings.Contains(text, spelling) {
			text = strings.ReplaceAll(text, spelling, redacted)
		}
	}
	return text
}

// scrubError gives an error whose text contains no secret: err itself when it has none.
func (l secretList) scrubError(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); l.scrub(text) != text {
		return &scrubbedError{text: l.scrub(text), cause: err}
	}
	return err
}
