package mockserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// typeJSON is the media type of JSON.
const typeJSON = "application/json"

// answer is a whole answer in memory, before it is delivered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// jsonAnswer is an answer with a JSON body, spelled as FastAPI does: compact, without HTML escapes.
func jsonAnswer(status int, v any) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {typeJSON}}, body: encode(v)}
}

func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("mockserver: encode %T: %v", v, err)) // only this package's own types come here
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

func emptyAnswer(status int) *answer { return &answer{status: status, header: http.Header{}} }

// refuse is an error answer with AUTX's assumed shape, {"detail": "text"}.
func refuse(status int, format string, args ...any) *answer {
	return jsonAnswer(status, map[string]string{"detail": fmt.Sprintf(format, args...)})
}

func (a *answer) with(name, value string) *answer {
	a.header.Set(name, value)
	return a
}

func notFound(what string) *answer { return refuse(http.StatusNotFound, "%s not found", what) }
