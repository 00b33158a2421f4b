package protocol

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Instance is a resource in state.
type Instance struct {
	// TypeName is the resource's type.
	TypeName string
	// State are its attributes; null when it is gone.
	State tftypes.Value
	// Private is what the provider keeps beside them, nil in a state that an early version wrote.
	Private []byte
	// Identity is nil in a state that a CLI without identities wrote.
	Identity *tfprotov6.ResourceIdentityData
	// Tainted says that the CLI would replace it in the next run.
	Tainted bool
}

// Values are the attributes; nil when the resource is gone.
func (i *Instance) Values() Values { return plainObject(i.State) }

// Gone tells whether the resource is not there any more.
func (i *Instance) Gone() bool { return i == nil || i.State.IsNull() }

// ID is the attribute id.
func (i *Instance) ID() string {
	id, _ := i.Values()["id"].(string)
	return id
}

// IdentityValues are the attributes of the identity; nil when there is none.
func (d *Driver) IdentityValues(i *Instance) Values {
	d.t.Helper()
	if i.Identity == nil || i.Identity.IdentityData == nil {
		return nil
	}
	value, err := i.Identity.IdentityData.Unmarshal(d.identities[i.TypeName].ValueType())
	d.noError("read the identity", err)
	return plainObject(value)
}

// Stored builds an instance as a state file may hold it, with neither private data nor identity.
func (d *Driver) Stored(typeName string, state Values) *Instance {
	d.t.Helper()
	return &Instance{TypeName: typeName, State: d.build(d.resource(typeName), state)}
}

// Plan is a planned change of one resource.
type Plan struct {
	// Prior is what was there, nil for a create.
	Prior *Instance
	// Config and Planned are null for a destroy.
	Config, Planned tftypes.Value
	// RequiresReplace are the attributes that can't be changed in place.
	RequiresReplace []string
	// Deferred is why the provider put the change off, nil when it did not.
	Deferred *tfprotov6.Deferred
	// Diagnostics are what the provider had to say.
	Diagnostics Diagnostics

	typeName string
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// Values are the planned attributes, with Unknown for what is known only after the apply.
func (c *Plan) Values() Values { return plainObject(c.Planned) }

// Empty tells whether there is nothing to do.
func (c *Plan) Empty() bool { return c.Prior != nil && c.Planned.Equal(c.Prior.State) }

// Unknowns are the paths of what is known only after the apply, such as "spend.charged_usd", sorted.
func (c *Plan) Unknowns() []string { return unknowns(c.Planned) }

// Plan plans a resource: a create where prior is nil, a destroy where config is nil.
func (d *Driver) Plan(typeName string, prior *Instance, config Values) *Plan {
	d.t.Helper()
	schema := d.resource(typeName)
	change := &Plan{Prior: prior, typeName: typeName, Config: d.null(schema)}
	priorState := d.null(schema)
	req := &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: d.DeferralAllowed},
	}
	if prior != nil {
		priorState, req.PriorPrivate, req.PriorIdentity = prior.State, prior.Private, prior.Identity
	}
	proposed := d.null(schema)
	if config != nil {
		change.Config = d.build(schema, config)
		proposed = proposedNew(schema, priorState, change.Config)
	}
	req.PriorState, req.ProposedNewState, req.Config = d.dynamic(priorState), d.dynamic(proposed), d.dynamic(change.Config)
	resp, err := d.server.PlanResourceChange(d.ctx, req)
	d.noError("PlanResourceChange", err)

	change.Diagnostics, change.private, change.identity, change.Deferred = resp.Diagnostics, resp.PlannedPrivate, resp.PlannedIdentity, resp.Deferred
	d.checkDeferral(resp.Deferred)
	for _, at := range resp.RequiresReplace {
		change.RequiresReplace = append(change.RequiresReplace, pathText(at))
	}
	if change.Diagnostics.HasErrors() {
		return change
	}
	change.Planned = d.value(schema, resp.PlannedState)
	if change.Deferred == nil {
		d.hold(checkPlanned(schema, priorState, change.Config, change.Planned), "plan")
	}
	return change
}

