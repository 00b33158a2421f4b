package protocol

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Invocation is what an action said while it ran, and at its end.
type Invocation struct {
	// Progress are the messages of its progress events, in their order.
	Progress []string
	// Completed tells whether its last event came; false where the test went away before.
	Completed bool
	// Diagnostics came with the last event.
	Diagnostics Diagnostics
}

// ValidateAction checks an action block.
func (d *Driver) ValidateAction(typeName string, config Values) Diagnostics {
	d.t.Helper()
	resp, err := d.actions().ValidateActionConfig(d.ctx, &tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: d.actionConfig(typeName, config)})
	d.noError("ValidateActionConfig", err)
	return resp.Diagnostics
}

// PlanAction plans an action, which may have values that are not known yet.
func (d *Driver) PlanAction(typeName string, config Values) (*tfprotov6.Deferred, Diagnostics) {
	d.t.Helper()
	resp, err := d.actions().PlanAction(d.ctx, &tfprotov6.PlanActionRequest{
		ActionType: typeName, Config: d.actionConfig(typeName, config),
		ClientCapabilities: &tfprotov6.PlanActionClientCapabilities{DeferralAllowed: d.DeferralAllowed},
	})
	d.noError("PlanAction", err)
	d.checkDeferral(resp.Deferred)
	return resp.Deferred, resp.Diagnostics
}

// Invoke invokes an action and waits for its end.
func (d *Driver) Invoke(typeName string, config Values) Invocation {
	d.t.Helper()
	return d.InvokeWhile(typeName, config, func(string) bool { return true })
}

// InvokeWhile invokes an action, and calls more with each message of its progress while it runs. Where that is false the test goes away, as a CLI that is
// killed does.
func (d *Driver) InvokeWhile(typeName string, config Values, more func(message string) bool) Invocation {
	d.t.Helper()
	stream, err := d.actions().InvokeAction(d.ctx, &tfprotov6.InvokeActionRequest{
		ActionType: typeName, Config: d.actionConfig(typeName, config), ClientCapabilities: &tfprotov6.InvokeActionClientCapabilities{},
	})
	d.noError("InvokeAction", err)
	var out Invocation
	for event := range stream.Events {
		if out.Completed {
			d.t.Errorf("an event came after the last one: %+v", event.Type)
		}
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			out.Progress = append(out.Progress, event.Message)
			if !more(event.Message) {
				return out
			}
		case tfprotov6.CompletedInvokeActionEventType:
			out.Completed, out.Diagnostics = true, event.Diagnostics
		default:
			d.t.Fatalf("an event of an unknown sort: %T", event)
		}
	}
	if !out.Completed {
		d.t.Error("the action ended without its last event")
	}
	return out
}

// PlanAndInvoke validates and plans an action, plans it again and invokes it, as a CLI does: in a walk to plan and in one to apply, and begins another
// one for what comes after. A plan with errors fails the test.
func (d *Driver) PlanAndInvoke(typeName string, config Values) Invocation {
	d.t.Helper()
	d.NextWalk()
	d.mustPlanAction(typeName, config)
	d.NextWalk()
	d.mustPlanAction(typeName, config)
	out := d.Invoke(typeName, config)
	d.NextWalk()
	return out
}

// MustInvoke is PlanAndInvoke without errors.
func (d *Driver) MustInvoke(typeName string, config Values) Invocation {
	d.t.Helper()
	out := d.PlanAndInvoke(typeName, config)
	if out.Diagnostics.HasErrors() {
		d.t.Fatalf("invoke %s: %s", typeName, out.Diagnostics)
	}
	return out
}

func (d *Driver) mustPlanAction(typeName string, config Values) {
	d.t.Helper()
	if diags := d.ValidateAction(typeName, config); diags.HasErrors() {
		d.t.Fatalf("validate %s: %s", typeName, diags)
	}
	if deferred, diags := d.PlanAction(typeName, config); diags.HasErrors() || deferred != nil {
		d.t.Fatalf("plan %s: deferred %v, %s", typeName, deferred, diags)
	}
}

// actions is the provider where it serves actions.
func (d *Driver) actions() tfprotov6.ActionServer {
	d.t.Helper()
	server, ok := d.server.(tfprotov6.ActionServer)
	if !ok {
		d.t.Fatal("the provider serves no actions")
	}
	return server
}

func (d *Driver) actionConfig(typeName string, config Values) *tfprotov6.DynamicValue {
	d.t.Helper()
	schema, ok := d.schemas.ActionSchemas[typeName]
	if !ok {
		d.t.Fatalf("the provider has no action %s", typeName)
	}
	return d.dynamic(d.build(schema.Schema, config))
}
