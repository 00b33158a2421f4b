package gitops_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var fences = regexp.MustCompile("(?s)```\\w*\n(.*?\n)```\n")

// fence gives the only block of the README that begins with a text.
func fence(t *testing.T, beginning string) string {
	t.Helper()
	var found []string
	for _, block := range fences.FindAllStringSubmatch(read(t, filepath.Join(kit, "README.md")), -1) {
		if strings.HasPrefix(block[1], beginning) {
			found = append(found, block[1])
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d blocks of the README begin with %q", len(found), beginning)
	}
	return found[0]
}

// TestReadmeNamesEveryFile holds the README's table to the files: each is named, and nothing else.
func TestReadmeNamesEveryFile(t *testing.T) {
	t.Parallel()
	var named []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`|]*[./][^`|]*)` \\|").FindAllStringSubmatch(read(t, filepath.Join(kit, "README.md")), -1) {
		named = append(named, row[1])
	}
	tree := os.DirFS(kit)
	for _, name := range named {
		if files, err := fs.Glob(tree, strings.TrimSuffix(name, "/")); err != nil || len(files) == 0 {
			t.Errorf("the README names %s, which is not there", name)
		}
	}
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || file == "README.md" || strings.Contains(file, "fixtures/") {
			return err
		}
		if !slices.ContainsFunc(named, func(name string) bool {
			matched, _ := filepath.Match(name, file)
			return matched || (strings.HasSuffix(name, "/") && strings.HasPrefix(file, name))
		}) {
			t.Errorf("the README does not say what %s is for", file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestGuideShowsTheKit holds what the guide and the README quote to what stands in the example.
func TestGuideShowsTheKit(t *testing.T) {
	t.Parallel()
	quoted := map[string]string{"yaml": kit + "/budgets/research.yaml", "terraform": kit + "/provider.tf"}
	block := regexp.MustCompile("(?s)```(yaml|terraform)\n(.*?)```")
	for _, page := range []string{root + "/templates/guides/budgets.md", kit + "/README.md"} {
		blocks := block.FindAllStringSubmatch(read(t, page), -1)
		if len(blocks) == 0 {
			t.Errorf("%s quotes nothing", page)
		}
		for _, found := range blocks {
			content := spaced(read(t, quoted[found[1]]))
			for line := range strings.Lines(found[2]) {
				if !strings.Contains(content, spaced(line)) {
					t.Errorf("%s quotes %q, which is not in %s", page, strings.TrimSpace(line), quoted[found[1]])
				}
			}
		}
	}
}

// spaced makes all white space single spaces.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }
