package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// request is one call before it is sent.
type request struct {
	method string
	// path is below the base URL, begins with a slash and is percent-encoded; see pathOf.
	path        string
	query       url.Values
	body        []byte
	contentType string
	// stream begins to read a body that is too large to be held in memory; it takes the place of body.
	stream func() (io.Reader, error)
	// accept names the content types that are wanted of the answer; JSON when empty.
	accept string
	// once means that the request moves money or creates something, and so must reach the service once at most. Others only read, or set absolute
	// values: carried out twice they do what they do once.
	once bool
	// anyBody means that the status tells everything and that the body of a 2xx answer is of no interest.
	anyBody bool
	// goneIsDone means that a 404 to a repeated attempt is what was wanted: the attempt before it did it.
	goneIsDone bool
	// confidential means that neither body is logged.
	confidential bool
	secrets      secretList
}

func (r request) displayPath() string { return r.path }

const contentTypeJSON = "application/json"

// pathOf joins fixed parts and percent-encodes the values between them: pathOf("/agents/%s/image", id). An empty value is refused, because the path
// without it names something else: "GET /agents/" lists all agents.
func pathOf(format string, values ...string) (string, error) {
	escaped := make([]any, len(values))
	for i, value := range values {
		if value == "" {
			return "", errors.New("an empty id, ticker or name cannot be looked up")
		}
		escaped[i] = escapeSegment(value)
	}
	return fmt.Sprintf(format, escaped...), nil
}

// escapeSegment encodes a value as one segment of a path. Dots alone are encoded too, or proxies would take them for steps in the tree.
func escapeSegment(value string) string {
	if strings.Trim(value, ".") == "" {
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return url.PathEscape(value)
}

// withJSON puts a JSON body into the request.
func (r request) withJSON(body any) (request, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return r, fmt.Errorf("write the request: %w", err)
	}
	r.body, r.contentType = encoded, contentTypeJSON
	return r, nil
}

// filePart is one file of a multipart body.
type filePart struct {
	field, name, contentType string
	content                  []byte
}

// withFiles puts a multipart/form-data body into the request.
func (r request) withFiles(files ...filePart) (request, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, file := range files {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", multipart.FileContentDisposition(file.field, file.name))
		header.Set(headerContentType, file.contentType)
		part, err := form.CreatePart(header)
		if err != nil {
			return r, fmt.Errorf("write the request: %w", err)
		}
		if _, err := part.Write(file.content); err != nil {
			return r, fmt.Errorf("write the request: %w", err)
		}
	}
	if err := form.Close(); err != nil {
		return r, fmt.Errorf("write the request: %w", err)
	}
	r.body, r.contentType = body.Bytes(), form.FormDataContentType()
	return r, nil
}

// header gives the request's headers. There is never an Idempotency-Key or X-Idempotency-Key: AUTX documents none, and net/http would take either as
// leave to deliver a POST twice.
func (c *Client) header(r request) http.Header {
	h := http.Header{}
	h.Set("Authorization", "Bearer "+c.config.APIKey)
	h.Set("Accept", cmp.Or(r.accept, contentTypeJSON))
	if c.config.UserAgent != "" {
		h.Set("User-Agent", c.config.UserAgent)
	}
	if r.contentType != "" {
		h.Set(headerContentType, r.contentType)
	}
	return h
}
