package client

import (
	"encoding/json"
	"fmt"
	"html"
	"mime"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage bounds, in bytes, how much of what the service said goes into an error.
const maxMessage = 1024

// maxFieldErrors bounds how many invalid fields an error lists; a form has fewer.
const maxFieldErrors = 50

// readErrorBody finds the service's message in the body of a 4xx or 5xx answer, and the invalid fields if it names any. It understands the shapes
// {"detail": text}, {"detail": [{"loc", "msg", "type"}]}, {"error": …} and {"message": …}, plain text and HTML pages (all assumed: no source states
// AUTX's error bodies; AUTX's own example agents are FastAPI programs).
func readErrorBody(contentType string, body []byte, truncated bool, secrets secretList) (string, []FieldError) {
	if message, fields, ok := readErrorJSON(body, secrets); ok {
		return message, fields
	}
	return secrets.describeBody(contentType, body, truncated), nil
}

// scrubLine makes text fit for a message: without secrets first, so that cutting it short leaves no half of one, then on one line.
func (l secretList) scrubLine(text string) string { return oneLine(l.scrub(text), maxMessage) }

func readErrorJSON(body []byte, secrets secretList) (string, []FieldError, bool) {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil || len(envelope) == 0 {
		return "", nil, false
	}
	for _, key := range []string{"detail", "error", "message", "errors"} {
		raw, found := envelope[key]
		if !found {
			continue
		}
		if fields := readFieldErrors(raw, secrets); len(fields) > 0 {
			return secrets.scrubLine(joinFieldErrors(fields)), fields, true
		}
		if message := readMessage(raw); message != "" {
			return secrets.scrubLine(message), nil, true
		}
	}
	return "", nil, false
}

// readMessage reads a message that is a string, or an object that has one under a usual name.
func readMessage(raw json.RawMessage) string {
	var message string
	if json.Unmarshal(raw, &message) == nil {
		return strings.TrimSpace(message)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return ""
	}
	for _, key := range []string{"message", "msg", "detail", "description", "reason", "code"} {
		if json.Unmarshal(object[key], &message) == nil && strings.TrimSpace(message) != "" {
			return strings.TrimSpace(message)
		}
	}
	return ""
}

// readFieldErrors reads a list of {"loc", "msg", "type"}. Elements that name no message are left out.
func readFieldErrors(raw json.RawMessage, secrets secretList) []FieldError {
	var elements []struct {
		Loc     json.RawMessage `json:"loc"`
		Message Field[string]   `json:"msg"`
		Type    Field[string]   `json:"type"`
	}
	if json.Unmarshal(raw, &elements) != nil {
		return nil
	}
	var fields []FieldError
	for _, element := range elements {
		message := secrets.scrubLine(element.Message.Or(""))
		if message == "" || len(fields) == maxFieldErrors {
			continue
		}
		fields = append(fields, FieldError{
			Path: readLocation(element.Loc, secrets), Message: message, Type: oneLine(secrets.scrub(element.Type.Or("")), maxExcerpt),
		})
	}
	return fields
}

// readLocation reads a path of names and positions such as ["body", "profile", "use_cases", 0]. The leading "body" says nothing and is dropped.
func readLocation(raw json.RawMessage, secrets secretList) []string {
	var steps []Field[string]
	if json.Unmarshal(raw, &steps) != nil {
		return nil
	}
	path := make([]string, 0, len(steps))
	for _, step := range steps {
		if name, ok := step.Value(); ok {
			path = append(path, oneLine(secrets.scrub(name), maxExcerpt))
		}
	}
	if len(path) > 0 && path[0] == "body" {
		path = path[1:]
	}
	return path
}

func joinFieldErrors(fields []FieldError) string {
	texts := make([]string, len(fields))
	for i, field := range fields {
		texts[i] = field.String()
	}
	return strings.Join(texts, "; ")
}

var htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)

// describeBody says in a few words what a body is that is not the JSON it should be. An HTML page is named, never shown.
func (l secretList) describeBody(contentType string, body []byte, truncated bool) string {
	size := fmt.Sprintf("%d bytes", len(body))
	if truncated {
		size = "more than " + size
	}
	trimmed := l.scrub(strings.TrimSpace(string(body)))
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType = ""
	}
	switch {
	case trimmed == "":
		return "an empty body"
	case mediaType == "text/html" || mediaType == "application/xhtml+xml" || looksLikeHTML(trimmed):
		if title := htmlTitle.FindStringSubmatch(trimmed); title != nil {
			return fmt.Sprintf("an HTML page titled %q, %s", oneLine(html.UnescapeString(title[1]), maxExcerpt), size)
		}
		return "an HTML page, " + size
	case !isText(trimmed, truncated):
		if mediaType == "" {
			mediaType = "unknown type"
		}
		return fmt.Sprintf("%s of %s", size, mediaType)
	}
	return oneLine(trimmed, maxMessage)
}

func looksLikeHTML(text string) bool {
	const enough = 64
	head := strings.ToLower(text[:min(len(text), enough)])
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// isText tells whether a person could read text. A cut at the end of a truncated body may have split a character.
func isText(text string, truncated bool) bool {
	if truncated {
		text = strings.TrimRightFunc(text, func(r rune) bool { return r == utf8.RuneError })
	}
	if !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// oneLine puts text on one line, at most limit bytes long: runs of spaces and line breaks become one space and other control characters go.
func oneLine(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	return shorten(strings.Join(strings.Fields(text), " "), limit)
}
