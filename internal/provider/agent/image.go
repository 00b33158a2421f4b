package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
)

// maxImageBytes bounds what is read into memory; no source states AUTX's own limit.
const maxImageBytes = 32 << 20

// imageFile is an image that was read from disk.
type imageFile struct {
	client.Image
	sha256 string
}

// readImage reads an image file and finds out its type from its content: AUTX takes JPEG, PNG and WebP (client 0.4.1).
func readImage(name string) (*imageFile, error) {
	file, err := os.Open(name) //nolint:gosec // reading the file that the user names is the purpose
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	content, err := io.ReadAll(io.LimitReader(file, maxImageBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	if len(content) > maxImageBytes {
		return nil, fmt.Errorf("the image %s is larger than %d bytes", name, maxImageBytes)
	}
	contentType := http.DetectContentType(content)
	switch contentType {
	case "image/jpeg", "image/png", "image/webp":
	default:
		return nil, fmt.Errorf("the file %s is not a JPEG, PNG or WebP image: its content looks like %s", name, contentType)
	}
	digest := sha256.Sum256(content)
	return &imageFile{
		Image:  client.Image{FileName: filepath.Base(name), ContentType: contentType, Content: content},
		sha256: hex.EncodeToString(digest[:]),
	}, nil
}
