package agent

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/progress"
)

var (
	_ action.ActionWithConfigure  = (*KeyRotateAction)(nil)
	_ action.ActionWithModifyPlan = (*KeyRotateAction)(nil)
)

// KeyRotateAction is the action autx_provider_key_rotate. Its value is no write-only argument: the framework lets a schema of an action have one, and
// refuses every value of it when it validates (terraform-plugin-framework 1.19).
type KeyRotateAction struct {
	acting
}

// NewKeyRotateAction builds the action.
func NewKeyRotateAction() action.Action { return &KeyRotateAction{} }

type keyRotateModel struct {
	Agent types.String    `tfsdk:"agent"`
	Key   rotatedKeyModel `tfsdk:"provider_key"`
}

type rotatedKeyModel struct {
	Provider types.String `tfsdk:"provider"`
	Value    types.String `tfsdk:"value"`
	ValueEnv types.String `tfsdk:"value_env"`
}

// Metadata implements action.Action.
func (*KeyRotateAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_provider_key_rotate"
}

// Schema implements action.Action.
func (*KeyRotateAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Gives an agent of the account another key of its model's provider: AUTX stores it in the place of the one before. " +
			"The key is in no state, log or message.\n\n" +
			"Nothing can be read back, so each invocation sends the key. A resource can't be told of it: where `autx_agent` manages the key, change " +
			"`value_wo_version` instead.\n\nActions need Terraform 1.14 or newer.",
		Attributes: map[string]schema.Attribute{
			"agent": agentArgument(),
			"provider_key": schema.SingleNestedAttribute{
				Required: true, MarkdownDescription: "The key of the model's provider, such as OpenAI.",
				Attributes: rotatedKeyAttributes(),
			},
		},
	}
}

func rotatedKeyAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"provider": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The model provider that the key belongs to, such as `openai`. What AUTX has stays where this is left out.",
		},
		"value": schema.StringAttribute{
			Optional: true,
			Validators: []validator.String{
				stringvalidator.LengthAtLeast(1),
				stringvalidator.ExactlyOneOf(path.MatchRelative(), path.MatchRelative().AtParent().AtName("value_env")),
			},
			MarkdownDescription: "The key. Give this or `value_env`. A saved plan has the arguments of its actions in plain text: take the key from a " +
				"variable that is `sensitive`, and keep such plans to yourself, or use `value_env`.",
		},
		"value_env": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The name of an environment variable that has the key where the apply runs. No plan has the key then.",
		},
	}
}

// ModifyPlan implements action.ActionWithModifyPlan. It reads only.
func (a *KeyRotateAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	wanted, diags := named(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	var variable types.String
	at := path.Root("provider_key").AtName("value_env")
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, at, &variable)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags = a.facts(ctx, wanted)
	resp.Diagnostics.Append(diags...)
	if name := variable.ValueString(); name != "" && os.Getenv(name) == "" {
		resp.Diagnostics.AddAttributeWarning(at, "Environment variable is not set",
			fmt.Sprintf("The environment variable %s has no value here. Where the apply has none either, the action fails.", name))
	}
}

// Invoke implements action.Action.
func (a *KeyRotateAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer a.data.Paced(&resp.Diagnostics)
	say := progress.New(ctx, resp)
	defer say.Close()
	var model keyRotateModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	key, diags := model.Key.value()
	resp.Diagnostics.Append(diags...)
	api, diags := a.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := a.get(ctx, model.Agent.ValueString())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	say.Say(fmt.Sprintf("The provider key of agent %s is sent.", found.Ticker))
	_, err := api.Agents.SetProviderKey(ctx, found.ID, client.ProviderKey{APIKey: key, Provider: model.Key.Provider.ValueString()})
	a.walk.mine.Wrote(found.ID)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not set the provider key of agent "+found.Ticker, err, keyRotatePaths)...)
		return
	}
	say.Say(fmt.Sprintf("Agent %s has the new provider key.", found.Ticker))
}

// value is the key to send.
func (m *rotatedKeyModel) value() (string, diag.Diagnostics) {
	name := m.ValueEnv.ValueString()
	if name == "" {
		return m.Value.ValueString(), nil
	}
	if key := os.Getenv(name); key != "" {
		return key, nil
	}
	return "", diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("provider_key").AtName("value_env"), "Environment variable is not set",
		fmt.Sprintf("The environment variable %s has no value, so there is no key to send. Nothing was changed.", name))}
}

// keyRotatePaths finds the argument for a field of the request.
func keyRotatePaths(field []string) (path.Path, bool) {
	if len(field) == 0 {
		return path.Empty(), false
	}
	switch field[len(field)-1] {
	case "provider":
		return path.Root("provider_key").AtName("provider"), true
	case "provider_api_key", "api_key":
		return path.Root("provider_key").AtName("value"), true
	}
	return path.Empty(), false
}
