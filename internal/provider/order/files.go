package order

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// fileModel is one element of files.
type fileModel struct {
	Name          types.String `tfsdk:"name"`
	Source        types.String `tfsdk:"source"`
	ContentBase64 types.String `tfsdk:"content_base64"`
	SHA256        types.String `tfsdk:"sha256"`
}

var fileTypes = map[string]attr.Type{
	"name": types.StringType, "source": types.StringType, "content_base64": types.StringType, "sha256": types.StringType,
}

// readable tells whether it is known where the content is.
func (f fileModel) readable() bool { return !f.Source.IsUnknown() && !f.ContentBase64.IsUnknown() }

// content is a file's content of which size and digest are known. It is not held in memory.
type content struct {
	name   string
	size   int64
	sha256 string
	open   func() (io.ReadCloser, error)
}

// read reads through a file's content once, to measure it.
func (f fileModel) read() (*content, error) {
	c := &content{name: f.Name.ValueString()}
	switch source := f.Source.ValueString(); {
	case f.Source.IsNull():
		encoded := f.ContentBase64.ValueString()
		c.open = func() (io.ReadCloser, error) {
			return io.NopCloser(base64.NewDecoder(base64.StdEncoding, strings.NewReader(encoded))), nil
		}
	default:
		// Opening a pipe or a device could wait for ever.
		info, err := os.Stat(source)
		if err != nil {
			return nil, fmt.Errorf("read the file: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file", source)
		}
		c.open = func() (io.ReadCloser, error) {
			return os.Open(source) //nolint:gosec // reading the file that the user names is the purpose
		}
	}
	opened, err := c.open()
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	defer opened.Close()
	digest := sha256.New()
	if c.size, err = io.Copy(digest, opened); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	c.sha256 = hex.EncodeToString(digest.Sum(nil))
	return c, nil
}

// forRequest is the file as the client sends it.
func (c *content) forRequest() client.OrderFile {
	return client.OrderFile{Name: c.name, Size: c.size, Open: func() (io.ReadCloser, error) {
		opened, err := c.open()
		if err != nil {
			return nil, err //nolint:wrapcheck // the client names the file
		}
		return &checkedReader{ReadCloser: opened, digest: sha256.New(), want: c.sha256}, nil
	}}
}

// errChanged breaks an order off whose file is not the one any more that the key is bound to.
var errChanged = errors.New("its content changed while it was sent")

// checkedReader gives a file's content and ends with an error in place of its end when the content is not the one that was measured: then the request
// stays incomplete, and the service can't carry it out.
type checkedReader struct {
	io.ReadCloser
	digest hash.Hash
	want   string
}

// Read implements io.Reader.
func (r *checkedReader) Read(into []byte) (int, error) {
	n, err := r.ReadCloser.Read(into)
	r.digest.Write(into[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(r.digest.Sum(nil)) != r.want {
		err = errChanged
	}
	return n, err //nolint:wrapcheck // io.EOF must stay what it is, and the client names the file
}
