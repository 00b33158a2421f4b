package schemajson_test

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tinyProvider does nothing and offers one of each kind, so that every part of the conversion has something to convert.
type tinyProvider struct {
	// resourceSchema replaces that of the resource when set.
	resourceSchema *schema.Schema
}

var (
	_ provider.ProviderWithFunctions          = tinyProvider{}
	_ provider.ProviderWithActions            = tinyProvider{}
	_ provider.ProviderWithEphemeralResources = tinyProvider{}
	_ provider.ProviderWithListResources      = tinyProvider{}
)

func (tinyProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "tiny"
}

func (tinyProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{
		MarkdownDescription: "A *tiny* provider.",
		Attributes: map[string]providerschema.Attribute{
			"token": providerschema.StringAttribute{Optional: true, Sensitive: true, Description: "A token."},
		},
	}
}

func (tinyProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p tinyProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return tinyResource(p) }}
}

func (tinyProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return tinyDataSource{} }}
}

func (tinyProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return tinyEphemeral{} }}
}

func (tinyProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return tinyList{} }}
}

func (tinyProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return tinyAction{} }}
}

func (tinyProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return tinyFunction{} }}
}

type tinyResource struct{ resourceSchema *schema.Schema }

var _ resource.ResourceWithIdentity = tinyResource{}

func (tinyResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "tiny_thing"
}

func (r tinyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	if r.resourceSchema != nil {
		resp.Schema = *r.resourceSchema

		return
	}
	leaf := map[string]schema.Attribute{"leaf": schema.Int64Attribute{Required: true, Description: "A leaf."}}
	resp.Schema = schema.Schema{
		Version:             3,
		MarkdownDescription: "A thing with `<angle>` brackets.",
		DeprecationMessage:  "use another thing",
		Attributes: map[string]schema.Attribute{
			"id":     schema.StringAttribute{Computed: true, Description: "The id."},
			"secret": schema.StringAttribute{Optional: true, WriteOnly: true, MarkdownDescription: "A secret."},
			"old":    schema.BoolAttribute{Optional: true, DeprecationMessage: "use new"},
			"any":    schema.DynamicAttribute{Optional: true},
			"number": schema.NumberAttribute{Optional: true, Computed: true},
			"names":  schema.SetAttribute{Optional: true, ElementType: types.StringType},
			"object": schema.ObjectAttribute{Optional: true, AttributeTypes: map[string]attrType{"a": types.ListType{ElemType: types.BoolType}}},
			"single": schema.SingleNestedAttribute{Optional: true, Attributes: leaf, Description: "1."},
			"listed": schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: leaf}},
			"set":    schema.SetNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: leaf}},
			"mapped": schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: leaf}},
		},
		Blocks: map[string]schema.Block{
			"one":  schema.SingleNestedBlock{Attributes: leaf},
			"many": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: leaf}, Description: "Many."},
			"bag":  schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: leaf}},
		},
	}
}

func (tinyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Version: 2,
		Attributes: map[string]identityschema.Attribute{
			"id":     identityschema.StringAttribute{RequiredForImport: true, Description: "The id."},
			"region": identityschema.StringAttribute{OptionalForImport: true},
		},
	}
}

func (tinyResource) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}
func (tinyResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (tinyResource) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (tinyResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

type tinyDataSource struct{}

func (tinyDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "tiny_lookup"
}

func (tinyDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = datasourceschema.Schema{
		Attributes: map[string]datasourceschema.Attribute{"rate": datasourceschema.Float64Attribute{Computed: true, Description: "A rate."}},
	}
}

func (tinyDataSource) Read(context.Context, datasource.ReadRequest, *datasource.ReadResponse) {}

type tinyEphemeral struct{}

func (tinyEphemeral) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "tiny_token"
}

func (tinyEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{
		Attributes: map[string]ephemeralschema.Attribute{"token": ephemeralschema.StringAttribute{Computed: true, Sensitive: true}},
	}
}

func (tinyEphemeral) Open(context.Context, ephemeral.OpenRequest, *ephemeral.OpenResponse) {}

type tinyList struct{}

func (tinyList) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "tiny_thing"
}

func (tinyList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listschema.Schema{
		Attributes: map[string]listschema.Attribute{"status": listschema.StringAttribute{Optional: true, Description: "Only these."}},
	}
}

func (tinyList) List(context.Context, list.ListRequest, *list.ListResultsStream) {}

type tinyAction struct{}

func (tinyAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "tiny_poke"
}

func (tinyAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = actionschema.Schema{
		Attributes: map[string]actionschema.Attribute{"times": actionschema.Int64Attribute{Required: true, Description: "How often."}},
	}
}

func (tinyAction) Invoke(context.Context, action.InvokeRequest, *action.InvokeResponse) {}

type tinyFunction struct{}

func (tinyFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "join"
}

func (tinyFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:            "Joins.",
		Description:        "Joins the parts.",
		DeprecationMessage: "use the built-in one",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "separator", Description: "What goes between.", AllowNullValue: true},
		},
		VariadicParameter: function.StringParameter{Name: "parts"},
		Return:            function.ListReturn{ElementType: types.StringType},
	}
}

func (tinyFunction) Run(context.Context, function.RunRequest, *function.RunResponse) {}
