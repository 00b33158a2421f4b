package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const (
	// MaxBody is the most, in bytes after decompression, that is read of a successful answer; a longer one is an error.
	MaxBody = 16 << 20
	// maxErrorBody is how much is read of an answer that reports a failure.
	maxErrorBody = 64 << 10
)

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", MaxBody>>20)

// read takes over an answer: head, body, and what was wrong with the body. The response's own body is replaced by what was read.
func (t *trip) read(resp *http.Response, req request) {
	t.status, t.header = resp.StatusCode, resp.Header
	limit := int64(maxErrorBody)
	if t.successful() && !req.anyBody {
		limit = MaxBody
	}
	var more bool
	t.body, more, t.bodyErr = readUpTo(resp.Body, limit)
	_ = resp.Body.Close() // nothing more is wanted of it
	if more {
		t.truncated = true
		if t.successful() {
			t.bodyErr = errTooLarge
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(t.body))
}

// readUpTo reads at most limit bytes and tells whether there were more.
func readUpTo(from io.Reader, limit int64) (body []byte, more bool, err error) {
	var buffer bytes.Buffer
	n, err := io.Copy(&buffer, io.LimitReader(from, limit+1))
	if n > limit {
		buffer.Truncate(int(limit))
		return buffer.Bytes(), true, nil
	}
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return buffer.Bytes(), false, fmt.Errorf("the answer breaks off after %d bytes: %w", n, err)
		}
		return buffer.Bytes(), false, fmt.Errorf("read the answer, after %d bytes: %w", n, err)
	}
	return buffer.Bytes(), false, nil
}
