package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeAnswer reads the JSON body of a 2xx answer. Unknown fields are ignored and fields of a wrong type are logged and left out. A body that
// cannot be read, or that an object's own check finds incomplete, is an *Error whose outcome is Unknown: the service said that it did something.
func decodeAnswer[T any](ctx context.Context, ans *answer) (T, error) {
	var out T
	if err := json.Unmarshal(ans.body, &out); err != nil {
		if _, ok := errors.AsType[*incompleteError](err); !ok {
			body := ans.req.secrets.describeBody(ans.header.Get(headerContentType), ans.body, false)
			err = fmt.Errorf("the answer cannot be read: %w; the body is %s", describeJSONError(err), body)
		}
		return out, unreadable(ans, err)
	}
	if problems := readProblems(reflect.ValueOf(&out).Elem()); len(problems) > 0 {
		logReadProblems(ctx, ans, problems)
	}
	return out, nil
}

// fetch sends a request and reads the JSON that it is answered with.
func fetch[T any](ctx context.Context, c *Client, req request) (T, error) {
	ans, err := c.do(ctx, req)
	if err != nil {
		var none T
		return none, err
	}
	return decodeAnswer[T](ctx, ans)
}

// incompleteError is what an object's UnmarshalJSON returns when something is missing without which the object is of no use.
type incompleteError struct{ missing string }

func (e *incompleteError) Error() string { return "the answer is incomplete: " + e.missing }

func incomplete(format string, args ...any) error {
	return &incompleteError{missing: fmt.Sprintf(format, args...)}
}

// list reads a JSON array and refuses everything else, null included: taking null for an empty list would make every object look deleted.
type list[T any] []T

// UnmarshalJSON reads an array; an element that is incomplete is named by its position, counted from 0.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	var elements []json.RawMessage
	if err := json.Unmarshal(data, &elements); err != nil {
		return describeJSONError(err)
	}
	if elements == nil {
		return errors.New("null where a list is due")
	}
	out := make([]T, len(elements))
	for i, element := range elements {
		if err := json.Unmarshal(element, &out[i]); err != nil {
			if missing, ok := errors.AsType[*incompleteError](err); ok {
				return incomplete("element %d: %s", i, missing.missing)
			}
			return fmt.Errorf("element %d: %w", i, describeJSONError(err))
		}
	}
	*l = out
	return nil
}

// describeJSONError says what is wrong with JSON in terms of the answer, not of Go's types.
func describeJSONError(err error) error {
	var typeError *json.UnmarshalTypeError
	var syntaxError *json.SyntaxError
	switch {
	case errors.As(err, &typeError):
		where := ""
		if typeError.Field != "" {
			where = " at " + typeError.Field
		}
		return fmt.Errorf("unexpected JSON %s%s", typeError.Value, where)
	case errors.As(err, &syntaxError):
		return fmt.Errorf("invalid JSON at byte %d: %w", syntaxError.Offset, err)
	}
	return err
}

// readProblems collects what Fields noted while they were read, each with its path, such as "manifest.input.max_size_bytes: not a number". The value
// must be addressable: going by pointers copies nothing.
func readProblems(v reflect.Value) []string {
	var problems []string
	collectProblems(v, "", &problems)
	return problems
}

func collectProblems(v reflect.Value, path string, problems *[]string) {
	switch v.Kind() {
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		for i := range v.Len() {
			collectProblems(v.Index(i), path+"["+strconv.Itoa(i)+"]", problems)
		}
	case reflect.Struct:
		if noting, ok := reflect.TypeAssert[interface{ ownProblems() []string }](v.Addr()); ok {
			*problems = append(*problems, prefixed(path, noting.ownProblems())...)
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectFieldProblem(v.Field(i), path, v.Type().Field(i), problems)
			}
		}
	default:
	}
}

func collectFieldProblem(v reflect.Value, parent string, f reflect.StructField, problems *[]string) {
	if v.Kind() != reflect.Struct {
		return
	}
	field, ok := reflect.TypeAssert[reading](v.Addr())
	if !ok {
		return
	}
	problem, held := field.readProblem(), reflect.ValueOf(field.heldValue()).Elem()
	if problem == "" && held.Kind() != reflect.Struct {
		return // nearly always; the path is not put together for nothing
	}
	path := joinPath(parent, f)
	if problem != "" {
		*problems = append(*problems, path+": "+problem)
	}
	if held.Kind() == reflect.Struct {
		collectProblems(held, path, problems)
	}
}

func joinPath(path string, field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		name = field.Name
	}
	return prefixed(path, []string{name})[0]
}

// problemsOf collects what was wrong with fields by name, for objects that keep only the fields' values.
func problemsOf(fields map[string]Field[string]) []string {
	var problems []string
	for name, field := range fields {
		if field.problem != "" {
			problems = append(problems, name+": "+field.problem)
		}
	}
	slices.Sort(problems)
	return problems
}

// prefixed puts a path before each name.
func prefixed(path string, names []string) []string {
	if path == "" {
		return names
	}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = path + "." + name
	}
	return out
}

// maxExcerpt bounds, in bytes, what a message quotes of a value that could not be read.
const maxExcerpt = 60

// excerpt quotes the beginning of data for a message.
func excerpt(data []byte) string {
	return strconv.Quote(shorten(string(data), maxExcerpt))
}

// shorten cuts text after at most limit bytes, never within a character, and marks the cut.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
