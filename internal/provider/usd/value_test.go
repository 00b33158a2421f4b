package usd_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
)

func value(t *testing.T, text any) usd.Value {
	t.Helper()
	v, err := usd.Type{}.ValueFromTerraform(t.Context(), tftypes.NewValue(tftypes.String, text))
	if err != nil {
		t.Fatal(err)
	}
	out, ok := v.(usd.Value)
	if !ok {
		t.Fatalf("a value of the type is a %T", v)
	}
	return out
}

func TestSemanticEquality(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b any
		same bool
	}{
		{"5", "5.00", true},
		{"0.50", "0.5", true},
		{"5", "5.01", false},
		{"five", "five", false},
		{nil, nil, false},
		{tftypes.UnknownValue, "5", false},
	} {
		same, diags := value(t, c.a).StringSemanticEquals(t.Context(), value(t, c.b))
		if same != c.same || diags.HasError() {
			t.Errorf("%v and %v: same = %v", c.a, c.b, same)
		}
	}
	if value(t, "5").Equal(value(t, "5.0")) || !value(t, "5").Equal(value(t, "5")) {
		t.Error("Equal must compare the text")
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	if got := value(t, "5.00").Keep(money.MustParse("5")); got.ValueString() != "5.00" {
		t.Errorf("the same amount in another spelling became %s", got)
	}
	if got := value(t, "5.00").Keep(money.MustParse("6")); got.ValueString() != "6" {
		t.Errorf("another amount became %s", got)
	}
	if got := usd.Null().Keep(money.MustParse("0")); got.ValueString() != "0" {
		t.Errorf("an amount where there was none became %s", got)
	}
}

func TestKeepSpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		state, plan, want types.String
	}{
		{"same amount", types.StringValue("5"), types.StringValue("5.00"), types.StringValue("5")},
		{"other amount", types.StringValue("5"), types.StringValue("6"), types.StringValue("6")},
		{"unknown", types.StringValue("5"), types.StringUnknown(), types.StringUnknown()},
		{"new", types.StringNull(), types.StringValue("5.00"), types.StringValue("5.00")},
		{"removed", types.StringValue("5"), types.StringNull(), types.StringNull()},
	} {
		resp := planmodifier.StringResponse{PlanValue: c.plan}
		usd.KeepSpelling().PlanModifyString(t.Context(), planmodifier.StringRequest{StateValue: c.state, PlanValue: c.plan}, &resp)
		if !resp.PlanValue.Equal(c.want) {
			t.Errorf("%s: planned %s, want %s", c.name, resp.PlanValue, c.want)
		}
	}
}

func TestValidators(t *testing.T) {
	t.Parallel()
	at := path.Root("manifest").AtName("session_price_per_message")
	for _, c := range []struct {
		validator validator.String
		value     types.String
		summary   string
	}{
		{usd.AtLeast(money.Zero()), types.StringValue("0"), ""},
		{usd.AtLeast(money.Zero()), types.StringValue("0.000001"), ""},
		{usd.AtLeast(money.Zero()), types.StringNull(), ""},
		{usd.AtLeast(money.Zero()), types.StringUnknown(), ""},
		{usd.AtLeast(money.Zero()), types.StringValue("-0.01"), "Amount out of range"},
		{usd.AtLeast(money.Zero()), types.StringValue("0.12345678901234567890"), "Amount has too many digits"},
		{usd.AtLeast(money.Zero()), types.StringValue("1,50"), "Not an amount of US dollars"},
		{usd.AtLeast(money.Zero()), types.StringValue("1e3"), "Not an amount of US dollars"},
		{usd.AtLeast(money.Zero()), types.StringValue("NaN"), "Not an amount of US dollars"},
		{usd.AtLeast(money.Zero()), types.StringValue(""), "Not an amount of US dollars"},
		{usd.Positive(), types.StringValue("0.00"), "Amount out of range"},
		{usd.Positive(), types.StringValue("0.01"), ""},
		{usd.Between(money.FromInt(5), money.FromInt(10000)), types.StringValue("5.00"), ""},
		{usd.Between(money.FromInt(5), money.FromInt(10000)), types.StringValue("4.99"), "Amount out of range"},
		{usd.Between(money.FromInt(5), money.FromInt(10000)), types.StringValue("10000.01"), "Amount out of range"},
	} {
		var resp validator.StringResponse
		c.validator.ValidateString(t.Context(), validator.StringRequest{Path: at, ConfigValue: c.value}, &resp)
		switch {
		case c.summary == "" && len(resp.Diagnostics) > 0:
			t.Errorf("%s: refused: %v", c.value, resp.Diagnostics)
		case c.summary != "" && (len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary() != c.summary):
			t.Errorf("%s: got %v, want %q", c.value, resp.Diagnostics, c.summary)
		case c.summary != "" && !strings.Contains(resp.Diagnostics[0].Detail(), at.String()):
			t.Errorf("%s: the text does not name the attribute: %s", c.value, resp.Diagnostics[0].Detail())
		}
	}
}
