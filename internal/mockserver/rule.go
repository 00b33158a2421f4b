package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The phases of a rule.
const (
	phaseBefore = "before" // the request is not carried out
	phaseAfter  = "after"  // it is carried out, and its answer is lost, late or replaced
	phaseBody   = "body"   // the headers go out, the body breaks
)

// The actions of a rule.
const (
	actionStatus   = "status"
	actionReset    = "reset"
	actionHang     = "hang"
	actionDelay    = "delay"
	actionTruncate = "truncate"
)

var actionsOf = map[string][]string{
	phaseBefore: {actionStatus, actionReset, actionHang, actionDelay},
	phaseAfter:  {actionStatus, actionReset, actionHang, actionDelay},
	phaseBody:   {actionTruncate, actionReset, actionDelay},
}

// Rule says which requests fail, when and how. Nothing in it is random.
type Rule struct {
	// Operation is one of Operations, a group like orders.*, or * for all.
	Operation string `json:"operation"`
	// Phase is before (not carried out), after (carried out, then the answer is lost, late or replaced) or body (the body breaks).
	Phase string `json:"phase"`
	// Action is status, reset, hang or delay; in the phase body truncate, reset or delay.
	Action string `json:"action"`
	// Status is the HTTP status of the answer in place of the true one, 200 to 599.
	Status int `json:"status,omitempty"`
	// RetryAfter is sent as it is in the header Retry-After.
	RetryAfter HeaderText `json:"retry_after,omitempty"`
	// ContentType of the replaced answer; by default application/json when Body is JSON, else text/plain.
	ContentType string `json:"content_type,omitempty"`
	// Body of the replaced answer. JSON may give it as text, or as an object that is sent as its compact JSON.
	Body BodyText `json:"body,omitempty"`
	// BodyBytes, if positive, is how long the replaced answer's body is: Body (by default "x") is repeated up to it.
	BodyBytes int64 `json:"body_bytes,omitempty"`
	// Delay is how long to wait, in real time.
	Delay Duration `json:"delay,omitzero"`
	// Bytes of the body go out before it breaks. At least the last byte is always withheld.
	Bytes int64 `json:"bytes,omitempty"`
	// Skip lets that many matching requests through first.
	Skip int `json:"skip,omitempty"`
	// Times is how often the rule strikes: once when nil, for ever when 0.
	Times *int `json:"times,omitempty"`
	// Match narrows the rule down.
	Match Match `json:"match,omitzero"`
}

// Match narrows a rule down to one user, or to one agent.
type Match struct {
	// User is the id of the user whose key the request carries.
	User string `json:"user,omitempty"`
	// Ticker is that of the agent concerned, found in the path, the query or the body.
	Ticker string `json:"ticker,omitempty"`
}

// HeaderText is a header's value, which JSON may spell as a number.
type HeaderText string

// UnmarshalJSON reads text or a number.
func (h *HeaderText) UnmarshalJSON(data []byte) error {
	var number json.Number
	if err := json.Unmarshal(data, &number); err == nil && !bytes.HasPrefix(data, []byte(`"`)) {
		*h = HeaderText(number)
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("neither text nor a number: %w", err)
	}
	*h = HeaderText(text)
	return nil
}

// BodyText is a body, which JSON may spell as text or as an object or array that stands for its compact JSON.
type BodyText string

// UnmarshalJSON reads text, an object or an array.
func (b *BodyText) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("{")) || bytes.HasPrefix(data, []byte("[")) {
		*b = BodyText(compact(data))
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("neither text nor an object: %w", err)
	}
	*b = BodyText(text)
	return nil
}

