// Package protocol drives the provider through the plugin protocol, in the process of the test.
package protocol

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/tuning"
)

// Version is the provider's version in protocol-level tests, and CLIVersion the CLI's.
const (
	Version    = "0.0.0-test"
	CLIVersion = "1.99.0"
)

// Driver drives the provider in the test's own process through the plugin protocol, as a CLI would, one call at a time. It reaches what no CLI at hand
// can do, and what a CLI hides. Every answer is held to the rules that a CLI holds providers to (see rules.go); breaking one fails the test.
//
// A CLI starts a provider anew for each walk over a configuration: one to plan, which refreshes first, and one to apply, which plans again. NextWalk begins
// one. Within a walk the methods may be called concurrently, as a CLI does.
type Driver struct {
	// DeferralAllowed tells the provider that the CLI can put resources off to a later run.
	DeferralAllowed bool
	// NoWriteOnly tells the provider that the CLI knows no write-only arguments.
	NoWriteOnly bool

	t          testing.TB
	ctx        context.Context //nolint:containedctx // what each call runs under; a test replaces it to interrupt calls
	server     tfprotov6.ProviderServerWithListResource
	config     Values // what it was configured with, for the next walk
	schemas    *tfprotov6.GetProviderSchemaResponse
	identities map[string]*tfprotov6.ResourceIdentitySchema
}

// New starts a provider that is not configured yet.
func New(t testing.TB) *Driver {
	t.Helper()
	d := &Driver{t: t, ctx: context.WithoutCancel(t.Context())}
	d.start()
	var err error
	if d.schemas, err = d.server.GetProviderSchema(d.ctx, &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatalf("read the schemas: %v", err)
	}
	if diags := Diagnostics(d.schemas.Diagnostics); len(diags) > 0 {
		t.Fatalf("the schemas are not valid: %s", diags)
	}
	identities, err := d.server.GetResourceIdentitySchemas(d.ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil || len(identities.Diagnostics) > 0 {
		t.Fatalf("read the identity schemas: %v %s", err, Diagnostics(identities.Diagnostics))
	}
	d.identities = identities.IdentitySchemas
	return d
}

func (d *Driver) start() {
	d.t.Helper()
	lister, ok := tuning.Server(provider.New(Version)()).(tfprotov6.ProviderServerWithListResource)
	if !ok {
		d.t.Fatal("the provider serves no list resources")
	}
	d.server = lister
}

// NextWalk starts the provider anew, with the same configuration.
func (d *Driver) NextWalk() {
	d.t.Helper()
	d.start()
	if diags := d.Configure(d.config); diags.HasErrors() {
		d.t.Fatalf("configure: %s", diags)
	}
}

// NewConfigured starts a provider that is configured as ProviderValues says.
func NewConfigured(t testing.TB, server *mockserver.Server) *Driver {
	t.Helper()
	d := New(t)
	d.MustConfigure(ProviderValues(t, server))
	return d
}

// ProviderValues are the arguments of ProviderBlock: the mock server's address and key, a journal of the test's own, and spending of up to $1,000.
func ProviderValues(t testing.TB, server *mockserver.Server) Values {
	t.Helper()
	return Values{
		"base_url": server.URL(), "api_key": server.Key(),
		"spending": Values{"max_per_apply": "1000", "journal": t.TempDir()},
	}
}

// WithContext gives the same provider with calls that run under another context.
func (d *Driver) WithContext(ctx context.Context) *Driver {
	other := *d
	other.ctx = ctx
	return &other
}

// Schemas are the schemas that the provider serves.
func (d *Driver) Schemas() *tfprotov6.GetProviderSchemaResponse { return d.schemas }

// Identities are the schemas of the resources' identities.
func (d *Driver) Identities() map[string]*tfprotov6.ResourceIdentitySchema { return d.identities }

func (d *Driver) resource(typeName string) *tfprotov6.Schema {
	d.t.Helper()
	return d.schema("resource", typeName, d.schemas.ResourceSchemas)
}

func (d *Driver) dataSource(typeName string) *tfprotov6.Schema {
	d.t.Helper()
	return d.schema("data source", typeName, d.schemas.DataSourceSchemas)
}

func (d *Driver) listResource(typeName string) *tfprotov6.Schema {
	d.t.Helper()
	return d.schema("list resource", typeName, d.schemas.ListResourceSchemas)
}

func (d *Driver) schema(kind, typeName string, of map[string]*tfprotov6.Schema) *tfprotov6.Schema {
	d.t.Helper()
	schema, ok := of[typeName]
	if !ok {
		d.t.Fatalf("the provider has no %s %s", kind, typeName)
	}
	return schema
}

func (d *Driver) build(schema *tfprotov6.Schema, values Values) tftypes.Value {
	d.t.Helper()
	if values == nil {
		values = Values{}
	}
	value, err := Build(schema.ValueType(), values)
	d.noError("build a value", err)
	return value
}

func (d *Driver) null(schema *tfprotov6.Schema) tftypes.Value {
	return tftypes.NewValue(schema.ValueType(), nil)
}

func (d *Driver) dynamic(value tftypes.Value) *tfprotov6.DynamicValue {
	d.t.Helper()
	out, err := tfprotov6.NewDynamicValue(value.Type(), value)
	d.noError("encode a value", err)
	return &out
}

// value decodes an answer; where the provider gave none it is null.
func (d *Driver) value(schema *tfprotov6.Schema, of *tfprotov6.DynamicValue) tftypes.Value {
	d.t.Helper()
	if of == nil {
		return d.null(schema)
	}
	value, err := of.Unmarshal(schema.ValueType())
	d.noError("decode a value", err)
	return value
}

// checkDeferral holds the provider to putting off only what the CLI said it can put off.
func (d *Driver) checkDeferral(deferred *tfprotov6.Deferred) {
	d.t.Helper()
	if deferred != nil && !d.DeferralAllowed {
		d.t.Error("the provider put off what this CLI can't put off")
	}
}

func (d *Driver) hold(broken []string, step string) {
	d.t.Helper()
	for _, rule := range broken {
		d.t.Errorf("%s: the CLI would call this a bug in the provider: %s", step, rule)
	}
}

func (d *Driver) noError(what string, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(fmt.Errorf("%s: %w", what, err))
	}
}
