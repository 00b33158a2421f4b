package protocol

import (
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The rules that a CLI holds a provider to, in the part that matters to schemas made of attributes: what may differ between configuration, prior state
// and plan, and between plan and new state. A CLI reports a break as a bug in the provider, and after an apply it taints the resource.

// proposedNew is the state that a CLI proposes to a provider: what is configured, and for what the provider decides what was there before.
func proposedNew(schema *tfprotov6.Schema, prior, config tftypes.Value) tftypes.Value {
	return tftypes.NewValue(schema.ValueType(), proposedAttributes(schema.Block.Attributes, attributesOf(prior), attributesOf(config)))
}

func proposedAttributes(attributes []*tfprotov6.SchemaAttribute, prior, config map[string]tftypes.Value) map[string]tftypes.Value {
	out := make(map[string]tftypes.Value, len(attributes))
	for _, attribute := range attributes {
		name, null := attribute.Name, tftypes.NewValue(attribute.ValueType(), nil)
		was, ok := prior[name]
		if !ok {
			was = null
		}
		configured := config[name]
		switch {
		case attribute.WriteOnly:
			out[name] = null
		case attribute.Computed && configured.IsNull() && !mustHaveBeenConfigured(attribute, was):
			out[name] = was
		case attribute.NestedType != nil && attribute.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle && configured.IsKnown() && !configured.IsNull():
			out[name] = tftypes.NewValue(attribute.ValueType(), proposedAttributes(attribute.NestedType.Attributes, attributesOf(was), attributesOf(configured)))
		default:
			out[name] = configured
		}
	}
	return out
}

// mustHaveBeenConfigured tells whether a prior object holds something that only a configuration can have put there, so that leaving the object out now
// removes it.
func mustHaveBeenConfigured(attribute *tfprotov6.SchemaAttribute, prior tftypes.Value) bool {
	if !attribute.Optional || attribute.NestedType == nil {
		return false
	}
	values := attributesOf(prior)
	return slices.ContainsFunc(attribute.NestedType.Attributes, func(inner *tfprotov6.SchemaAttribute) bool {
		value, ok := values[inner.Name]
		return ok && !inner.Computed && !value.IsNull()
	})
}

// checkPlanned gives the rules that a plan breaks.
func checkPlanned(schema *tfprotov6.Schema, prior, config, planned tftypes.Value) []string {
	switch {
	case config.IsNull() && planned.IsNull():
		return nil
	case config.IsNull() != planned.IsNull():
		return []string{fmt.Sprintf("the configuration is %s, but the plan is %s", config, planned)}
	}
	return append(plannedAttributes(schema.Block.Attributes, "", prior, config, planned), checkWriteOnly(schema, planned)...)
}

func plannedAttributes(attributes []*tfprotov6.SchemaAttribute, at string, prior, config, planned tftypes.Value) []string {
	var broken []string
	was, configured, will := attributesOf(prior), attributesOf(config), attributesOf(planned)
	for _, attribute := range attributes {
		before, ok := was[attribute.Name]
		if !ok {
			before = tftypes.NewValue(attribute.ValueType(), nil)
		}
		broken = append(broken, plannedAttribute(attribute, join(at, attribute.Name), before, configured[attribute.Name], will[attribute.Name])...)
	}
	return broken
}

func plannedAttribute(attribute *tfprotov6.SchemaAttribute, at string, prior, config, planned tftypes.Value) []string {
	switch {
	case attribute.WriteOnly, planned.Equal(config):
		return nil
	case planned.Equal(prior) && !prior.IsNull() && !config.IsNull():
		return nil // what was there in other words
	case attribute.Computed && config.IsNull():
		return nil
	case attribute.NestedType != nil && config.IsKnown() && !config.IsNull() && planned.IsKnown() && !planned.IsNull():
		return plannedAttributes(attribute.NestedType.Attributes, at, prior, config, planned)
	}
	return []string{fmt.Sprintf("%s is configured as %s and was %s, but is planned as %s", at, config, prior, planned)}
}

// CheckApplied gives the places where a new state does not say what the plan said.
func CheckApplied(planned, state tftypes.Value) []string { return appliedValue("", planned, state) }

func appliedValue(at string, planned, state tftypes.Value) []string {
	different := []string{fmt.Sprintf("%s was planned as %s, but is %s", at, planned, state)}
	switch {
	case !planned.IsKnown():
		return nil
	case planned.IsNull() != state.IsNull():
		return different
	case planned.Type().Is(tftypes.Object{}) && !planned.IsNull():
		var broken []string
		now := attributesOf(state)
		for name, value := range attributesOf(planned) {
			broken = append(broken, appliedValue(join(at, name), value, now[name])...)
		}
		slices.Sort(broken)
		return broken
	case planned.IsFullyKnown() && !planned.Equal(state):
		return different
	case !planned.IsFullyKnown():
		return appliedList(at, planned, state, different)
	}
	return nil
}

// appliedList compares a list of which some elements were not known.
func appliedList(at string, planned, state tftypes.Value, different []string) []string {
	var want, got []tftypes.Value
	if planned.As(&want) != nil || state.As(&got) != nil || len(want) != len(got) {
		return different
	}
	var broken []string
	for i := range want {
		broken = append(broken, appliedValue(fmt.Sprintf("%s.%d", at, i), want[i], got[i])...)
	}
	return broken
}

// checkWriteOnly gives the write-only values that were kept.
func checkWriteOnly(schema *tfprotov6.Schema, value tftypes.Value) []string {
	return keptSecrets(schema.Block.Attributes, "", value)
}

func keptSecrets(attributes []*tfprotov6.SchemaAttribute, at string, value tftypes.Value) []string {
	var broken []string
	values := attributesOf(value)
	for _, attribute := range attributes {
		inner, ok := values[attribute.Name]
		switch {
		case !ok:
		case attribute.WriteOnly && !inner.IsNull():
			broken = append(broken, join(at, attribute.Name)+" is write-only, but is kept")
		case attribute.NestedType != nil && attribute.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle:
			broken = append(broken, keptSecrets(attribute.NestedType.Attributes, join(at, attribute.Name), inner)...)
		}
	}
	return broken
}

// attributesOf are the attributes of an object; none where it is null or unknown.
func attributesOf(object tftypes.Value) map[string]tftypes.Value {
	var out map[string]tftypes.Value
	if !object.IsKnown() || object.IsNull() || object.As(&out) != nil {
		return nil
	}
	return out
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
