package protocol

import (
	"maps"
	"strconv"
	"strings"
)

// With copies values and sets what stands at each path, given as pairs of a path and a value: name, or name.inner below an object.
func With(of Values, pairs ...any) Values {
	out := maps.Clone(of)
	if out == nil {
		out = Values{}
	}
	for i := 0; i < len(pairs); i += 2 {
		path, _ := pairs[i].(string)
		name, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			out[name] = pairs[i+1]
			continue
		}
		inner, _ := out[name].(Values)
		out[name] = With(inner, rest, pairs[i+1])
	}
	return out
}

// At gives what stands at a path, also within lists: turns.0.status. It is nil where nothing does.
func At(of Values, path string) any {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return of[name]
	}
	if list, ok := of[name].([]any); ok {
		index, rest, deeper := strings.Cut(rest, ".")
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(list) {
			return nil
		}
		if !deeper {
			return list[i]
		}
		inner, _ := list[i].(Values)
		return At(inner, rest)
	}
	inner, _ := of[name].(Values)
	return At(inner, rest)
}
