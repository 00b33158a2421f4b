package planned_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
)

type thing struct {
	Name types.String `tfsdk:"name"`
	Note types.String `tfsdk:"note"`
}

var thingSchema = schema.Schema{Attributes: map[string]schema.Attribute{
	"name": schema.StringAttribute{Required: true}, "note": schema.StringAttribute{Computed: true},
}}

// of is a thing as the CLI sends it; none at all if it has no name.
func of(name, note string) tftypes.Value {
	kind := thingSchema.Type().TerraformType(context.Background())
	if name == "" {
		return tftypes.NewValue(kind, nil)
	}
	return tftypes.NewValue(kind, map[string]tftypes.Value{
		"name": tftypes.NewValue(tftypes.String, name), "note": tftypes.NewValue(tftypes.String, note),
	})
}

// TestModify goes through each step, with and without a change of the step's own.
func TestModify(t *testing.T) {
	t.Parallel()
	note := func(plan *thing, text string) diag.Diagnostics {
		plan.Note = types.StringValue(text)
		return nil
	}
	for name, test := range map[string]struct {
		state, plan, want tftypes.Value
		step              string
		update            func(state thing, plan *thing) diag.Diagnostics
	}{
		"create":  {state: of("", ""), plan: of("a", ""), want: of("a", "new"), step: "create"},
		"destroy": {state: of("a", "x"), plan: of("", ""), want: of("", ""), step: "destroy"},
		"no change": {
			state: of("a", "x"), plan: of("a", "x"), want: of("a", "x"), step: "update",
			update: func(state thing, plan *thing) diag.Diagnostics {
				if *plan != state {
					t.Errorf("plan %v of state %v", *plan, state)
				}
				return nil
			},
		},
		"no change but the step's": {
			state: of("a", "x"), plan: of("a", "x"), want: of("a", "y"), step: "update",
			update: func(_ thing, plan *thing) diag.Diagnostics { return note(plan, "y") },
		},
		"a change": {
			state: of("a", "x"), plan: of("b", "x"), want: of("b", "was a"), step: "update",
			update: func(state thing, plan *thing) diag.Diagnostics {
				if plan.Name.ValueString() != "b" {
					t.Errorf("plan %v", *plan)
				}
				return note(plan, "was "+state.Name.ValueString())
			},
		},
		"the step refuses": {
			state: of("a", "x"), plan: of("b", "x"), want: of("b", "x"), step: "update refused",
			update: func(_ thing, plan *thing) diag.Diagnostics {
				note(plan, "y")
				return diag.Diagnostics{diag.NewErrorDiagnostic("refused", "")}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var step string
			req := resource.ModifyPlanRequest{
				State: tfsdk.State{Schema: thingSchema, Raw: test.state}, Plan: tfsdk.Plan{Schema: thingSchema, Raw: test.plan},
			}
			resp := &resource.ModifyPlanResponse{Plan: tfsdk.Plan{Schema: thingSchema, Raw: test.plan.Copy()}}
			planned.Modify(t.Context(), req, resp, planned.Steps[thing]{
				Create: func(_ context.Context, plan *thing) diag.Diagnostics {
					step = "create"
					return note(plan, "new")
				},
				Update: func(_ context.Context, state thing, plan *thing) diag.Diagnostics {
					step = "update"
					return test.update(state, plan)
				},
				Destroy: func(context.Context, thing) diag.Diagnostics {
					step = "destroy"
					return nil
				},
			})
			if resp.Diagnostics.HasError() {
				step += " refused"
			}
			if step != test.step || !resp.Plan.Raw.Equal(test.want) {
				t.Errorf("%s: %s; want %s: %s", step, resp.Plan.Raw, test.step, test.want)
			}
		})
	}
}
