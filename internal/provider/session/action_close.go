package session

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/progress"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/providerdata"
)

var _ action.ActionWithConfigure = (*CloseAction)(nil)

// CloseAction is the action autx_session_close.
type CloseAction struct {
	data *providerdata.Data
	walk *walk
}

// NewCloseAction builds the action.
func NewCloseAction() action.Action { return &CloseAction{} }

// Metadata implements action.Action.
func (*CloseAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_session_close"
}

// Schema implements action.Action.
func (*CloseAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Closes a chat session of your account, which releases the credits that it holds. A message that is being answered is " +
			"refunded. Closing a session that has ended changes nothing.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "The id of the session to close.",
			},
		},
	}
}

// Configure implements action.ActionWithConfigure.
func (a *CloseAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	if data != nil {
		a.data, a.walk = data, walkOf(data)
	}
}

// Invoke implements action.Action.
func (a *CloseAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer a.data.Paced(&resp.Diagnostics)
	var wanted types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &wanted)...)
	api, diags := a.data.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	reporter := progress.New(ctx, resp)
	defer reporter.Close()
	id := wanted.ValueString()
	before, err := a.walk.sessions.Get(ctx, id)
	switch {
	case client.IsNotFound(err):
		resp.Diagnostics.AddAttributeError(path.Root("id"), "No such session", fmt.Sprintf("Your account has no session %q. The data source autx_sessions "+
			"lists your sessions.\n\n%s", id, err))
		return
	case err != nil:
		resp.Diagnostics.Append(diagnose.Error("Could not read session "+id, err, nil)...)
		return
	case ended(before.Status.Or("")):
		reporter.Say(fmt.Sprintf("Session %s was %s already", id, before.Status.Or("")))
		return
	}
	closed, err := closeSession(ctx, api, id)
	a.walk.wrote(id)
	if err != nil {
		resp.Diagnostics.Append(diagnose.Error("Could not close session "+id, err, nil)...)
		return
	}
	reporter.Say(fmt.Sprintf("Session %s is %s", id, closed.Status.Or(statusClosed)))
}