// MustPlan is Plan without errors.
func (d *Driver) MustPlan(typeName string, prior *Instance, config Values) *Plan {
	d.t.Helper()
	change := d.Plan(typeName, prior, config)
	if change.Diagnostics.HasErrors() {
		d.t.Fatalf("plan: %s", change.Diagnostics)
	}
	return change
}

// Apply carries a plan out. It gives what the CLI would save, which is nothing (nil) for a create that failed before there was anything.
func (d *Driver) Apply(change *Plan) (*Instance, Diagnostics) {
	d.t.Helper()
	schema := d.resource(change.typeName)
	prior := d.null(schema)
	if change.Prior != nil {
		prior = change.Prior.State
	}
	resp, err := d.server.ApplyResourceChange(d.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: change.typeName, PriorState: d.dynamic(prior), PlannedState: d.dynamic(change.Planned), Config: d.dynamic(change.Config),
		PlannedPrivate: change.private, PlannedIdentity: change.identity,
	})
	d.noError("ApplyResourceChange", err)
	diags := Diagnostics(resp.Diagnostics)
	if resp.UnsafeToUseLegacyTypeSystem {
		d.t.Error("the provider asks for leniency that only old ones get")
	}
	state := d.value(schema, resp.NewState)
	if !state.IsFullyKnown() {
		d.t.Errorf("after the apply the state is not known: %v", unknowns(state))
	}
	d.hold(checkWriteOnly(schema, state), "apply")
	if !diags.HasErrors() {
		d.hold(CheckApplied(change.Planned, state), "apply")
	}
	if change.Prior == nil && state.IsNull() {
		return nil, diags
	}
	return &Instance{
		TypeName: change.typeName, State: state, Private: resp.Private, Identity: resp.NewIdentity, Tainted: change.Prior == nil && diags.HasErrors(),
	}, diags
}

// ApplyAside applies while the test goes on, without errors; what comes of it is sent when it is done.
func (d *Driver) ApplyAside(change *Plan) <-chan *Instance {
	done := make(chan *Instance, 1)
	go func() {
		made, diags := d.Apply(change)
		if diags.HasErrors() {
			d.t.Error(diags)
		}
		done <- made
	}()
	return done
}

// MustApply plans and applies, without errors, in a walk each, and begins another one for what comes after.
func (d *Driver) MustApply(typeName string, prior *Instance, config Values) *Instance {
	d.t.Helper()
	after, diags := d.PlanAndApply(typeName, prior, config)
	if diags.HasErrors() {
		d.t.Fatalf("apply: %s", diags)
	}
	return after
}

// PlanAndApply plans, without errors, and applies, in a walk each, and begins another one for what comes after.
func (d *Driver) PlanAndApply(typeName string, prior *Instance, config Values) (*Instance, Diagnostics) {
	d.t.Helper()
	d.NextWalk()
	saved := d.MustPlan(typeName, prior, config)
	d.NextWalk()
	again := d.MustPlan(typeName, prior, config)
	d.hold(CheckApplied(saved.Planned, again.Planned), "second plan")
	after, diags := d.Apply(again)
	d.NextWalk()
	return after, diags
}

// Read refreshes a resource.
func (d *Driver) Read(instance *Instance) (*Instance, *tfprotov6.Deferred, Diagnostics) {
	d.t.Helper()
	schema := d.resource(instance.TypeName)
	resp, err := d.server.ReadResource(d.ctx, &tfprotov6.ReadResourceRequest{
		TypeName: instance.TypeName, CurrentState: d.dynamic(instance.State), Private: instance.Private, CurrentIdentity: instance.Identity,
		ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: d.DeferralAllowed},
	})
	d.noError("ReadResource", err)
	diags := Diagnostics(resp.Diagnostics)
	d.checkDeferral(resp.Deferred)
	after := &Instance{TypeName: instance.TypeName, State: d.value(schema, resp.NewState), Private: resp.Private, Identity: resp.NewIdentity}
	if !after.State.IsFullyKnown() {
		d.t.Errorf("after the read the state is not known: %v", unknowns(after.State))
	}
	d.hold(checkWriteOnly(schema, after.State), "read")
	return after, resp.Deferred, diags
}

