package mockserver

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// form is a multipart body.
type form struct {
	fields map[string][]string
	files  map[string][]formFile
}

type formFile struct {
	name, contentType string
	data              []byte
}

func (f *form) field(name string) (string, bool) {
	if values := f.fields[name]; len(values) > 0 {
		return values[0], true
	}
	return "", false
}

// readForm reads a multipart body, once for each request.
func (x *exchange) readForm(found *problems) *form {
	if x.form != nil {
		return x.form
	}
	f, err := parseForm(x.r.Header, x.body)
	if err != nil {
		found.add([]any{"body"}, "multipart_invalid", "There was an error parsing the body: "+err.Error())
		return nil
	}
	x.form = f
	return f
}

func parseForm(header http.Header, body []byte) (*form, error) {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, errors.New("the content type is not multipart/form-data with a boundary")
	}
	f := &form{fields: map[string][]string{}, files: map[string][]formFile{}}
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if isFile(part) {
			f.files[part.FormName()] = append(f.files[part.FormName()], formFile{part.FileName(), part.Header.Get("Content-Type"), data})
		} else {
			f.fields[part.FormName()] = append(f.fields[part.FormName()], string(data))
		}
	}
}

// isFile tells a file from a field: a file has a file name, even an empty one.
func isFile(part *multipart.Part) bool {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return false
	}
	_, ok := params["filename"]
	return ok
}
