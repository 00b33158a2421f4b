package schemajson

import (
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// convert turns the two answers of the provider into the CLI's form.
func convert(
	schemas *tfprotov6.GetProviderSchemaResponse, identities *tfprotov6.GetResourceIdentitySchemasResponse,
) (*tfjson.ProviderSchema, error) {
	var (
		result tfjson.ProviderSchema
		err    error
	)
	if result.ConfigSchema, err = convertSchema(schemas.Provider); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	if result.ResourceSchemas, err = convertEach(schemas.ResourceSchemas, convertSchema); err != nil {
		return nil, fmt.Errorf("resource %w", err)
	}
	if result.DataSourceSchemas, err = convertEach(schemas.DataSourceSchemas, convertSchema); err != nil {
		return nil, fmt.Errorf("data source %w", err)
	}
	if result.EphemeralResourceSchemas, err = convertEach(schemas.EphemeralResourceSchemas, convertSchema); err != nil {
		return nil, fmt.Errorf("ephemeral resource %w", err)
	}
	if result.ListResourceSchemas, err = convertEach(schemas.ListResourceSchemas, convertSchema); err != nil {
		return nil, fmt.Errorf("list resource %w", err)
	}
	if result.ActionSchemas, err = convertEach(schemas.ActionSchemas, convertAction); err != nil {
		return nil, fmt.Errorf("action %w", err)
	}
	if result.Functions, err = convertEach(schemas.Functions, convertFunction); err != nil {
		return nil, fmt.Errorf("function %w", err)
	}
	if result.ResourceIdentitySchemas, err = convertEach(identities.IdentitySchemas, convertIdentity); err != nil {
		return nil, fmt.Errorf("identity of %w", err)
	}

	return &result, nil
}

// convertEach converts every value of a map and names the one that failed.
func convertEach[From, To any](from map[string]From, convert func(From) (To, error)) (map[string]To, error) {
	if len(from) == 0 {
		return nil, nil //nolint:nilnil // A nil map is an empty one, and is left out of the JSON.
	}
	to := make(map[string]To, len(from))
	for name, value := range from {
		converted, err := convert(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		to[name] = converted
	}

	return to, nil
}

func convertSchema(schema *tfprotov6.Schema) (*tfjson.Schema, error) {
	if schema == nil {
		return &tfjson.Schema{}, nil
	}
	block, err := convertBlock(schema.Block)
	if err != nil {
		return nil, err
	}

	return &tfjson.Schema{Version: uint64(max(schema.Version, 0)), Block: block}, nil
}

func convertAction(action *tfprotov6.ActionSchema) (*tfjson.ActionSchema, error) {
	schema, err := convertSchema(action.Schema)
	if err != nil {
		return nil, err
	}

	return &tfjson.ActionSchema{Block: schema.Block}, nil
}

func convertBlock(block *tfprotov6.SchemaBlock) (*tfjson.SchemaBlock, error) {
	if block == nil {
		return &tfjson.SchemaBlock{DescriptionKind: tfjson.SchemaDescriptionKindPlain}, nil
	}
	attributes, err := convertAttributes(block.Attributes)
	if err != nil {
		return nil, err
	}
	result := &tfjson.SchemaBlock{
		Attributes:      attributes,
		Description:     block.Description,
		DescriptionKind: descriptionKind(block.DescriptionKind),
		Deprecated:      block.Deprecated,
	}
	for _, nested := range block.BlockTypes {
		inner, err := convertBlock(nested.Block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", nested.TypeName, err)
		}
		mode, ok := blockNestingModes[nested.Nesting]
		if !ok {
			return nil, fmt.Errorf("%s: unknown block nesting %v", nested.TypeName, nested.Nesting)
		}
		if result.NestedBlocks == nil {
			result.NestedBlocks = make(map[string]*tfjson.SchemaBlockType, len(block.BlockTypes))
		}
		result.NestedBlocks[nested.TypeName] = &tfjson.SchemaBlockType{
			NestingMode: mode,
			Block:       inner,
			MinItems:    uint64(max(nested.MinItems, 0)),
			MaxItems:    uint64(max(nested.MaxItems, 0)),
		}
	}

	return result, nil
}

func convertAttributes(attributes []*tfprotov6.SchemaAttribute) (map[string]*tfjson.SchemaAttribute, error) {
	byName := make(map[string]*tfprotov6.SchemaAttribute, len(attributes))
	for _, attribute := range attributes {
		byName[attribute.Name] = attribute
	}

	return convertEach(byName, convertAttribute)
}

func convertAttribute(attribute *tfprotov6.SchemaAttribute) (*tfjson.SchemaAttribute, error) {
	result := &tfjson.SchemaAttribute{
		Description:     attribute.Description,
		DescriptionKind: descriptionKind(attribute.DescriptionKind),
		Deprecated:      attribute.Deprecated,
		Required:        attribute.Required,
		Optional:        attribute.Optional,
		Computed:        attribute.Computed,
		Sensitive:       attribute.Sensitive,
		WriteOnly:       attribute.WriteOnly,
	}
	if attribute.NestedType == nil {
		var err error
		result.AttributeType, err = ctyType(attribute.Type)

		return result, err
	}

	mode, ok := objectNestingModes[attribute.NestedType.Nesting]
	if !ok {
		return nil, fmt.Errorf("unknown attribute nesting %v", attribute.NestedType.Nesting)
	}
	attributes, err := convertAttributes(attribute.NestedType.Attributes)
	if err != nil {
		return nil, err
	}
	result.AttributeNestedType = &tfjson.SchemaNestedAttributeType{Attributes: attributes, NestingMode: mode}

	return result, nil
}

func convertIdentity(identity *tfprotov6.ResourceIdentitySchema) (*tfjson.IdentitySchema, error) {
	result := &tfjson.IdentitySchema{
		Version:    uint64(max(identity.Version, 0)),
		Attributes: make(map[string]*tfjson.IdentityAttribute, len(identity.IdentityAttributes)),
	}
	for _, attribute := range identity.IdentityAttributes {
		converted, err := ctyType(attribute.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute.Name, err)
		}
		result.Attributes[attribute.Name] = &tfjson.IdentityAttribute{
			IdentityType:      converted,
			Description:       attribute.Description,
			RequiredForImport: attribute.RequiredForImport,
			OptionalForImport: attribute.OptionalForImport,
		}
	}

	return result, nil
}

func convertFunction(function *tfprotov6.Function) (*tfjson.FunctionSignature, error) {
	returnType, err := ctyType(function.Return.Type)
	if err != nil {
		return nil, fmt.Errorf("its result: %w", err)
	}
	result := &tfjson.FunctionSignature{
		Description:        function.Description,
		Summary:            function.Summary,
		DeprecationMessage: function.DeprecationMessage,
		ReturnType:         returnType,
	}
	for _, parameter := range function.Parameters {
		converted, err := convertParameter(parameter)
		if err != nil {
			return nil, err
		}
		result.Parameters = append(result.Parameters, converted)
	}
	if function.VariadicParameter != nil {
		result.VariadicParameter, err = convertParameter(function.VariadicParameter)
	}

	return result, err
}

func convertParameter(parameter *tfprotov6.FunctionParameter) (*tfjson.FunctionParameter, error) {
	converted, err := ctyType(parameter.Type)
	if err != nil {
		return nil, fmt.Errorf("parameter %s: %w", parameter.Name, err)
	}

	return &tfjson.FunctionParameter{
		Name:        parameter.Name,
		Description: parameter.Description,
		IsNullable:  parameter.AllowNullValue,
		Type:        converted,
	}, nil
}

var blockNestingModes = map[tfprotov6.SchemaNestedBlockNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaNestedBlockNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaNestedBlockNestingModeGroup:  tfjson.SchemaNestingModeGroup,
	tfprotov6.SchemaNestedBlockNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaNestedBlockNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaNestedBlockNestingModeMap:    tfjson.SchemaNestingModeMap,
}

var objectNestingModes = map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
}

// descriptionKind names the kind as the CLI does, which spells out "plain" even where there is no description.
func descriptionKind(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}

	return tfjson.SchemaDescriptionKindPlain
}

// ctyType goes through JSON, the one form in which the protocol's type system and the CLI's agree.
func ctyType(protocol tftypes.Type) (cty.Type, error) {
	if protocol == nil {
		return cty.NilType, fmt.Errorf("it has no type")
	}
	encoded, err := protocol.MarshalJSON() //nolint:staticcheck // Marked as internal to the protocol, and exactly that form is wanted here.
	if err != nil {
		return cty.NilType, fmt.Errorf("encode the type %s: %w", protocol, err)
	}
	decoded, err := ctyjson.UnmarshalType(encoded)
	if err != nil {
		return cty.NilType, fmt.Errorf("decode the type %s: %w", protocol, err)
	}

	return decoded, nil
}
