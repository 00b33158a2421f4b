package protocol

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// ListOptions are how a list resource is asked.
type ListOptions struct {
	// Config is its configuration.
	Config Values
	// Limit is how many results are wanted; 0 for all.
	Limit int64
	// IncludeResource asks for whole resources, not identities alone.
	IncludeResource bool
}

// Listed is one result of a list resource.
type Listed struct {
	// Name is for a reader.
	Name string
	// Instance has an identity, and attributes where they were asked for; nil for a result that is diagnostics alone.
	Instance *Instance
	// Diagnostics came with the result.
	Diagnostics Diagnostics
}

// ValidateList checks the configuration of a list resource.
func (d *Driver) ValidateList(typeName string, config Values) Diagnostics {
	d.t.Helper()
	resp, err := d.server.ValidateListResourceConfig(d.ctx, &tfprotov6.ValidateListResourceConfigRequest{
		TypeName: typeName, Config: d.dynamic(d.build(d.listResource(typeName), config)),
	})
	d.noError("ValidateListResourceConfig", err)
	return resp.Diagnostics
}

// List asks a list resource for everything.
func (d *Driver) List(typeName string, options ListOptions) []Listed {
	d.t.Helper()
	var out []Listed
	d.ListWhile(typeName, options, func(one Listed) bool {
		out = append(out, one)
		return true
	})
	return out
}

// ListWhile asks a list resource for results as long as more is true of them.
func (d *Driver) ListWhile(typeName string, options ListOptions, more func(Listed) bool) {
	d.t.Helper()
	stream, err := d.server.ListResource(d.ctx, &tfprotov6.ListResourceRequest{
		TypeName: typeName, Config: d.dynamic(d.build(d.listResource(typeName), options.Config)), Limit: options.Limit, IncludeResource: options.IncludeResource,
	})
	d.noError("ListResource", err)
	for result := range stream.Results {
		one := Listed{Name: result.DisplayName, Diagnostics: result.Diagnostics}
		if result.Identity != nil {
			one.Instance = &Instance{TypeName: typeName, Identity: result.Identity, State: d.null(d.resource(typeName))}
			if result.Resource != nil {
				one.Instance.State = d.value(d.resource(typeName), result.Resource)
			}
		}
		if !more(one) {
			return
		}
	}
}
