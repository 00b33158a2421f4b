package protocol

import (
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Opened is an ephemeral resource that is open.
type Opened struct {
	// TypeName is its type.
	TypeName string
	// Values are its attributes.
	Values Values
	// Private is what the provider keeps beside them.
	Private []byte
	// RenewAt is when a CLI would renew it; the zero time is never.
	RenewAt time.Time
}

// ValidateEphemeral checks an ephemeral block.
func (d *Driver) ValidateEphemeral(typeName string, config Values) Diagnostics {
	d.t.Helper()
	resp, err := d.server.ValidateEphemeralResourceConfig(d.ctx, &tfprotov6.ValidateEphemeralResourceConfigRequest{
		TypeName: typeName, Config: d.dynamic(d.build(d.ephemeral(typeName), config)),
	})
	d.noError("ValidateEphemeralResourceConfig", err)
	return resp.Diagnostics
}

// OpenEphemeral opens an ephemeral resource, as a CLI does in a plan and again in an apply, once all of its configuration is known. It is nil where that
// failed or was put off.
func (d *Driver) OpenEphemeral(typeName string, config Values) (*Opened, *tfprotov6.Deferred, Diagnostics) {
	d.t.Helper()
	schema := d.ephemeral(typeName)
	configured := d.build(schema, config)
	resp, err := d.server.OpenEphemeralResource(d.ctx, &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: typeName, Config: d.dynamic(configured),
		ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: d.DeferralAllowed},
	})
	d.noError("OpenEphemeralResource", err)
	diags := Diagnostics(resp.Diagnostics)
	d.checkDeferral(resp.Deferred)
	if diags.HasErrors() || resp.Deferred != nil {
		return nil, resp.Deferred, diags
	}
	result := d.value(schema, resp.Result)
	if result.IsNull() || !result.IsFullyKnown() {
		d.t.Errorf("ephemeral resource %s was opened as %s", typeName, result)
	}
	d.hold(checkPlanned(schema, d.null(schema), configured, result), "open")
	return &Opened{TypeName: typeName, Values: plainObject(result), Private: resp.Private, RenewAt: resp.RenewAt}, nil, diags
}

// RenewEphemeral renews what is open.
func (d *Driver) RenewEphemeral(opened *Opened) Diagnostics {
	d.t.Helper()
	resp, err := d.server.RenewEphemeralResource(d.ctx, &tfprotov6.RenewEphemeralResourceRequest{TypeName: opened.TypeName, Private: opened.Private})
	d.noError("RenewEphemeralResource", err)
	if diags := Diagnostics(resp.Diagnostics); diags.HasErrors() {
		return diags
	}
	opened.Private, opened.RenewAt = resp.Private, resp.RenewAt
	return resp.Diagnostics
}

// CloseEphemeral closes what is open.
func (d *Driver) CloseEphemeral(opened *Opened) Diagnostics {
	d.t.Helper()
	resp, err := d.server.CloseEphemeralResource(d.ctx, &tfprotov6.CloseEphemeralResourceRequest{TypeName: opened.TypeName, Private: opened.Private})
	d.noError("CloseEphemeralResource", err)
	return resp.Diagnostics
}

func (d *Driver) ephemeral(typeName string) *tfprotov6.Schema {
	d.t.Helper()
	return d.schema("ephemeral resource", typeName, d.schemas.EphemeralResourceSchemas)
}
