package client

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// minSecret is the length below which a value is taken for no secret: replacing every "a" would make messages unreadable and hide nothing.
const minSecret = 4

// minEncoded is the length in bytes from which a secret is recognised in base64: what is left of a shorter one might be anything.
const minEncoded = 10

// secretList holds every spelling under which the secrets of one call could come back in a message: as they are, and as JSON, URLs, HTML, base64 and
// hexadecimal digits spell them.
type secretList struct{ spellings []string }

func secretsOf(values ...string) secretList {
	var l secretList
	for _, value := range values {
		if len(value) < minSecret {
			continue
		}
		l.spellings = append(l.spellings, value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value),
			jsonText(value, true), jsonText(value, false), hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))))
		if len(value) >= minEncoded {
			l.spellings = append(l.spellings, base64Texts(value)...)
		}
	}
	return l.sorted()
}

// sorted drops repetitions and puts the longest first: one secret may be the beginning of another.
func (l secretList) sorted() secretList {
	slices.Sort(l.spellings)
	l.spellings = slices.Compact(l.spellings)
	slices.SortStableFunc(l.spellings, func(a, b string) int { return len(b) - len(a) })
	return l
}

// jsonText is a text within the quotes of JSON. Some programs escape the characters of HTML as well.
func jsonText(value string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(value); err != nil {
		return value // a string can always be encoded
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// base64Texts are the parts of base64 that stand for a secret wherever it begins in what was encoded, such as after "Bearer ". The characters at its
// ends depend on its neighbours and are left out.
func base64Texts(value string) []string {
	const positions = 3 // three bytes are four characters
	var texts []string
	for position := range positions {
		shifted := append(make([]byte, position), value...)
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := encoding.EncodeToString(shifted)
			begin := (position*8 + 5) / 6 // the first character that is the secret's alone
			end := len(shifted) * 8 / 6   // the last one is followed by bits of what comes after
			texts = append(texts, encoded[begin:end])
		}
	}
	return texts
}

// and is both lists in one.
func (l secretList) and(more secretList) secretList {
	return secretList{spellings: slices.Concat(l.spellings, more.spellings)}.sorted()
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
