package mockserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// problem is one entry of a 422 answer, in FastAPI's shape (assumed).
type problem struct {
	Type string `json:"type"`
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
}

// problems collects what is wrong with a request, so that one answer names everything.
type problems struct{ list []problem }

func (p *problems) add(loc []any, kind, msg string) {
	p.list = append(p.list, problem{Type: kind, Loc: loc, Msg: msg})
}

// rejection is the 422 answer, or nil when nothing was wrong.
func (p *problems) rejection() *answer {
	if len(p.list) == 0 {
		return nil
	}
	return jsonAnswer(422, map[string]any{"detail": p.list})
}

// object reads the fields of a JSON object. Fields that nobody asks for are ignored, as FastAPI does.
type object struct {
	found *problems
	loc   []any
	raw   map[string]json.RawMessage
}

// bodyObject reads a request's body as a JSON object. The second result is false when it is none; the problem is recorded.
func bodyObject(body []byte, found *problems) (object, bool) {
	o := object{found: found, loc: []any{"body"}}
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
		found.add(o.loc, "missing", "Field required")
	case !json.Valid(trimmed):
		found.add(o.loc, "json_invalid", "JSON decode error")
	case json.Unmarshal(trimmed, &o.raw) != nil || o.raw == nil:
		found.add(o.loc, "model_attributes_type", "Input should be a valid dictionary or object to extract fields from")
	}
	return o, len(found.list) == 0
}

func (o object) at(name string) []any { return append(append([]any{}, o.loc...), name) }

func (o object) problem(name, kind, msg string) { o.found.add(o.at(name), kind, msg) }

// has tells whether the field was sent, null included.
func (o object) has(name string) bool { _, ok := o.raw[name]; return ok }

func (o object) isNull(name string) bool { return string(o.raw[name]) == "null" }

// value gives the raw value of a field; false when it is absent or null.
func (o object) value(name string) (json.RawMessage, bool) {
	raw, ok := o.raw[name]
	return raw, ok && !o.isNull(name)
}

// require records each field that is absent, and each that is null though it must not be.
func (o object) require(names ...string) {
	for _, name := range names {
		switch {
		case !o.has(name):
			o.problem(name, "missing", "Field required")
		case o.isNull(name):
			o.problem(name, "none_not_allowed", "Input should not be null")
		}
	}
}

// notNull records each field that was sent as null though it must not be.
func (o object) notNull(names ...string) {
	for _, name := range names {
		if o.has(name) && o.isNull(name) {
			o.problem(name, "none_not_allowed", "Input should not be null")
		}
	}
}

// textCheck checks a text; it returns a problem's type and message, or nothing.
type textCheck func(text string) (kind, msg string)

// text reads a string; false when it is absent, null or not right.
func (o object) text(name string, checks ...textCheck) (string, bool) {
	raw, ok := o.value(name)
	if !ok {
		return "", false
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		o.problem(name, "string_type", "Input should be a valid string")
		return "", false
	}
	for _, check := range checks {
		if kind, msg := check(text); kind != "" {
			o.problem(name, kind, msg)
			return "", false
		}
	}
	return text, true
}

func (o object) optionalText(name string) *string {
	text, ok := o.text(name)
	if !ok {
		return nil
	}
	return &text
}

// boolean reads a boolean; false when it is absent, null or not right.
func (o object) boolean(name string) bool {
	raw, ok := o.value(name)
	if !ok {
		return false
	}
	var b bool
	if json.Unmarshal(raw, &b) != nil {
		o.problem(name, "bool_type", "Input should be a valid boolean")
	}
	return b
}

// positive reads a whole number above 0; 0 when it is absent, null or not right.
func (o object) positive(name string) int64 {
	raw, ok := o.value(name)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		o.problem(name, "int_type", "Input should be a valid integer")
		return 0
	}
	if n < 1 {
		o.problem(name, "greater_than_equal", "Input should be greater than or equal to 1")
		return 0
	}
	return n
}

// texts reads a list of strings; nil when it is absent, null or not right.
func (o object) texts(name string) []string {
	raw, ok := o.value(name)
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		o.problem(name, "list_type", "Input should be a valid list")
		return nil
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if string(item) == "null" || json.Unmarshal(item, &texts[i]) != nil {
			o.found.add(append(o.at(name), i), "string_type", "Input should be a valid string")
		}
	}
	return texts
}

