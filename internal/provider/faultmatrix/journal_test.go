package faultmatrix_test

import (
	"io/fs"
	"os"
	"path/filepath"

	"pgregory.net/rapid"
)

// snapshot reads the files of a journal, as they are on the disk when a process dies.
func snapshot(t *rapid.T, dir string) map[string][]byte {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = data
		return err
	})
	if err != nil {
		t.Fatalf("read the journal: %v", err)
	}
	return files
}

// restore makes a journal what it was.
func restore(t *rapid.T, dir string, files map[string][]byte) {
	for name := range snapshot(t, dir) {
		if _, there := files[name]; !there {
			if err := os.Remove(name); err != nil {
				t.Fatalf("restore the journal: %v", err)
			}
		}
	}
	for name, data := range files {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatalf("restore the journal: %v", err)
		}
	}
}
