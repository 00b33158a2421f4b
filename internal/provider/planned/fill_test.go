package planned_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
)

var (
	inner = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.String, "b": tftypes.String}}
	outer = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"id": tftypes.String, "price": tftypes.String, "inner": inner,
		"list": tftypes.List{ElementType: tftypes.String},
	}}
)

func str(v any) tftypes.Value { return tftypes.NewValue(tftypes.String, v) }

func in(a, b any) tftypes.Value {
	return tftypes.NewValue(inner, map[string]tftypes.Value{"a": str(a), "b": str(b)})
}

func out(id, price any, in tftypes.Value, list ...tftypes.Value) tftypes.Value {
	return tftypes.NewValue(outer, map[string]tftypes.Value{
		"id": str(id), "price": str(price), "inner": in, "list": tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, list),
	})
}

func TestFill(t *testing.T) {
	t.Parallel()
	unknown := tftypes.UnknownValue
	for name, c := range map[string]struct{ plan, observed, want tftypes.Value }{
		"known values win over other spellings": {
			plan:     out(unknown, "5.00", in("x", unknown)),
			observed: out("7", "5", in("X", "y")),
			want:     out("7", "5.00", in("x", "y")),
		},
		"a known null stays null": {
			plan:     out(unknown, nil, tftypes.NewValue(inner, nil)),
			observed: out("7", "5", in("X", "y")),
			want:     out("7", nil, tftypes.NewValue(inner, nil)),
		},
		"a whole unknown object is taken over": {
			plan:     out("7", "5", tftypes.NewValue(inner, unknown)),
			observed: out("8", "6", in("x", nil)),
			want:     out("7", "5", in("x", nil)),
		},
		"what nobody knows is null": {
			plan:     out(unknown, unknown, in(unknown, "b")),
			observed: out(unknown, nil, tftypes.NewValue(inner, nil)),
			want:     out(nil, nil, in(nil, "b")),
		},
		"lists keep their planned elements": {
			plan:     out("7", "5", in("a", "b"), str("one"), str(unknown)),
			observed: out("7", "5", in("a", "b"), str("eins"), str("two")),
			want:     out("7", "5", in("a", "b"), str("one"), str("two")),
		},
	} {
		got, err := planned.Fill(c.plan, c.observed)
		if err != nil || !got.Equal(c.want) {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, c.want)
		}
		if !got.IsFullyKnown() {
			t.Errorf("%s: %s is not fully known", name, got)
		}
	}
}
