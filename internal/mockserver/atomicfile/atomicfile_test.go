package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver/atomicfile"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, content := range []string{"first, which is longer", "second", ""} {
		if err := atomicfile.Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%q, %v; want %q", got, err, content)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want a file for its owner only", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v; want nothing else left behind", entries, err)
	}
	if err := atomicfile.Write(filepath.Join(dir, "no", "such"), nil); err == nil {
		t.Error("no error")
	}
}