// MustRead is Read that must have nothing to say.
func (d *Driver) MustRead(instance *Instance) *Instance {
	d.t.Helper()
	after, deferred, diags := d.Read(instance)
	if len(diags) > 0 || deferred != nil {
		d.t.Fatalf("read: deferred %v, %s", deferred, diags)
	}
	return after
}

// Import imports by id.
func (d *Driver) Import(typeName, id string) (*Instance, *tfprotov6.Deferred, Diagnostics) {
	d.t.Helper()
	return d.importResource(&tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id})
}

// ImportIdentity imports by identity.
func (d *Driver) ImportIdentity(typeName string, identity Values) (*Instance, *tfprotov6.Deferred, Diagnostics) {
	d.t.Helper()
	value, err := Build(d.identities[typeName].ValueType(), identity)
	d.noError("build the identity", err)
	return d.importResource(&tfprotov6.ImportResourceStateRequest{TypeName: typeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: d.dynamic(value)}})
}

// MustImport imports by id and reads, as a CLI does, and must have nothing to say.
func (d *Driver) MustImport(typeName, id string) *Instance {
	d.t.Helper()
	imported, _, diags := d.Import(typeName, id)
	if len(diags) > 0 {
		d.t.Fatalf("import %q: %s", id, diags)
	}
	return d.MustRead(imported)
}

func (d *Driver) importResource(req *tfprotov6.ImportResourceStateRequest) (*Instance, *tfprotov6.Deferred, Diagnostics) {
	d.t.Helper()
	req.ClientCapabilities = &tfprotov6.ImportResourceStateClientCapabilities{DeferralAllowed: d.DeferralAllowed}
	resp, err := d.server.ImportResourceState(d.ctx, req)
	d.noError("ImportResourceState", err)
	diags := Diagnostics(resp.Diagnostics)
	d.checkDeferral(resp.Deferred)
	switch {
	case diags.HasErrors():
		if len(resp.ImportedResources) > 0 {
			d.t.Errorf("an import that failed imported %d resources", len(resp.ImportedResources))
		}
		return nil, resp.Deferred, diags
	case len(resp.ImportedResources) != 1:
		d.t.Fatalf("an import imported %d resources", len(resp.ImportedResources))
	}
	one := resp.ImportedResources[0]
	imported := &Instance{TypeName: one.TypeName, State: d.value(d.resource(one.TypeName), one.State), Private: one.Private, Identity: one.Identity}
	if resp.Deferred == nil && imported.Identity == nil {
		d.t.Error("an import gave no identity")
	}
	return imported, resp.Deferred, diags
}

// Upgrade reads state that an earlier version wrote, as the JSON of a state file.
func (d *Driver) Upgrade(typeName string, version int64, json string) (*Instance, Diagnostics) {
	d.t.Helper()
	resp, err := d.server.UpgradeResourceState(d.ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: typeName, Version: version, RawState: &tfprotov6.RawState{JSON: []byte(json)},
	})
	d.noError("UpgradeResourceState", err)
	diags := Diagnostics(resp.Diagnostics)
	if diags.HasErrors() {
		return nil, diags
	}
	return &Instance{TypeName: typeName, State: d.value(d.resource(typeName), resp.UpgradedState)}, diags
}

// MustBeSettled refreshes and plans in a walk of its own: there must be nothing to do and nothing to say.
func (d *Driver) MustBeSettled(made *Instance, config Values) {
	d.t.Helper()
	d.NextWalk()
	now := d.MustRead(made)
	if !now.State.Equal(made.State) {
		d.t.Errorf("a refresh changes the state\nfrom %v\nto   %v", made.Values(), now.Values())
	}
	if plan := d.MustPlan(made.TypeName, now, config); !plan.Empty() || len(plan.Diagnostics) > 0 {
		d.t.Errorf("there is something left to do: %v\n%s", plan.Values(), plan.Diagnostics)
	}
}