func (o object) object(name string) (object, bool) {
	raw, ok := o.value(name)
	if !ok {
		return object{}, false
	}
	inner := object{found: o.found, loc: o.at(name)}
	if json.Unmarshal(raw, &inner.raw) != nil {
		o.problem(name, "dict_type", "Input should be a valid dictionary")
		return object{}, false
	}
	return inner, true
}

// amountCheck checks an amount; it returns a problem's type and message, or nothing.
type amountCheck func(money.Amount) (kind, msg string)

// amount reads USD from a number or a text.
func (o object) amount(name string, checks ...amountCheck) (money.Amount, bool) {
	raw, ok := o.value(name)
	if !ok {
		return money.Amount{}, false
	}
	var amount money.Amount
	if err := json.Unmarshal(raw, &amount); err != nil {
		o.problem(name, "decimal_parsing", "Input should be a valid decimal")
		return money.Amount{}, false
	}
	for _, check := range checks {
		if kind, msg := check(amount); kind != "" {
			o.problem(name, kind, msg)
			return money.Amount{}, false
		}
	}
	return amount, true
}

// The checks below are the server's own (assumed): no source documents AUTX's.

var (
	tickerPattern  = regexp.MustCompile(`^[A-Z0-9]{2,10}$`)
	txHashPattern  = regexp.MustCompile(`^0x[0-9a-fA-F]{64}$`)
	addressPattern = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)
)

func matches(pattern *regexp.Regexp) textCheck {
	return func(text string) (string, string) {
		if !pattern.MatchString(text) {
			return "string_pattern_mismatch", fmt.Sprintf("String should match pattern '%s'", pattern)
		}
		return "", ""
	}
}

func isName(text string) (kind, msg string) {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return "string_too_short", "String should have at least 1 character"
	case n > 100:
		return "string_too_long", "String should have at most 100 characters"
	}
	return "", ""
}

func notEmpty(text string) (kind, msg string) {
	if text == "" {
		return "string_too_short", "String should have at least 1 character"
	}
	return "", ""
}

func isHTTPURL(text string) (kind, msg string) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.ContainsAny(text, " \t\r\n") {
		return "url_parsing", "Input should be a valid http or https URL"
	}
	return "", ""
}

func isOneOf(values ...string) textCheck {
	return func(text string) (string, string) {
		if slices.Contains(values, text) {
			return "", ""
		}
		return "enum", "Input should be '" + strings.Join(values, "' or '") + "'"
	}
}

func isPrice(a money.Amount) (kind, msg string) {
	switch {
	case a.Sign() < 0:
		return "greater_than_equal", "Input should be greater than or equal to 0"
	case a.Decimals() > 6:
		return "decimal_max_places", "Decimal input should have no more than 6 decimal places"
	}
	return "", ""
}

func isCents(a money.Amount) (kind, msg string) {
	if a.Decimals() > 2 {
		return "decimal_max_places", "Decimal input should have no more than 2 decimal places"
	}
	return "", ""
}

func isPositive(a money.Amount) (kind, msg string) {
	if a.Sign() <= 0 {
		return "greater_than", "Input should be greater than 0"
	}
	return "", ""
}

func isWithin(least, most money.Amount) amountCheck {
	return func(a money.Amount) (string, string) {
		switch {
		case a.LessThan(least):
			return "greater_than_equal", "Input should be greater than or equal to " + least.String()
		case a.GreaterThan(most):
			return "less_than_equal", "Input should be less than or equal to " + most.String()
		}
		return "", ""
	}
}

// queryInteger reads a whole number from the query; false when it is absent or not right.
func queryInteger(query url.Values, name string, least, most int64, found *problems) (int64, bool) {
	if !query.Has(name) {
		return 0, false
	}
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	switch {
	case err != nil:
		found.add([]any{"query", name}, "int_parsing", "Input should be a valid integer, unable to parse string as an integer")
	case n < least:
		found.add([]any{"query", name}, "greater_than_equal", fmt.Sprintf("Input should be greater than or equal to %d", least))
	case n > most:
		found.add([]any{"query", name}, "less_than_equal", fmt.Sprintf("Input should be less than or equal to %d", most))
	default:
		return n, true
	}
	return 0, false
}

// queryChoice reads one of some values from the query; "" when it is absent or not right.
func queryChoice(query url.Values, name string, found *problems, values ...string) string {
	if !query.Has(name) {
		return ""
	}
	value := query.Get(name)
	if kind, msg := isOneOf(values...)(value); kind != "" {
		found.add([]any{"query", name}, kind, msg)
		return ""
	}
	return value
}
