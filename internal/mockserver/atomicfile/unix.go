//go:build unix

// Package atomicfile writes files that are either old or new, never half of both.
package atomicfile

import (
	"os"

	"github.com/google/renameio/v2"
)

// Write replaces a file's content, and is durable when it returns. Only the owner may read a file that it creates.
func Write(path string, data []byte) error { return renameio.WriteFile(path, data, os.FileMode(0o600)) }
