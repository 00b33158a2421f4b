package revenue_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/revenue"
)

func run(t *testing.T, price string) (attr.Value, *function.FuncError) {
	t.Helper()
	f := revenue.NewSplitFunction()
	var definition function.DefinitionResponse
	f.Definition(t.Context(), function.DefinitionRequest{}, &definition)
	result, err := definition.Definition.Return.NewResultData(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resp := function.RunResponse{Result: result}
	f.Run(t.Context(), function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{types.StringValue(price)})}, &resp)
	return resp.Result.Value(), resp.Error
}

func TestRevenueSplit(t *testing.T) {
	t.Parallel()
	for price, want := range map[string][3]string{
		"0.50": {"0.05", "0.36", "0.09"}, "0": {"0", "0", "0"}, "1": {"0.1", "0.72", "0.18"}, "0.000001": {"0", "0.000001", "0"},
		"0.123456": {"0.012346", "0.088888", "0.022222"},
	} {
		got, err := run(t, price)
		if err != nil {
			t.Errorf("%s: %s", price, err)
			continue
		}
		object, ok := got.(types.Object)
		if !ok {
			t.Fatalf("%s: the result is a %T", price, got)
		}
		for name, share := range map[string]string{"platform": want[0], "creator": want[1], "buyback": want[2]} {
			if value, ok := object.Attributes()[name].(types.String); !ok || value.ValueString() != share {
				t.Errorf("%s: %s = %v, want %s", price, name, object.Attributes()[name], share)
			}
		}
	}
}

func TestRevenueSplitRefuses(t *testing.T) {
	t.Parallel()
	for _, price := range []string{"", "-1", "1e3", "abc", "0.1234567890123456789"} {
		if got, err := run(t, price); err == nil || err.FunctionArgument == nil || *err.FunctionArgument != 0 {
			t.Errorf("%q: %v, %v; want an error of the argument", price, got, err)
		}
	}
}
