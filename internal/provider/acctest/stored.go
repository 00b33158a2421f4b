package acctest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Stored is one object in the state file. Unlike what the CLI shows, it includes objects that are deposed.
type Stored struct {
	// Address is that of the resource, such as autx_agent.a["x"].
	Address string
	// Tainted and Deposed tell that the CLI wants to destroy the object.
	Tainted, Deposed bool
	// Attributes are its values.
	Attributes map[string]any
}

// Text is a value that is text; "" where it is null or something else.
func (s Stored) Text(attribute string) string {
	text, _ := s.Attributes[attribute].(string) // where it is something else, the zero value is meant
	return text
}

// Stored reads the managed objects in the state file; there being no file is the same as an empty one.
func (c *CLI) Stored() []Stored {
	c.t.Helper()
	return ReadStored(c.t, filepath.Join(c.Dir, "terraform.tfstate"))
}

// ReadStored reads the managed objects in a state file.
func ReadStored(t *testing.T, name string) []Stored {
	t.Helper()
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(data) == 0 { // a CLI that was killed leaves the file empty that it had locked
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Resources []struct {
			Mode, Type, Name string
			Instances        []struct {
				IndexKey   any            `json:"index_key"`
				Status     string         `json:"status"`
				Deposed    string         `json:"deposed"`
				Attributes map[string]any `json:"attributes"`
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatalf("read the state file: %v", err)
	}
	var out []Stored
	for _, r := range file.Resources {
		if r.Mode != "managed" {
			continue
		}
		for _, i := range r.Instances {
			address := r.Type + "." + r.Name
			switch key := i.IndexKey.(type) {
			case string:
				address += fmt.Sprintf("[%q]", key)
			case float64:
				address += fmt.Sprintf("[%d]", int(key))
			}
			out = append(out, Stored{Address: address, Tainted: i.Status == "tainted", Deposed: i.Deposed != "", Attributes: i.Attributes})
		}
	}
	return out
}
