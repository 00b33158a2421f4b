package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/textproto"
)

// contentTypeBytes is what client 0.4.1 calls every file of an order.
const contentTypeBytes = "application/octet-stream"

// form is a multipart/form-data body whose files are read while it is sent. Its length is known beforehand.
type form struct {
	frame  bytes.Buffer // everything but the files' contents
	writer *multipart.Writer
	files  []OrderFile
	cuts   []int // where in the frame each file's content belongs
	err    error
}

func newForm() *form {
	f := &form{}
	f.writer = multipart.NewWriter(&f.frame)
	return f
}

func (f *form) field(name, value string) {
	f.err = errors.Join(f.err, f.writer.WriteField(name, value))
}

func (f *form) file(field string, file OrderFile) {
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition(field, file.Name))
	header.Set(headerContentType, contentTypeBytes)
	_, err := f.writer.CreatePart(header)
	f.err = errors.Join(f.err, err)
	f.files = append(f.files, file)
	f.cuts = append(f.cuts, f.frame.Len())
}

// withForm puts the form into the request as a body that is streamed.
func (r request) withForm(f *form) (request, error) {
	if err := errors.Join(f.err, f.writer.Close()); err != nil {
		return r, fmt.Errorf("write the request: %w", err)
	}
	length := int64(f.frame.Len())
	for _, file := range f.files {
		if file.Size < 0 || file.Size > math.MaxInt64-length {
			return r, fmt.Errorf("the file %s has an impossible size of %d bytes", file.Name, file.Size)
		}
		length += file.Size
	}
	r.contentType = f.writer.FormDataContentType()
	r.stream = func() (io.Reader, error) { return f.open(length), nil }
	return r, nil
}

// open begins to read the form.
func (f *form) open(length int64) *formReader {
	parts := make([]io.Reader, 0, 2*len(f.files)+1)
	reader := &formReader{length: length}
	from := 0
	for i, file := range f.files {
		part := &filePartReader{file: file}
		reader.files = append(reader.files, part)
		parts = append(parts, bytes.NewReader(f.frame.Bytes()[from:f.cuts[i]]), part)
		from = f.cuts[i]
	}
	reader.Reader = io.MultiReader(append(parts, bytes.NewReader(f.frame.Bytes()[from:]))...)
	return reader
}

// formReader reads a form. Its length tells retryablehttp the Content-Length.
type formReader struct {
	io.Reader
	files  []*filePartReader
	length int64
}

// Len is the length of the whole form in bytes.
func (r *formReader) Len() int { return int(r.length) }

// Close closes the file that is being read.
func (r *formReader) Close() error {
	var errs []error
	for _, file := range r.files {
		errs = append(errs, file.close())
	}
	return errors.Join(errs...)
}

// filePartReader reads one file of a form. It is opened when its turn comes, so that many files never are open at once.
type filePartReader struct {
	file OrderFile
	open io.ReadCloser
	read int64
	done bool
}

func (p *filePartReader) Read(into []byte) (int, error) {
	if p.done {
		return 0, io.EOF
	}
	if p.open == nil {
		opened, err := p.file.Open()
		if err != nil {
			return 0, fmt.Errorf("read the file %s: %w", p.file.Name, err)
		}
		p.open = opened
	}
	n, err := p.open.Read(into)
	p.read += int64(n)
	switch {
	case p.read > p.file.Size, errors.Is(err, io.EOF) && p.read < p.file.Size:
		return n, fmt.Errorf("the file %s has changed while it was sent: it had %d bytes before", p.file.Name, p.file.Size)
	case errors.Is(err, io.EOF):
		p.done = true
		if err := p.close(); err != nil {
			return n, err
		}
		return n, io.EOF
	case err != nil:
		return n, fmt.Errorf("read the file %s: %w", p.file.Name, err)
	}
	return n, nil
}

func (p *filePartReader) close() error {
	if p.open == nil {
		return nil
	}
	err := p.open.Close()
	p.open, p.done = nil, true
	if err != nil {
		return fmt.Errorf("close the file %s: %w", p.file.Name, err)
	}
	return nil
}