// ParseRule reads a rule as the command line has it, like orders.create:before:status=429,retry_after=1,times=2. The parameters are those of the
// JSON form, with user and ticker for its match. A value that holds a comma is quoted as in Go; body, unquoted, takes the rest of the text.
func ParseRule(text string) (Rule, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) != 3 {
		return Rule{}, fmt.Errorf("rule %q is not operation:phase:action", text)
	}
	r := Rule{Operation: parts[0], Phase: parts[1]}
	action, rest, hasValue := cutAny(parts[2])
	r.Action = action
	if hasValue {
		parameter, ok := map[string]string{actionStatus: "status", actionDelay: "delay", actionTruncate: "bytes"}[action]
		if !ok {
			return Rule{}, fmt.Errorf("rule %q: %s takes no value", text, action)
		}
		rest = parameter + rest
	}
	given := map[string]bool{}
	for rest != "" {
		name, value, remainder, err := cutParameter(rest)
		if err == nil && given[name] {
			err = fmt.Errorf("%s is given twice", name)
		}
		if err == nil {
			err = setParameter(&r, name, value)
		}
		if err != nil {
			return Rule{}, fmt.Errorf("rule %q: %w", text, err)
		}
		given[name], rest = true, remainder
	}
	if err := r.Check(); err != nil {
		return Rule{}, fmt.Errorf("rule %q: %w", text, err)
	}
	return r, nil
}

// cutAny cuts an action from what follows it; the rest begins with = when the action has a value.
func cutAny(text string) (action, rest string, hasValue bool) {
	i := strings.IndexAny(text, "=,")
	switch {
	case i < 0:
		return text, "", false
	case text[i] == '=':
		return text[:i], text[i:], true
	default:
		return text[:i], text[i+1:], false
	}
}

func cutParameter(text string) (name, value, rest string, err error) {
	name, after, ok := strings.Cut(text, "=")
	if !ok {
		return "", "", "", fmt.Errorf("%q is not name=value", text)
	}
	if strings.HasPrefix(after, `"`) {
		quoted, qerr := strconv.QuotedPrefix(after)
		if qerr != nil {
			return "", "", "", fmt.Errorf("the value of %s: %w", name, qerr)
		}
		value, err = strconv.Unquote(quoted)
		if err != nil {
			return "", "", "", fmt.Errorf("the value of %s: %w", name, err)
		}
		after = after[len(quoted):]
		if after != "" && !strings.HasPrefix(after, ",") {
			return "", "", "", fmt.Errorf("%q follows the value of %s", after, name)
		}
		return name, value, strings.TrimPrefix(after, ","), nil
	}
	if name == "body" {
		return name, after, "", nil
	}
	value, rest, _ = strings.Cut(after, ",")
	return name, value, rest, nil
}

func setParameter(r *Rule, name, value string) error {
	var err error
	switch name {
	case "status":
		r.Status, err = strconv.Atoi(value)
	case "retry_after":
		r.RetryAfter = HeaderText(value)
	case "content_type":
		r.ContentType = value
	case "body":
		r.Body = BodyText(value)
	case "body_bytes":
		r.BodyBytes, err = strconv.ParseInt(value, 10, 64)
	case "delay":
		var d time.Duration
		d, err = time.ParseDuration(value)
		r.Delay = Duration(d)
	case "bytes":
		r.Bytes, err = strconv.ParseInt(value, 10, 64)
	case "skip":
		r.Skip, err = strconv.Atoi(value)
	case "times":
		var n int
		n, err = strconv.Atoi(value)
		r.Times = &n
	case "user", "match.user":
		r.Match.User = value
	case "ticker", "match.ticker":
		r.Match.Ticker = value
	default:
		return fmt.Errorf("unknown parameter %q", name)
	}
	if err != nil {
		return fmt.Errorf("the value of %s: %w", name, err)
	}
	return nil
}

