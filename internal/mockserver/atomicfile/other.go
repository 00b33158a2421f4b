//go:build !unix

// Package atomicfile writes files that are either old or new, never half of both.
package atomicfile

import (
	"os"
	"path/filepath"
)

// Write replaces a file's content. Only the owner may read a file that it creates. (The library that does it elsewhere knows no Windows.)
func Write(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}
