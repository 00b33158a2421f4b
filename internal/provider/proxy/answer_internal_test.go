package proxy

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// TestHeadersOfTheConnection leaves out what the connection names as its own.
func TestHeadersOfTheConnection(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for name, value := range headers(http.Header{
		"Connection": {"X-Hop, close", "x-other"}, "X-Hop": {"1"}, "X-Other": {"2"}, "Transfer-Encoding": {"chunked"}, "Date": {"now"},
		"Etag": {"a", "b"}, "x-lower": {"c"}, "X-Lower": {"d"},
	}).Elements() {
		text, _ := value.(types.String)
		got[name] = text.ValueString()
	}
	if diff := cmp.Diff(map[string]string{"etag": "a, b", "x-lower": "d, c"}, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// TestCanonical compares JSON by what it says.
func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"spaces and order":    {`{"a": 1, "b": [true, null]}`, `{"b":[true,null],"a":1}`, true},
		"escapes":             {`"<é>"`, `"\u003c\u00e9\u003e"`, true},
		"large numbers":       {`12345678901234567890`, `12345678901234567891`, false},
		"numbers as written":  {`1.0`, `1`, false},
		"the order of a list": {`[1,2]`, `[2,1]`, false},
		"text and number":     {`"1"`, `1`, false},
		"more than one value": {`1 2`, `1`, false},
		"no JSON":             {`{`, `{`, true},
	} {
		if same := canonical([]byte(c.a)) == canonical([]byte(c.b)); same != c.same {
			t.Errorf("%s: same is %t", name, same)
		}
	}
}