// Check tells what is wrong with a rule: an unknown operation, phase or action, or a parameter that means nothing with them.
func (r Rule) Check() error {
	if !slices.ContainsFunc(operationNames(), r.names) {
		return fmt.Errorf("unknown operation %q; there are %s", r.Operation, strings.Join(operationNames(), ", "))
	}
	actions, ok := actionsOf[r.Phase]
	if !ok {
		return fmt.Errorf("phase %q is not before, after or body", r.Phase)
	}
	if !slices.Contains(actions, r.Action) {
		return fmt.Errorf("action %q does not exist in the phase %s, which has %s", r.Action, r.Phase, strings.Join(actions, ", "))
	}
	if r.Phase == phaseBody && (r.Operation == opOpen || r.Operation == opEnd) {
		return fmt.Errorf("%s has no body that could break", r.Operation)
	}
	if r.Action == actionStatus {
		if r.Status < 200 || r.Status > 599 {
			return fmt.Errorf("status %d is not in 200 to 599", r.Status)
		}
	} else if r.Status != 0 || r.RetryAfter != "" || r.ContentType != "" || r.Body != "" || r.BodyBytes != 0 {
		return errors.New("status, retry_after, content_type, body and body_bytes belong to the action status")
	}
	switch {
	case r.Action == actionDelay && r.Delay <= 0:
		return errors.New("the action delay needs a positive delay")
	case r.Action != actionDelay && r.Delay != 0:
		return errors.New("delay belongs to the action delay")
	case r.Phase != phaseBody && r.Bytes != 0:
		return errors.New("bytes belongs to the phase body")
	case r.BodyBytes < 0 || r.Bytes < 0 || r.Skip < 0 || (r.Times != nil && *r.Times < 0):
		return errors.New("body_bytes, bytes, skip and times cannot be negative")
	case strings.ContainsAny(string(r.RetryAfter)+r.ContentType, "\r\n\x00"):
		return errors.New("a header cannot hold line breaks")
	}
	return nil
}

// names tells whether the rule's operation names an operation.
func (r Rule) names(operation string) bool {
	if group, isGroup := strings.CutSuffix(r.Operation, "*"); isGroup && (group == "" || strings.HasSuffix(group, ".")) {
		return strings.HasPrefix(operation, group)
	}
	return r.Operation == operation
}

// times is how often the rule strikes; 0: for ever.
func (r Rule) times() int {
	if r.Times == nil {
		return 1
	}
	return *r.Times
}

// String writes the rule as the command line has it; ParseRule reads it back.
func (r Rule) String() string {
	var parameters []string
	add := func(name, value string) {
		if strings.ContainsAny(value, `,"`) || name == "body" || strconv.Quote(value) != `"`+value+`"` {
			value = strconv.Quote(value)
		}
		parameters = append(parameters, name+"="+value)
	}
	number := func(name string, n int64) {
		if n != 0 {
			add(name, strconv.FormatInt(n, 10))
		}
	}
	text := func(name, value string) {
		if value != "" {
			add(name, value)
		}
	}
	number("status", int64(r.Status))
	text("retry_after", string(r.RetryAfter))
	text("content_type", r.ContentType)
	text("body", string(r.Body))
	number("body_bytes", r.BodyBytes)
	if r.Delay != 0 {
		add("delay", time.Duration(r.Delay).String())
	}
	number("bytes", r.Bytes)
	number("skip", int64(r.Skip))
	if r.Times != nil {
		add("times", strconv.Itoa(*r.Times))
	}
	text("user", r.Match.User)
	text("ticker", r.Match.Ticker)
	action := r.Action
	if action == actionStatus && len(parameters) > 0 {
		action, parameters[0] = parameters[0], "" // status=429 rather than status,status=429
	}
	parts := []string{action}
	for _, p := range parameters {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return r.Operation + ":" + r.Phase + ":" + strings.Join(parts, ",")
}

// replacement is the answer that the action status gives.
func (r Rule) replacement() *answer {
	body := string(r.Body)
	if body == "" && r.BodyBytes == 0 {
		if r.Status == http.StatusNoContent || r.Status == http.StatusNotModified {
			return r.headers(emptyAnswer(r.Status))
		}
		body = string(encode(map[string]string{"detail": firstOf(http.StatusText(r.Status), "fault")}))
	}
	contentType := r.ContentType
	switch {
	case contentType != "":
	case json.Valid([]byte(body)):
		contentType = typeJSON
	default:
		contentType = "text/plain; charset=utf-8"
	}
	return r.headers(&answer{status: r.Status, header: http.Header{"Content-Type": {contentType}}, body: []byte(body)})
}

func (r Rule) headers(a *answer) *answer {
	if r.RetryAfter != "" {
		a.header.Set("Retry-After", string(r.RetryAfter))
	}
	return a
}
