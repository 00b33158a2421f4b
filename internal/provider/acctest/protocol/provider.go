package protocol

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// ValidateProvider checks a provider block.
func (d *Driver) ValidateProvider(config Values) Diagnostics {
	d.t.Helper()
	resp, err := d.server.ValidateProviderConfig(d.ctx, &tfprotov6.ValidateProviderConfigRequest{Config: d.dynamic(d.build(d.schemas.Provider, config))})
	d.noError("ValidateProviderConfig", err)
	return resp.Diagnostics
}

// Configure configures the provider.
func (d *Driver) Configure(config Values) Diagnostics {
	d.t.Helper()
	d.config = config
	resp, err := d.server.ConfigureProvider(d.ctx, &tfprotov6.ConfigureProviderRequest{
		TerraformVersion:   CLIVersion,
		Config:             d.dynamic(d.build(d.schemas.Provider, config)),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: d.DeferralAllowed},
	})
	d.noError("ConfigureProvider", err)
	return resp.Diagnostics
}

// MustConfigure is Configure that must have nothing to say.
func (d *Driver) MustConfigure(config Values) {
	d.t.Helper()
	if diags := d.Configure(config); len(diags) > 0 {
		d.t.Fatalf("configure: %s", diags)
	}
}

// ValidateResource checks a resource block.
func (d *Driver) ValidateResource(typeName string, config Values) Diagnostics {
	d.t.Helper()
	resp, err := d.server.ValidateResourceConfig(d.ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName:           typeName,
		Config:             d.dynamic(d.build(d.resource(typeName), config)),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: !d.NoWriteOnly},
	})
	d.noError("ValidateResourceConfig", err)
	return resp.Diagnostics
}

// ValidateDataSource checks a data block.
func (d *Driver) ValidateDataSource(typeName string, config Values) Diagnostics {
	d.t.Helper()
	resp, err := d.server.ValidateDataResourceConfig(d.ctx, &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: typeName, Config: d.dynamic(d.build(d.dataSource(typeName), config)),
	})
	d.noError("ValidateDataResourceConfig", err)
	return resp.Diagnostics
}

// ReadDataSource reads a data source; what it read is nil where that failed or was put off.
func (d *Driver) ReadDataSource(typeName string, config Values) (Values, *tfprotov6.Deferred, Diagnostics) {
	d.t.Helper()
	schema := d.dataSource(typeName)
	resp, err := d.server.ReadDataSource(d.ctx, &tfprotov6.ReadDataSourceRequest{
		TypeName: typeName, Config: d.dynamic(d.build(schema, config)),
		ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: d.DeferralAllowed},
	})
	d.noError("ReadDataSource", err)
	diags := Diagnostics(resp.Diagnostics)
	d.checkDeferral(resp.Deferred)
	if diags.HasErrors() || resp.Deferred != nil {
		return nil, resp.Deferred, diags
	}
	read := d.value(schema, resp.State)
	if read.IsNull() || !read.IsFullyKnown() {
		d.t.Errorf("data source %s was read as %s", typeName, read)
	}
	return plainObject(read), nil, diags
}
