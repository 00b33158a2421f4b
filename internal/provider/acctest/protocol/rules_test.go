package protocol //nolint:testpackage // the rules are not exported

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A small schema with every kind of attribute that the rules tell apart.
var ruled = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
	{Name: "name", Type: tftypes.String, Required: true},
	{Name: "id", Type: tftypes.String, Computed: true},
	{Name: "mode", Type: tftypes.String, Optional: true, Computed: true},
	{Name: "list", Type: tftypes.List{ElementType: tftypes.String}, Optional: true},
	{Name: "part", Optional: true, NestedType: &tfprotov6.SchemaObject{Nesting: tfprotov6.SchemaObjectNestingModeSingle, Attributes: []*tfprotov6.SchemaAttribute{
		{Name: "size", Type: tftypes.Number, Optional: true, Computed: true},
		{Name: "note", Type: tftypes.String, Optional: true},
		{Name: "secret", Type: tftypes.String, Optional: true, WriteOnly: true},
	}}},
}}}

func ruledValue(t *testing.T, from any) tftypes.Value {
	t.Helper()
	value, err := Build(ruled.ValueType(), from)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestPlanRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prior, config, planned any
		broken                 []string // the beginnings
	}{
		"as configured":                 {nil, Values{"name": "a"}, Values{"name": "a", "id": Unknown, "mode": "x"}, nil},
		"a spelling that stays":         {Values{"name": "A"}, Values{"name": "a"}, Values{"name": "A"}, nil},
		"another value":                 {Values{"name": "A"}, Values{"name": "a"}, Values{"name": "b"}, []string{"name is"}},
		"a value out of nothing":        {nil, Values{"name": "a"}, Values{"name": "a", "list": []string{"x"}}, []string{"list is"}},
		"a configured value is dropped": {nil, Values{"name": "a", "mode": "m"}, Values{"name": "a", "mode": "n"}, []string{"mode is"}},
		"an unknown is made up":         {nil, Values{"name": Unknown}, Values{"name": "a"}, []string{"name is"}},
		"a known is made unknown":       {nil, Values{"name": "a"}, Values{"name": Unknown}, []string{"name is"}},
		"within an object":              {nil, Values{"name": "a", "part": Values{"note": "n"}}, Values{"name": "a", "part": Values{"note": "o", "size": 1}}, []string{"part.note is"}},
		"a computed part of an object":  {nil, Values{"name": "a", "part": Values{"note": "n"}}, Values{"name": "a", "part": Values{"note": "n", "size": 1}}, nil},
		"an object is dropped":          {nil, Values{"name": "a", "part": Values{"note": "n"}}, Values{"name": "a"}, []string{"part is"}},
		"a secret is planned":           {nil, Values{"name": "a", "part": Values{"secret": "s"}}, Values{"name": "a", "part": Values{"secret": "s"}}, []string{"part.secret is write-only"}},
		"a secret is not planned":       {nil, Values{"name": "a", "part": Values{"secret": "s"}}, Values{"name": "a", "part": Values{}}, nil},
		"a destroy that stays":          {Values{"name": "a"}, nil, Values{"name": "a"}, []string{"the configuration is"}},
		"a destroy":                     {Values{"name": "a"}, nil, nil, nil},
	} {
		got := checkPlanned(ruled, ruledValue(t, c.prior), ruledValue(t, c.config), ruledValue(t, c.planned))
		expectBroken(t, name, got, c.broken)
	}
}

func TestApplyRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		planned, state any
		broken         []string
	}{
		"as planned":           {Values{"name": "a", "id": Unknown}, Values{"name": "a", "id": "7"}, nil},
		"unknown becomes null": {Values{"name": "a", "id": Unknown}, Values{"name": "a"}, nil},
		"another value":        {Values{"name": "a"}, Values{"name": "A"}, []string{"name was"}},
		"null gets a value":    {Values{"name": "a"}, Values{"name": "a", "mode": ""}, []string{"mode was"}},
		"a value gets null":    {Values{"name": "a", "part": Values{"note": "n"}}, Values{"name": "a"}, []string{"part was"}},
		"within an object":     {Values{"part": Values{"note": "n", "size": Unknown}}, Values{"part": Values{"note": "o", "size": 1}}, []string{"part.note was"}},
		"a list element":       {Values{"list": []any{"a", Unknown}}, Values{"list": []string{"b", "c"}}, []string{"list.0 was"}},
		"a list's length":      {Values{"list": []any{"a", Unknown}}, Values{"list": []string{"a"}}, []string{"list was"}},
		"a list":               {Values{"list": []any{"a", Unknown}}, Values{"list": []string{"a", "c"}}, nil},
	} {
		expectBroken(t, name, CheckApplied(ruledValue(t, c.planned), ruledValue(t, c.state)), c.broken)
	}
}

func TestProposedState(t *testing.T) {
	t.Parallel()
	prior := Values{"name": "a", "id": "7", "mode": "m", "list": []string{"x"}, "part": Values{"size": 3, "note": "n"}}
	for name, c := range map[string]struct{ prior, config, want any }{
		"a create":                         {nil, Values{"name": "a"}, Values{"name": "a"}},
		"what is computed stays":           {prior, Values{"name": "b"}, Values{"name": "b", "id": "7", "mode": "m"}},
		"within an object as well":         {prior, Values{"name": "a", "part": Values{"secret": "s"}}, Values{"name": "a", "id": "7", "mode": "m", "part": Values{"size": 3}}},
		"configuration has the last word":  {prior, Values{"name": "a", "mode": "n", "part": Unknown}, Values{"name": "a", "id": "7", "mode": "n", "part": Unknown}},
		"an object that was not there yet": {Values{"name": "a"}, Values{"name": "a", "part": Values{"note": "n"}}, Values{"name": "a", "part": Values{"note": "n"}}},
	} {
		got := proposedNew(ruled, ruledValue(t, c.prior), ruledValue(t, c.config))
		if want := ruledValue(t, c.want); !got.Equal(want) {
			t.Errorf("%s: proposed %s, want %s", name, got, want)
		}
	}
}

func expectBroken(t *testing.T, name string, got, want []string) {
	t.Helper()
	same := slices.EqualFunc(got, want, func(got, want string) bool { return len(got) >= len(want) && got[:len(want)] == want })
	if !same {
		t.Errorf("%s: broken are %q, want %q", name, got, want)
	}
}
